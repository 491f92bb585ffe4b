//! What rustc says of a plain function it says of the annotated one, and no more:
//! each of these expects it, and an expectation that nothing fulfils is an error.
#![deny(warnings)]

use prober::probed;
use prober_tests::{Vmi, faults, none};

#[deprecated]
fn old(address: u64) -> u64 {
    address
}

/// Variables that nothing mentions, bound by all kinds of statements.
#[expect(unused_variables)]
#[probed]
fn unused(vmi: &Vmi, out: &mut Vec<u64>) -> prober::Result<u64> {
    let first = vmi.read_u64(1)?;
    out.push(first);
    let second = vmi.read_u64(2)?;
    Ok(first)
}

fn id(vmi: &Vmi, address: u64) -> prober::Result<u64> {
    Ok(vmi.read_u64(address)?)
}

/// What an accessor gives: its type is told where it runs.
#[expect(unused_variables)]
#[probed]
fn unused_id(vmi: &Vmi, out: &mut Vec<u64>) -> prober::Result<u64> {
    let first = vmi.read_u64(1)?;
    out.push(first);
    let second = id(vmi, 2)?;
    Ok(first)
}

/// The same where only one of two is used.
#[expect(unused_variables)]
#[probed]
fn half_unused(vmi: &Vmi, out: &mut Vec<u64>) -> prober::Result<u64> {
    let first = vmi.read_u64(1)?;
    out.push(first);
    let (second, third) = (vmi.read_u64(2)?, vmi.read_u64(3)?);
    Ok(second)
}

/// On statements that are written more than once: in slots, and in a search.
#[probed]
fn expected(vmi: &Vmi, out: &mut Vec<u64>) -> prober::Result<u64> {
    #[expect(deprecated)]
    let first = vmi.read_u64(old(1))?;
    out.push(first);
    #[expect(unused_variables, reason = "the shape under test")]
    let second = vmi.read_u64(2)?;
    for address in 3..5 {
        #[expect(unused_mut)]
        let mut third = vmi.read_u64(address)?;
        #[expect(deprecated)]
        out.push(old(third));
        #[expect(unused_variables)]
        if let Some(fourth) = out.first() {
            out.push(vmi.read_u64(5)?);
        }
    }
    match vmi.read_u64(6)? {
        #[expect(unused_variables)]
        other @ 7 => {}
        other => out.push(vmi.read_u64(other)?),
    }
    Ok(first)
}

#[test]
fn they_run() {
    let (vmi, mut out) = (Vmi::default(), vec![]);
    assert_eq!(unused(&vmi, &mut out, &none()).ok(), Some(1));
    assert_eq!(half_unused(&vmi, &mut out, &none()).ok(), Some(2));
    assert_eq!(expected(&vmi, &mut out, &none()).ok(), Some(1));
    assert_eq!(out, [1, 1, 1, 3, 5, 4, 5, 6]);
    assert_eq!(unused_id(&vmi, &mut out, &none()).ok(), Some(1));
    let missing = Vmi::with(&[1, 2, 3]);
    assert_eq!(faults(unused(&missing, &mut out, &none())), [1, 2]);
    assert_eq!(faults(unused_id(&missing, &mut out, &none())), [1, 2]);
    assert_eq!(faults(half_unused(&missing, &mut out, &none())), [1, 2, 3]);
    assert_eq!(faults(expected(&missing, &mut out, &none())), [1, 3, 2]);
}
