//! `retry`: what is handed to the pager, how often, and when it ends.

use std::cell::Cell;

use prober::{
    PageFaults, ProbeError, Result, Retry, SuppressedPages, Unavailable, VmiProber, retry,
};
use vmi_core::{AddressContext, VmiError};

use crate::{KERNEL, fault, other};

const A: u64 = 0x40_0000;
const B: u64 = 0x50_0000;
const C: u64 = 0x60_0000;

/// A pager, and what was handed to it.
#[derive(Default)]
struct Pager {
    batches: Vec<Vec<AddressContext>>,
    resident: PageFaults,
    refuses: PageFaults,
    loses: PageFaults,
}

impl prober::PageIn for Pager {
    fn page_in(
        &mut self,
        faults: &PageFaults,
        refused: &mut SuppressedPages,
    ) -> Result<(), VmiError> {
        self.batches.push(faults.iter().copied().collect());
        for &fault in faults {
            if self.refuses.contains(&fault) {
                refused.insert(fault);
            } else if !self.loses.contains(&fault) {
                self.resident.insert(fault);
            }
        }
        Ok(())
    }
}

/// Runs an operation that probes some addresses, all independent of each other, until it has what there is.
fn run(
    pager: &mut Pager,
    limits: &Retry,
    suppressed: &mut SuppressedPages,
    addresses: &[AddressContext],
) -> (Result<Vec<bool>>, u32) {
    let resident = Cell::new(PageFaults::new());
    let mut runs = 0;
    let mut hand_over = |faults: &PageFaults, refused: &mut SuppressedPages| {
        prober::PageIn::page_in(pager, faults, refused)?;
        resident.set(pager.resident.clone());
        Ok(())
    };
    let result = limits.run(&mut hand_over, suppressed, |suppressed| {
        runs += 1;
        let here = resident.take();
        let prober = VmiProber::new(suppressed);
        let mut there = Vec::new();
        for &address in addresses {
            let read = prober.probe(|| {
                if here.contains(&address) {
                    Ok(())
                } else {
                    Err(VmiError::Translation(address))
                }
            })?;
            there.push(read.is_some());
        }
        resident.set(here);
        prober.error_for_page_faults()?;
        Ok::<_, ProbeError>(there)
    });
    (result, runs)
}

#[test]
fn the_whole_batch_is_handed_over_once() {
    let mut pager = Pager::default();
    let missing = [fault(B), fault(A), other(A), fault(KERNEL)];
    let (result, runs) = run(
        &mut pager,
        &Retry::new(),
        &mut SuppressedPages::new(),
        &missing,
    );
    assert_eq!(result.unwrap(), [true; 4]);
    assert_eq!((runs, pager.batches), (2, vec![missing.to_vec()]));
}

#[test]
fn what_the_pager_refuses_is_suppressed() {
    let mut pager = Pager {
        refuses: PageFaults::from_iter([fault(B)]),
        ..Pager::default()
    };
    let mut suppressed = SuppressedPages::new();
    let missing = [fault(A), fault(B), fault(C)];
    let (result, runs) = run(&mut pager, &Retry::new(), &mut suppressed, &missing);
    assert_eq!(result.unwrap(), [true, false, true]);
    assert_eq!((runs, pager.batches.len()), (2, 1));
    assert!(suppressed.iter().eq(&[fault(B)]));
}

#[test]
fn what_does_not_come_in_is_handed_over_three_times() {
    for (limits, times) in [
        (Retry::new(), 3),
        (Retry::default(), 3),
        (Retry::new().max_hand_overs(1), 1),
        (Retry::new().max_hand_overs(5), 5),
    ] {
        let mut pager = Pager {
            loses: PageFaults::from_iter([fault(B)]),
            ..Pager::default()
        };
        let mut suppressed = SuppressedPages::new();
        let (result, _) = run(&mut pager, &limits, &mut suppressed, &[fault(A), fault(B)]);
        assert_eq!(result.unwrap(), [true, false]);
        let handed: Vec<_> = pager.batches.concat();
        assert_eq!(
            handed.iter().filter(|&&page| page == fault(B)).count(),
            times
        );
        assert_eq!(handed.iter().filter(|&&page| page == fault(A)).count(), 1);
        assert!(suppressed.iter().eq(&[fault(B)]));
    }
}

