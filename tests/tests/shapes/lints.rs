//! Ordinary shapes, none of which may warn, and the warnings that must stay.
#![deny(warnings)]
#![allow(
    clippy::needless_return,
    clippy::non_minimal_cfg,
    clippy::redundant_else
)] // Shapes under test.

use prober::{probe, probed};
use prober_tests::{Vmi, block_on, faults, none, suppress};
use vmi_core::VmiError;

#[probed(options)]
fn one(vmi: &Vmi) -> Result<Option<u64>, VmiError> {
    vmi.read_u64(1)
}

#[probed(options)]
fn two(vmi: &Vmi, v: &mut Vec<u64>) -> Result<(), VmiError> {
    if let Some(x) = vmi.read_u64(1)? {
        v.push(x);
    }
    Ok(())
}

#[probed(options)]
fn three(vmi: &Vmi) -> Result<u64, VmiError> {
    match vmi.read_u64(1)? {
        Some(x) => Ok(x),
        None => return Err(VmiError::Other("none")),
    }
}

#[probed(options)]
fn four(vmi: &Vmi) -> Result<u64, VmiError> {
    if vmi.read_u64(1)?.is_some() {
        return Ok(1);
    } else {
        return Ok(2);
    }
}

#[probed(options)]
async fn five(vmi: &Vmi, x: u64) -> Result<u64, VmiError> {
    prober_tests::tick().await;
    Ok(vmi.read_u64(x)?.unwrap_or(x))
}

#[probed(options)]
fn six(vmi: &Vmi) -> Result<u64, VmiError> {
    let (mut a, b);
    a = 1;
    b = vmi.read_u64(a)?;
    a += 1;
    Ok(a + b.unwrap_or(0))
}

/// Only a loop, which never ends of itself.
#[probed(options)]
fn seven(vmi: &Vmi, mut a: u64) -> prober::Result<u64> {
    loop {
        match vmi.read_u64(a)? {
            Some(5) => return Ok(a),
            Some(_) => a += 1,
            None => break Ok(100),
        }
    }
}

/// Only an exit.
#[probed(options)]
async fn eight(vmi: &Vmi) -> prober::Result<u64> {
    prober_tests::tick().await;
    return Ok(vmi.read_u64(1)?? + 1);
}

/// Braces, parentheses and labels that are the user's own.
#[probed(options)]
fn nine(vmi: &Vmi, p: Option<u64>) -> prober::Result<u64> {
    let a = (vmi.read_u64(1)?.unwrap_or(0) + 1) * 2;
    let b = { vmi.read_u64((p? + 1) * 2)? };
    'label: for i in 0..3 {
        for j in 0..3 {
            if vmi.read_u64(p? + i + j)? == Some(3) {
                continue 'label;
            }
            let _ = vmi.read_u64(p? + if j == 2 { break } else { j })?;
        }
    }
    let c = if let (Some(x), Some(_)) = (b, vmi.read_u64(2)?) {
        x
    } else {
        0
    };
    Ok(a + c)
}

/// Everything that a parameter can be.
#[probed(options)]
fn ten(
    vmi: &Vmi,
    mut owned: Vec<u64>,
    (first, mut second): (u64, String),
    _: String,
    _ignored: String,
    [a, ..]: [u64; 2],
    generic: impl Fn(u64) -> u64,
) -> prober::Result<(Vec<u64>, String)> {
    owned.push(generic(first) + a);
    second.push_str(&vmi.read_string(1)??);
    Ok((owned, second))
}

/// A batch of a callee, in the tail.
#[probed(options)]
fn eleven(vmi: &Vmi) -> Result<u64, VmiError> {
    let _ = probe!(three(vmi, suppressed))?;
    four(vmi, suppressed)
}

trait Twelve {
    #[probed(options)]
    fn twelve(&self, vmi: &Vmi, n: u64) -> prober::Result<u64>;
}

impl Twelve for () {
    #[probed(options)]
    fn twelve(&self, vmi: &Vmi, n: u64) -> prober::Result<u64> {
        Ok(vmi.read_u64(n)??)
    }
}

#[test]
fn ordinary_shapes() {
    let vmi = Vmi::default();
    let mut list = vec![];
    assert_eq!(one(&vmi, &none()).unwrap(), Some(1));
    two(&vmi, &mut list, &none()).unwrap();
    assert_eq!(list, [1]);
    assert_eq!(three(&vmi, &none()).unwrap(), 1);
    assert_eq!(four(&Vmi::with(&[1]), &suppress(&[1])).unwrap(), 2);
    assert_eq!(block_on(five(&vmi, 3, &none())).unwrap(), 3);
    assert_eq!(six(&vmi, &none()).unwrap(), 3);
    assert_eq!(seven(&vmi, 2, &none()).unwrap(), 5);
    assert_eq!(block_on(eight(&vmi, &none())).unwrap(), 2);
    assert_eq!(nine(&vmi, Some(0), &none()).unwrap(), 6);
    assert_eq!(faults(nine(&Vmi::with(&[1, 2]), Some(0), &none())), [1, 2]);
    let text = || "t".to_owned();
    let got = ten(
        &vmi,
        list,
        (1, text()),
        text(),
        text(),
        [1, 2],
        |x| x,
        &none(),
    );
    assert_eq!(got.unwrap(), (vec![1, 2], "t1".to_owned()));
    assert_eq!(eleven(&vmi, &none()).unwrap(), 1);
    assert_eq!(().twelve(&vmi, 12, &none()).unwrap(), 12);
}

