//! Shapes that published parsers have: what compiles there without the
//! attribute compiles with it, without a warning.

#![deny(warnings)]

use std::cell::Cell;

use prober::probed;
use prober_tests::{Vmi, faults, none};

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

#[test]
fn shapes_of_parsers() {
    let vmi = Vmi::default();
    assert_eq!(heads(&vmi, &none()).ok(), Some(vec![1, 2, 3, 4, 5]));
    assert_eq!(faults(heads(&Vmi::with(&[2]), &none())), [2]);
    assert_eq!(parts(&vmi, &none()).ok(), Some(3));
    assert_eq!(faults(parts(&Vmi::with(&[0, 1]), &none())), [0, 1]);
    assert_eq!(blocks_of_features(&vmi, true, &none()).ok(), Some(1));
    assert_eq!(
        faults(blocks_of_features(&Vmi::with(&[3]), false, &none())),
        [3]
    );

    let mut seen = Vec::new();
    let each = |number| {
        seen.push(number);
        Ok(())
    };
    assert_eq!(endless(&vmi, each, &none()).ok(), Some(6));
    assert_eq!(seen, [0, 2, 4, 6]);
}
