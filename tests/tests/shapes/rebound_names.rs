//! A name that held the `Option` of a read, and then something else on which a `?` stands in a
//! probe.
#![allow(clippy::shadow_unrelated, clippy::unnecessary_wraps)] // Shapes under test.

use prober::{ProbeError, probe, probed};
use prober_tests::{Vmi, faults, none};
use vmi_core::VmiError;

fn checked(value: u64) -> Result<u64, VmiError> {
    Ok(value)
}

#[test]
fn by_a_let() {
    #[probed(options)]
    fn f(vmi: &Vmi) -> prober::Result<Option<u64>> {
        let at = vmi.read_u64(1)?;
        let first = vmi.read_u64(at? + 1)?;
        let at = checked(3);
        let second = vmi.read_u64(at?)?;
        let Some((first, second)) = first.zip(second) else {
            return Ok(None);
        };
        Ok(Some(first + second))
    }

    assert_eq!(f(&Vmi::default(), &none()).unwrap(), Some(5));
    assert_eq!(faults(f(&Vmi::with(&[1, 3]), &none())), [1, 3]);
}

#[test]
fn by_a_let_of_an_inner_block() {
    #[probed(options)]
    fn f(vmi: &Vmi) -> prober::Result<u64> {
        let at = vmi.read_u64(1)?;
        let inner = {
            let at = checked(5);
            vmi.read_u64(at?)?
        };
        let outer = vmi.read_u64(at? + 1)?;
        Ok(inner? + outer?)
    }

    assert_eq!(f(&Vmi::default(), &none()).unwrap(), 7);
    assert_eq!(faults(f(&Vmi::with(&[2, 5]), &none())), [5, 2]);
}

#[test]
fn by_patterns() {
    #[probed(options)]
    fn f(vmi: &Vmi) -> prober::Result<u64> {
        let at = vmi.read_u64(1)?;
        let mut sum = 0;
        for at in [checked(2), checked(3)] {
            sum += vmi.read_u64(at?)??;
        }
        if let Some(at) = Some(checked(4)) {
            sum += vmi.read_u64(at?)??;
        }
        match (checked(5), 0) {
            (at, 0) => sum += vmi.read_u64(at?)??,
            (at, _) => sum += at?,
        }
        let read =
            |at: Result<u64, VmiError>| -> prober::Result<Option<u64>> { Ok(vmi.read_u64(at?)?) };
        sum += read(checked(6))?.unwrap_or_default();
        Ok(sum + vmi.read_u64(at? + 6)??)
    }

    assert_eq!(f(&Vmi::default(), &none()).unwrap(), 27);
    assert_eq!(faults(f(&Vmi::with(&[1, 3]), &none())), [1, 3]);
}

#[test]
fn by_a_macro() {
    macro_rules! check {
        ($name:ident) => {
            let $name: Result<u64, ProbeError> = Ok($name.unwrap_or(9));
        };
    }

    #[probed(options)]
    fn f(vmi: &Vmi) -> prober::Result<u64> {
        let at = vmi.read_u64(1)?;
        check!(at);
        Ok(vmi.read_u64(at?)??)
    }

    assert_eq!(f(&Vmi::default(), &none()).unwrap(), 1);
    assert_eq!(faults(f(&Vmi::with(&[1, 9]), &none())), [1, 9]);
}

#[test]
fn a_name_that_changes_its_value() {
    #[probed(options)]
    fn f(vmi: &Vmi) -> prober::Result<u64> {
        let mut at = vmi.read_u64(1)?;
        let mut last = 0;
        while let Some(next) = at {
            last = next;
            if next > 3 {
                break;
            }
            at = vmi.read_u64(at? + 1)?;
        }
        Ok(last + probe!(checked(at?))??)
    }

    assert_eq!(f(&Vmi::default(), &none()).unwrap(), 8);
    assert_eq!(faults(f(&Vmi::with(&[3]), &none())), [3]);
}
