//! `VmiProber` in code that was written for vmi-core's.

use indexmap::IndexSet;
use prober::{FaultError, Missing, ProbeError, SuppressedPages, testing::Guest};
use prober_tests::measured::State;
use vmi_core::{AddressContext, Va, VmiError};

use crate::{KERNEL, fault, other};

const A: Va = Va(0x40_0000);
const B: Va = Va(0x50_0000);
const C: Va = Va(0x60_0000);

/// The same code with the one import and with the other.
macro_rules! by_hand {
    ($name:ident, $($import:tt)*) => {
        mod $name {
            use $($import)*::{VmiProber, vmi_probe};

            use super::*;

            pub(super) fn sum(
                vmi: &State<'_>,
                suppressed: &IndexSet<AddressContext>,
            ) -> Result<(u64, usize), VmiError> {
                let prober = VmiProber::new(suppressed);
                let a = prober.probe(|| vmi.read_u64(A))?;
                let b = vmi_probe!(prober, vmi.read_u64(B))?;
                let c = prober.check_result(vmi.read_va(C))?;
                // Two pages in one expression.
                let both = vmi_probe!(prober, Ok(vmi.read_u64(A)? + vmi.read_u64(B)?))?;
                let nothing = prober.page_faults().is_empty();
                prober.error_for_page_faults()?;
                assert!(nothing);
                let there = usize::from(a.is_some()) + usize::from(c.is_some());
                Ok((a.or(b).or(both).unwrap_or(0), there))
            }
        }
    };
}

by_hand!(ours, prober);
by_hand!(theirs, vmi_core);

#[test]
fn code_for_vmi_cores_prober_does_the_same() {
    for out in 0..8 {
        for gone in 0..8 {
            let guest = Guest::new();
            let mut suppressed = IndexSet::new();
            for (bit, va) in [A, B, C].into_iter().enumerate() {
                guest.write_u64(va, va.0 + 1);
                if out >> bit & 1 == 1 {
                    guest.page_out(va);
                }
                if gone >> bit & 1 == 1 {
                    suppressed.insert(AddressContext::new(va, guest.root()));
                }
            }
            guest.vm().with(|vmi| {
                let (ours, theirs) = (ours::sum(vmi, &suppressed), theirs::sum(vmi, &suppressed));
                match (ours, theirs) {
                    (Ok(ours), Ok(theirs)) => assert_eq!(ours, theirs),
                    (Err(VmiError::Translation(ours)), Err(VmiError::Translation(theirs))) => {
                        assert_eq!(ours, theirs);
                    }
                    (ours, theirs) => panic!("{ours:?} and not {theirs:?}"),
                }
            });
        }
    }
}

#[test]
fn other_errors_pass_through_both() {
    let suppressed = IndexSet::new();
    let ours = prober::VmiProber::new(&suppressed).probe(|| Err::<(), _>(VmiError::OutOfBounds));
    let theirs =
        vmi_core::VmiProber::new(&suppressed).probe(|| Err::<(), _>(VmiError::OutOfBounds));
    assert!(matches!(ours, Err(VmiError::OutOfBounds)));
    assert!(matches!(theirs, Err(VmiError::OutOfBounds)));
}

/// What a prober records of some faults.
fn recorded(prober: &prober::VmiProber<'_>, faults: &[AddressContext]) -> Vec<AddressContext> {
    for &fault in faults {
        let read = prober.probe(|| Err::<(), _>(VmiError::Translation(fault)));
        assert!(matches!(read, Ok(None)));
    }
    let recorded = prober.page_faults();
    match prober.error_for_page_faults() {
        Ok(()) => assert!(recorded.is_empty()),
        Err(error) => match error.missing() {
            Some(Missing::PageFaults(faults)) => assert_eq!(*faults, recorded),
            missing => panic!("expected a batch, found {missing:?}"),
        },
    }
    recorded.iter().copied().collect()
}

#[test]
fn every_fault_is_reported_once_a_page() {
    let suppressed = SuppressedPages::new();
    let prober = prober::VmiProber::new(&suppressed);
    let faults = [
        fault(0x50_0010),
        fault(0x40_0000),
        fault(0x50_0000),
        other(0x40_0000),
        fault(KERNEL),
        other(KERNEL + 8),
    ];
    let expected = [faults[0], faults[1], faults[3], faults[4], faults[5]];
    assert_eq!(recorded(&prober, &faults), expected);
    // They stay recorded.
    assert_eq!(
        recorded(&prober, &[fault(0x60_0000)]).len(),
        expected.len() + 1
    );
}

#[test]
fn pages_are_suppressed_whole_by_either_set() {
    let pages = [fault(0x40_0ff0), fault(KERNEL + 8)];
    let met = [
        fault(0x40_0010),
        fault(KERNEL),
        other(0x40_0010),
        fault(0x50_0000),
    ];

    let set = SuppressedPages::from_iter(pages);
    assert_eq!(recorded(&prober::VmiProber::new(&set), &met), met[2..]);

    let set = IndexSet::from(pages);
    assert_eq!(recorded(&prober::VmiProber::new(&set), &met), met[2..]);
    // What vmi-core's set does not say it does not hold.
    assert_eq!(
        recorded(&prober::VmiProber::new(&set), &[fault(0)]),
        [fault(0)]
    );
}

#[test]
fn the_sets_are_borrowed() {
    let set = IndexSet::from([fault(0x40_0000)]);
    let pages = SuppressedPages::from(&set);
    let (first, second) = (prober::VmiProber::new(&set), prober::VmiProber::new(&set));
    let third = prober::VmiProber::new(&pages);
    for prober in [first, second, third] {
        assert_eq!(recorded(&prober, &[fault(0x40_0008)]), []);
    }
}

#[test]
fn errors_of_other_types_are_checked() {
    let suppressed = SuppressedPages::from_iter([fault(0x70_0000)]);
    let prober = prober::VmiProber::new(&suppressed);
    let batch = [fault(0x40_0000), fault(0x70_0000), fault(0x50_0000)];
    let error = ProbeError::from(prober::PageFaults::from_iter(batch));
    assert!(matches!(prober.check::<(), _>(Err(error)), Ok(None)));
    let error = anyhow::Error::from(VmiError::Translation(fault(0x60_0000))).context("reading");
    assert!(matches!(prober.check::<(), _>(Err(error)), Ok(None)));
    let error = anyhow::anyhow!("other");
    assert!(prober.check::<(), _>(Err(error)).is_err());
    assert!(matches!(prober.check::<_, ProbeError>(Ok(3)), Ok(Some(3))));
    assert_eq!(
        recorded(&prober, &[]),
        [batch[0], batch[2], fault(0x60_0000)]
    );
}

#[test]
fn what_a_prober_has_found_is_shown() {
    let suppressed = SuppressedPages::empty();
    let prober = prober::VmiProber::new(&suppressed);
    let _ = prober.check_result::<u8>(Err(VmiError::Translation(fault(0x40_0008))));
    let shown = format!("{prober:?}");
    assert!(shown.contains("400008"), "{shown}");
    drop(prober.page_faults());
}