/// Parameters that are used in the text of a format string alone.
#[probed(options)]
fn in_text(vmi: &Vmi, r#type: String, list: Vec<u64>, width: usize) -> prober::Result<String> {
    let a = vmi.read_u64(1)??;
    Ok(format!("{type} {list:?} {a:width$}"))
}

#[probed]
fn kept_in_text(vmi: &Vmi, r#type: String, list: Vec<u64>, width: usize) -> prober::Result<String> {
    let a = vmi.read_u64(1)?;
    Ok(format!("{type} {list:?} {a:width$}"))
}

/// Parameters that change, with lint levels of their own.
#[probed(options)]
fn changed(
    vmi: &Vmi,
    mut list: Vec<u64>,
    #[allow(unused_mut)] mut text: String,
    #[expect(unused_variables)] gone: String,
    #[cfg(any())] never: String,
    #[cfg(all())] always: String,
) -> prober::Result<(Vec<u64>, usize)> {
    list.push(vmi.read_u64(1)??);
    Ok((list, text.len() + always.len()))
}

#[probed]
fn kept_changed(
    vmi: &Vmi,
    mut list: Vec<u64>,
    #[allow(unused_mut)] mut text: String,
    #[expect(unused_variables)] gone: String,
    #[cfg(any())] never: String,
    #[cfg(all())] always: String,
) -> prober::Result<(Vec<u64>, usize)> {
    let a = vmi.read_u64(1)?;
    list.push(a);
    Ok((list, text.len() + always.len()))
}

/// The set changes a parameter, before the body does.
#[probed(options, suppressed = { set.insert(prober_tests::fault(1)); &set })]
fn changed_by_the_set(vmi: &Vmi, mut set: prober::SuppressedPages) -> prober::Result<bool> {
    Ok(vmi.read_u64(1)?.is_none() && set.remove(&prober_tests::fault(1)))
}

#[test]
fn parameters_as_in_plain_code() {
    let vmi = Vmi::default();
    assert!(changed_by_the_set(&Vmi::with(&[1]), none()).unwrap());
    let text = || "t".to_owned();
    assert_eq!(
        in_text(&vmi, text(), vec![2], 3, &none()).unwrap(),
        "t [2]   1"
    );
    assert_eq!(
        kept_in_text(&vmi, text(), vec![2], 3, &none()).unwrap(),
        "t [2]   1"
    );
    let expected = (vec![2, 1], 2);
    assert_eq!(
        changed(&vmi, vec![2], text(), text(), text(), &none()).unwrap(),
        expected
    );
    assert_eq!(
        kept_changed(&vmi, vec![2], text(), text(), text(), &none()).unwrap(),
        expected
    );
}

fn unit(result: Result<(), VmiError>) -> Result<(), VmiError> {
    result
}

#[probed(options)]
fn reads_for_nothing(vmi: &Vmi) -> prober::Result<()> {
    let a = { vmi.read_u64(1) }?;
    let b = probe!({ vmi.read_u64(2) })?;
    (vmi.read_u64(3)?).unwrap_or(a? + b?);
    Ok(unit(Ok(()))?)
}

// `clippy::unit_arg`, `clippy::needless_question_mark`, `unused_braces`: not
// for what the attribute makes of these.
#[probed(options)]
fn units_and_braces(vmi: &Vmi) -> prober::Result<()> {
    vmi.read_u64(1)??;
    Ok(reads_for_nothing(vmi, suppressed)?)
}

#[test]
fn a_unit_is_returned() {
    units_and_braces(&Vmi::default(), &none()).unwrap();
}

// `unused_braces`: not for a body of one line.
#[rustfmt::skip]
#[probed]
fn one_line(vmi: &Vmi, at: u64) -> prober::Result<u64> { Ok(vmi.read_u64(at)? + 1) }

#[rustfmt::skip]
#[probed(options)]
fn one_line_of_options(vmi: &Vmi, at: u64) -> prober::Result<u64> { Ok(vmi.read_u64(at)?? + 1) }

#[test]
fn a_body_of_one_line() {
    let vmi = Vmi::default();
    assert_eq!(
        one_line(&vmi, 4, &none()).unwrap(),
        one_line_of_options(&vmi, 4, &none()).unwrap()
    );
}

// `const_evaluatable_unchecked`: not for a length in a closure.
#[probed]
fn length_in_a_const_block(vmi: &Vmi) -> prober::Result<usize> {
    let bytes = [0_u8; const { 3 }];
    vmi.read_u64(1)?;
    Ok(bytes.len() + [0_u8; const { 4 }].len())
}

#[probed(options)]
fn length_in_a_const_block_of_options(vmi: &Vmi) -> prober::Result<usize> {
    let bytes = [0_u8; const { 3 }];
    vmi.read_u64(1)??;
    Ok(bytes.len() + [0_u8; const { 4 }].len())
}

#[test]
fn lengths_in_const_blocks() {
    let vmi = Vmi::default();
    assert_eq!(length_in_a_const_block(&vmi, &none()).unwrap(), 7);
    assert_eq!(
        length_in_a_const_block_of_options(&vmi, &none()).unwrap(),
        7
    );
}
