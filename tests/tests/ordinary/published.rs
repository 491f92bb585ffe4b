//! Shapes that published parsers have: what compiles there without the
//! attribute compiles with it, without a warning.

#![deny(warnings)]

use std::{cell::Cell, collections::BTreeMap, sync::OnceLock};

use prober::{ProbeError, probed};
use prober_tests::{Vmi, faults, none};
use vmi_core::VmiError;

/// A stream of numbers in the guest, each on a page of its own.
struct Input<'v> {
    vmi: &'v Vmi,
    position: Cell<u64>,
}

impl<'v> Input<'v> {
    fn new(vmi: &'v Vmi) -> Self {
        Self {
            vmi,
            position: Cell::new(0),
        }
    }

    fn is_empty(&self) -> bool {
        self.position.get() >= 8
    }

    fn parse<T: Parse>(&self) -> prober::Result<T> {
        let position = self.position.get();
        self.position.set(position + 1);
        Ok(T::parse(self.vmi.read_u64(position)?))
    }
}

trait Parse {
    fn parse(number: u64) -> Self;
}

impl Parse for u64 {
    fn parse(number: u64) -> Self {
        number
    }
}

impl<T: Parse> Parse for Option<T> {
    fn parse(number: u64) -> Self {
        (number < 5).then(|| T::parse(number))
    }
}

impl<T: Parse> Parse for Vec<T> {
    fn parse(number: u64) -> Self {
        vec![T::parse(number)]
    }
}

impl<T: Parse, U: Parse> Parse for (T, U) {
    fn parse(number: u64) -> Self {
        (T::parse(number), U::parse(number))
    }
}

/// Only a branch tells the types of what its head binds.
#[probed]
fn heads(vmi: &Vmi) -> prober::Result<Vec<u64>> {
    let input = Input::new(vmi);
    let mut all = Vec::new();
    let first: u64 = input.parse()?;
    while let semi @ Some(_) = input.parse()? {
        all.push(semi.unwrap_or(9));
        if all.len() > 1 {
            break;
        }
    }
    if let Some(found) = input.parse()? {
        all.push(found);
    }
    match input.parse()? {
        Some(found) => all.push(found),
        None => all.push(first),
    }
    for found in input.parse::<Vec<_>>()? {
        all.push(found);
    }
    if first < 1
        && let Some(found) = input.parse()?
    {
        all.push(found);
    }
    Ok(all)
}

/// Only what is done with its parts tells the type of what a `let` takes apart.
#[probed]
fn parts(vmi: &Vmi) -> prober::Result<u64> {
    let input = Input::new(vmi);
    let first: u64 = input.parse()?;
    let (left, rest) = input.parse::<(_, Option<_>)>()?;
    let second: u64 = input.parse()?;
    Ok(u64::max(left, second) + rest.unwrap_or(first))
}

/// A loop that only `return` leaves, behind a parameter that is bound anew.
#[probed]
fn endless(vmi: &Vmi, mut each: impl FnMut(u64) -> prober::Result<()>) -> prober::Result<u64> {
    let input = Input::new(vmi);
    loop {
        let number = input.parse()?;
        each(number)?;
        if input.is_empty() {
            return Ok(number);
        }
        input.parse::<u64>()?;
        if input.is_empty() {
            return Ok(number);
        }
    }
}

/// One of two blocks is there, and each leaves.
#[probed]
fn blocks_of_features(vmi: &Vmi, wide: bool) -> prober::Result<u64> {
    if wide {
        #[cfg(test)]
        {
            let number: u64 = vmi.read_u64(1)?;
            return Ok(number);
        }

        #[cfg(not(test))]
        {
            vmi.read_u64(2)?;
            return Ok(0);
        }
    }
    let number = vmi.read_u64(3)?;
    Ok(number)
}