/// Runs until a page that is missing whenever `is_missing` says so is given up; returns how often it was
/// handed over.
fn hand_overs(limits: &Retry, is_missing: impl Fn(u64) -> bool) -> u32 {
    let mut times = 0;
    let mut pager = |faults: &PageFaults, _: &mut SuppressedPages| {
        times += u32::from(faults.contains(&fault(A)));
        Ok(())
    };
    let (mut runs, mut suppressed) = (0, SuppressedPages::new());
    let result = limits.run(&mut pager, &mut suppressed, |suppressed| {
        runs += 1;
        if suppressed.contains(&fault(A)) {
            Ok(())
        } else if is_missing(runs) {
            // By another address each time.
            Err(VmiError::Translation(fault(A + runs)))
        } else {
            Err(VmiError::Translation(fault(B + runs * 0x1000)))
        }
    });
    result.unwrap();
    times
}

#[test]
fn hand_overs_count_in_a_row() {
    assert_eq!(hand_overs(&Retry::new(), |_| true), 3);
    // Each second run does without it: it came in, and went out again.
    assert_eq!(hand_overs(&Retry::new(), |run| run % 2 == 1), 64);
    assert_eq!(hand_overs(&Retry::new(), |run| run % 3 != 0), 64);
    assert_eq!(hand_overs(&Retry::new(), |run| run % 4 != 0 || run > 8), 9);
    let limits = Retry::new().max_hand_overs(5).max_hand_overs_in_all(7);
    assert_eq!(hand_overs(&limits, |_| true), 5);
    assert_eq!(hand_overs(&limits, |run| run % 2 == 1), 7);
}

#[test]
fn a_page_that_each_page_in_evicts_is_no_lost_page() {
    for length in [3, 8, 40] {
        // A chain, and a guest that has its head out whenever another page comes in.
        let resident = Cell::new([false; 40]);
        let mut pager = |faults: &PageFaults, _: &mut SuppressedPages| {
            for missing in faults {
                let index = usize::try_from((missing.va.0 - A) >> 12).unwrap();
                let mut pages = resident.get();
                pages[0] = false;
                pages[index] = true;
                resident.set(pages);
            }
            Ok(())
        };
        let result = retry(&mut pager, &mut SuppressedPages::new(), |suppressed| {
            let now = resident.get();
            let out = now.iter().take(length).position(|there| !there);
            if let Some(index) = out {
                let missing = fault(A + ((index as u64) << 12));
                assert!(!suppressed.contains(&missing), "{length}: {missing}");
                return Err(VmiError::Translation(missing));
            }
            Ok(())
        });
        result.unwrap();
    }
}

#[test]
fn pages_that_evict_one_another_end() {
    let in_now = Cell::new(A);
    let mut pager = |faults: &PageFaults, _: &mut SuppressedPages| {
        faults.iter().for_each(|missing| in_now.set(missing.va.0));
        Ok(())
    };
    let (mut runs, mut suppressed) = (0, SuppressedPages::new());
    let result: Result<()> = retry(&mut pager, &mut suppressed, |suppressed| {
        runs += 1;
        let out = if in_now.get() == A { B } else { A };
        if suppressed.contains(&fault(out)) {
            return Ok(());
        }
        Err(PageFaults::from_iter([fault(out)]).into())
    });
    result.unwrap();
    assert!((128..132).contains(&runs), "{runs}");
}

#[test]
fn suppressed_pages_are_taken_out_of_a_batch() {
    let mut handed = Vec::new();
    let mut pager = |faults: &PageFaults, _: &mut SuppressedPages| {
        handed.push(faults.iter().copied().collect::<Vec<_>>());
        Ok(())
    };
    let mut runs = 0;
    let mut suppressed = SuppressedPages::from_iter([fault(A)]);
    // One that does not look into the set.
    let result = retry(&mut pager, &mut suppressed, |_| {
        runs += 1;
        let batch = [fault(0x18), fault(A + 8), fault(B)];
        match runs {
            1 => Err(ProbeError::from(PageFaults::from_iter(batch))),
            _ => Ok(runs),
        }
    });
    assert_eq!(result.unwrap(), 2);
    assert_eq!(handed, [[fault(B)]]);
}

#[test]
fn a_batch_of_suppressed_pages_alone_is_unavailable() {
    let mut pager = |_: &PageFaults, _: &mut SuppressedPages| unreachable!("nothing to hand over");
    let mut runs = 0;
    let mut suppressed = SuppressedPages::from_iter([fault(A)]);
    let result: Result<(), _> = retry(&mut pager, &mut suppressed, |_| {
        runs += 1;
        Err(ProbeError::from(PageFaults::from_iter([
            fault(A + 8),
            fault(0),
        ])))
    });
    let Err(ProbeError::Unavailable(unavailable)) = result else {
        panic!("expected an `Unavailable`, found {result:?}");
    };
    assert!(unavailable.pages().iter().eq(&[fault(A + 8), fault(0)]));
    assert_eq!(runs, 1);

    let result: Result<(), _> = retry(&mut pager, &mut suppressed, |_| {
        Err(VmiError::Translation(fault(A)))
    });
    assert!(Unavailable::of(&result.unwrap_err()).is_some());
}