/// The body of a loop ends with a question about a `match`.
#[probed]
fn options(vmi: &Vmi, words: &[u64]) -> prober::Result<(u64, Vec<u64>)> {
    let name = vmi.read_u64(0)?;
    let mut login = None;
    let mut roles = Vec::new();
    for word in words {
        match word {
            1 => {
                if login.is_some() {
                    Err(VmiError::NotSupported)
                } else {
                    login = Some(vmi.read_u64(1)?);
                    Ok(())
                }
            }
            2 => {
                roles.push(vmi.read_u64(2)?);
                Ok(())
            }
            _ => break,
        }?
    }
    Ok((login.unwrap_or(name), roles))
}

/// Each branch of the last statement of a loop leaves.
#[probed]
fn exports(vmi: &Vmi) -> prober::Result<(u64, u64)> {
    let length = vmi.read_u64(3)?;
    for offset in 0..length {
        let byte = vmi.read_u64(offset)?;
        if byte == 1 {
            let library = vmi.read_u64(4)?;
            if offset + 1 == length {
                break;
            }
            if library == 4 {
                let ordinal = vmi.read_u64(5)?;
                return Ok((library, ordinal));
            }
            let rest = vmi.read_u64(6)?;
            if rest > 5 {
                let name = vmi.read_u64(7)?;
                return Ok((library, name));
            } else {
                return Ok((library, 0));
            }
        }
    }
    Err(VmiError::NotSupported.into())
}

/// Each branch leaves, and asks before.
#[allow(clippy::needless_return, reason = "the shape under test")]
#[probed]
fn branches(vmi: &Vmi, out: &mut Vec<u64>) -> prober::Result<u64> {
    out.push(0);
    let kind = vmi.read_u64(1)?;
    if kind > 3 {
        let wide = vmi.read_u64(2)?;
        out.push(kind);
        return Ok(wide);
    } else {
        let narrow = vmi.read_u64(3)?;
        return Ok(narrow);
    }
}

/// A block that is left out gives no variable its value.
#[probed]
fn left_out(vmi: &Vmi) -> prober::Result<u64> {
    let first = vmi.read_u64(0)?;
    let last;
    #[cfg(not(test))]
    {
        last = vmi.read_u64(first)?;
    }
    #[cfg(test)]
    {
        last = vmi.read_u64(first + 1)?;
    }
    let next = vmi.read_u64(2)?;
    Ok(last + next)
}

/// Only code behind a method tells the type of what it takes out.
#[probed]
fn taken_out(vmi: &Vmi, addresses: &[u64]) -> prober::Result<u32> {
    let once = OnceLock::new();
    let first = vmi.read_u64(0)?;
    let (mut last, mut stack, mut names) = (None, Vec::new(), BTreeMap::new());
    for &address in addresses {
        let id = last.take().unwrap_or_else(|| u32::from(first < 1));
        let known = once.get().copied().unwrap_or(9);
        let top = stack.pop().unwrap_or(1);
        let name = names.remove(&address).unwrap_or_default();
        let value = vmi.read_u64(address)?;
        last = Some(id + u32::from(value > 1));
        stack.push(top + 1_u8);
        names.insert(value, u16::max(name, 3));
        let _ = once.set(u8::max(known, 4));
    }
    Ok(last.unwrap_or(3))
}

type Writer<'a> = Box<dyn FnOnce(String) -> prober::Result<String> + 'a>;

/// What a closure is handed to tells the types of its parameters.
#[probed]
fn writer(vmi: &Vmi, method: u64) -> prober::Result<Writer<'_>> {
    match method {
        1 => {
            let level = vmi.read_u64(1).map_err(ProbeError::from)?;
            Ok(Box::new(move |mut text| {
                let end = vmi.read_u64(level).map_err(ProbeError::from)?;
                text.push(char::from(b'0' + u8::try_from(end).unwrap_or(9)));
                Ok(text)
            }))
        }
        _ => Err(VmiError::NotSupported.into()),
    }
}

/// The same of a closure that is lent to a statement.
#[probed]
fn lent(vmi: &Vmi, out: &mut Vec<u64>) -> prober::Result<()> {
    fn put<F: Fn(&mut Vec<u64>, u64) -> prober::Result<()>>(
        out: &mut Vec<u64>,
        f: &F,
    ) -> prober::Result<()> {
        f(out, 7)
    }
    let first = vmi.read_u64(0)?;
    put(out, &|out, more| {
        out.push(vmi.read_u64(first + more)?);
        Ok(())
    })?;
    Ok(())
}

/// The arms of a copy use what their patterns bind.
#[probed]
fn arms(vmi: &Vmi, root: Option<(&[u64], u64)>, out: &mut Vec<u64>) -> prober::Result<()> {
    let parts = vec![vmi.read_u64(0)?, vmi.read_u64(1)?];
    let parts = match root {
        Some((start, base)) => match parts.strip_prefix(start) {
            Some(parts) => parts,
            None => {
                out.push(vmi.read_u64(base)?);
                &parts[..]
            }
        },
        None => &parts[..],
    };
    for part in parts {
        out.push(vmi.read_u64(*part)?);
    }
    Ok(())
}

/// What a closure gives is told where it is called, and not each call is copied.
#[probed]
fn errors(vmi: &Vmi, length: u64) -> prober::Result<u64> {
    let error = || VmiError::NotSupported.into();
    let first = vmi.read_u64(0)?;
    if length > 4 {
        return Err(error());
    }
    let second = Some(length).filter(|length| *length > 1).ok_or(error())?;
    let third = vmi.read_u64(second)?;
    Ok(first + third)
}

#[derive(Clone, Copy)]
enum State<T: Copy> {
    Closed,
    Waiting,
    Open(T),
}

/// A name in a pattern may be a variant, whose type its scrutinee tells.
#[allow(non_snake_case, reason = "the shape under test")]
#[probed]
fn variants<T: Copy + Into<u64>>(vmi: &Vmi, state: State<T>) -> prober::Result<u64> {
    use State::{Closed, Open, Waiting};

    let First = vmi.read_u64(1)?;
    if let Closed = state {
        return Ok(First);
    }
    match state {
        Closed if First > 1 => vmi.read_u64(3),
        Closed | Waiting => vmi.read_u64(2),
        Open(at) => vmi.read_u64(at.into()),
    }
    .map_err(ProbeError::from)
}

/// The same in the arms of a statement, of which a search leaves what they ask.
#[probed]
fn steps<T: Copy + Into<u64>>(
    vmi: &Vmi,
    state: State<T>,
    out: &mut Vec<u64>,
) -> prober::Result<u64> {
    use State::{Closed, Open, Waiting};

    out.push(0);
    match vmi.read_u64(1)? {
        0 => {}
        number if number > 8 => out.push(vmi.read_u64(8)?),
        number => {
            let next = vmi.read_u64(2)?;
            out.push(number + next);
        }
    }
    match state {
        Closed | Waiting if vmi.read_u64(3)? > 8 => out.push(vmi.read_u64(9)?),
        Closed | Waiting => out.push(vmi.read_u64(4)?),
        Open(at) => out.push(vmi.read_u64(at.into())?),
    }
    let last = vmi.read_u64(5)?;
    out.push(last);
    Ok(last)
}

#[test]
fn types_that_are_told_later() {
    let vmi = Vmi::default();
    assert_eq!(heads(&vmi, &none()).ok(), Some(vec![1, 2, 3, 4, 5]));
    assert_eq!(faults(heads(&Vmi::with(&[2]), &none())), [2]);
    assert_eq!(parts(&vmi, &none()).ok(), Some(3));
    assert_eq!(faults(parts(&Vmi::with(&[0, 1]), &none())), [0, 1]);
    assert_eq!(taken_out(&vmi, &[1, 2, 3], &none()).ok(), Some(3));
    let missing = Vmi::with(&[0, 2]);
    assert_eq!(faults(taken_out(&missing, &[2], &none())), [0, 2]);
    assert_eq!(errors(&vmi, 3, &none()).ok(), Some(3));
    assert_eq!(faults(errors(&Vmi::with(&[0]), 3, &none())), [0]);
}