#[test]
fn what_needs_a_page_that_does_not_come_in_ends_unavailable() {
    let mut handed = 0;
    let mut pager = |_: &PageFaults, _: &mut SuppressedPages| {
        handed += 1;
        Ok(())
    };
    // Plain code, which does not look into the set.
    let result: Result<(), _> = retry(&mut pager, &mut SuppressedPages::new(), |_| {
        Err(VmiError::Translation(fault(A)))
    });
    assert!(Unavailable::of(&result.unwrap_err()).is_some());
    assert_eq!(handed, 3);
}

#[test]
fn an_error_without_faults_comes_back_at_once() {
    let mut pager = |_: &PageFaults, _: &mut SuppressedPages| unreachable!("nothing to hand over");
    let mut runs = 0;
    let result: Result<(), VmiError> = retry(&mut pager, &mut SuppressedPages::new(), |_| {
        runs += 1;
        Err(VmiError::OutOfBounds)
    });
    assert!(matches!(result, Err(VmiError::OutOfBounds)));
    let result: Result<()> = retry(&mut pager, &mut SuppressedPages::new(), |_| {
        runs += 1;
        Err(Unavailable::default().into())
    });
    assert!(matches!(result, Err(ProbeError::Unavailable(_))));
    let result: anyhow::Result<()> = retry(&mut pager, &mut SuppressedPages::new(), |_| {
        runs += 1;
        Err(anyhow::anyhow!("other"))
    });
    assert_eq!(result.unwrap_err().to_string(), "other");
    assert_eq!(runs, 3);
}

#[test]
fn faults_are_taken_out_of_any_error_that_carries_them() {
    let mut handed = Vec::new();
    let mut pager = |faults: &PageFaults, _: &mut SuppressedPages| {
        handed.extend(faults.iter().copied());
        Ok(())
    };
    let mut runs = 0;
    let result: anyhow::Result<u32> = retry(&mut pager, &mut SuppressedPages::new(), |_| {
        runs += 1;
        let error = match runs {
            1 => anyhow::Error::from(ProbeError::from(PageFaults::from_iter([fault(A)]))),
            2 => anyhow::Error::from(VmiError::Translation(fault(B))).context("reading"),
            _ => return Ok(runs),
        };
        Err(error)
    });
    assert_eq!(result.unwrap(), 3);
    assert_eq!(handed, [fault(A), fault(B)]);
}

#[test]
fn an_error_of_the_pager_ends_it() {
    let mut pager = |_: &PageFaults, _: &mut SuppressedPages| Err(VmiError::Timeout);
    let mut runs = 0;
    let result: Result<()> = retry(&mut pager, &mut SuppressedPages::new(), |_| {
        runs += 1;
        Err(PageFaults::from_iter([fault(A)]).into())
    });
    assert!(matches!(result, Err(ProbeError::Vmi(VmiError::Timeout))));
    assert_eq!(runs, 1);
}

#[test]
fn a_pager_that_takes_back_what_was_given_up_does_not_go_on_for_ever() {
    let mut runs = 0;
    let mut pager = |_: &PageFaults, suppressed: &mut SuppressedPages| {
        suppressed.remove(&fault(A));
        Ok(())
    };
    let result: Result<()> =
        Retry::new()
            .max_runs(500)
            .run(&mut pager, &mut SuppressedPages::new(), |suppressed| {
                runs += 1;
                // So that there is always something to hand over.
                let batch = [fault(A), fault(B + runs * 0x1000)].into_iter();
                let missing = batch.filter(|page| !suppressed.contains(page));
                Err(missing.collect::<PageFaults>().into())
            });
    assert!(matches!(result, Err(ProbeError::PageFaults(_))));
    assert_eq!(runs, 500);
}

#[test]
fn runs_are_bounded() {
    for max in [1, 2, 7] {
        let (mut runs, mut handed) = (0, 0);
        let mut pager = |faults: &PageFaults, _: &mut SuppressedPages| {
            handed += faults.len();
            Ok(())
        };
        // A chain without an end: each run misses a page that none missed before.
        let result: Result<(), VmiError> =
            Retry::new()
                .max_runs(max)
                .run(&mut pager, &mut SuppressedPages::new(), |_| {
                    runs += 1;
                    Err(VmiError::Translation(fault(A + u64::from(runs) * 0x1000)))
                });
        assert!(matches!(result, Err(VmiError::Translation(_))));
        assert_eq!(runs, max);
        assert_eq!(handed + 1, usize::try_from(max).unwrap());
    }
}