#[test]
fn exits() {
    let vmi = Vmi::default();
    let words = [2, 1, 2, 3, 4];
    let found = options(&vmi, &words, &none());
    assert_eq!(found.ok(), Some((1, vec![2, 2])));
    assert!(options(&vmi, &[1, 1], &none()).is_err());
    assert_eq!(faults(options(&Vmi::with(&[0, 1]), &[1], &none())), [0, 1]);
    assert_eq!(exports(&vmi, &none()).ok(), Some((4, 5)));
    assert_eq!(faults(exports(&Vmi::with(&[3]), &none())), [3]);
    let mut out = Vec::new();
    assert_eq!(branches(&vmi, &mut out, &none()).ok(), Some(3));
    assert_eq!(faults(branches(&Vmi::with(&[3]), &mut out, &none())), [3]);
    assert_eq!(out, [0, 0]);

    let mut seen = Vec::new();
    let each = |number| {
        seen.push(number);
        Ok(())
    };
    assert_eq!(endless(&vmi, each, &none()).ok(), Some(6));
    assert_eq!(seen, [0, 2, 4, 6]);
}

#[test]
fn blocks_that_may_be_left_out() {
    let vmi = Vmi::default();
    assert_eq!(blocks_of_features(&vmi, true, &none()).ok(), Some(1));
    let missing = Vmi::with(&[3]);
    assert_eq!(faults(blocks_of_features(&missing, false, &none())), [3]);
    assert_eq!(left_out(&vmi, &none()).ok(), Some(3));
    assert_eq!(faults(left_out(&Vmi::with(&[1, 2]), &none())), [1, 2]);
}

#[test]
fn closures() {
    let vmi = Vmi::default();
    let text = writer(&vmi, 1, &none()).and_then(|write| write("a".to_owned()));
    assert_eq!(text.ok().as_deref(), Some("a1"));
    let mut out = Vec::new();
    assert!(lent(&vmi, &mut out, &none()).is_ok());
    assert_eq!(out, [7]);
    assert_eq!(faults(lent(&Vmi::with(&[0]), &mut out, &none())), [0]);
    assert_eq!(faults(lent(&Vmi::with(&[7]), &mut out, &none())), [7]);
    assert_eq!(out, [7]);
}

#[test]
fn patterns() {
    let vmi = Vmi::default();
    let mut out = Vec::new();
    assert!(arms(&vmi, Some((&[0], 9)), &mut out, &none()).is_ok());
    assert_eq!(out, [1]);
    let missing = Vmi::with(&[0, 1]);
    assert_eq!(faults(arms(&missing, None, &mut out, &none())), [0, 1]);
    assert_eq!(out, [1]);
    assert_eq!(variants(&vmi, State::Open(8_u32), &none()).ok(), Some(8));
    assert_eq!(variants(&vmi, State::<u32>::Closed, &none()).ok(), Some(1));
    let missing = Vmi::with(&[1]);
    let found = variants(&missing, State::Open(8_u32), &none());
    assert_eq!(faults(found), [1]);
    let found = variants(&vmi, State::<u32>::Waiting, &none());
    assert_eq!(found.ok(), Some(2));
    let mut out = Vec::new();
    assert!(steps(&vmi, State::<u32>::Waiting, &mut out, &none()).is_ok());
    assert_eq!(out, [0, 3, 4, 5]);
    let missing = Vmi::with(&[1, 3, 5]);
    let found = steps(&missing, State::<u32>::Closed, &mut out, &none());
    assert_eq!(faults(found), [1, 3, 5]);
}
