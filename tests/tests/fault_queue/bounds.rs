//! Bounds that are smaller than what an operation needs.

use prober::FaultQueue;
use vmi_core::VmiError;

use super::{A, B, C, guest, values};

type Set = fn(FaultQueue, u32) -> FaultQueue;

/// Each of the settings, and whether an operation that lacks more pages ends under it all the same.
const SETTINGS: [(&str, bool, Set); 9] = [
    ("pending", true, |faults, n| faults.max_pending(n as usize)),
    ("threads", true, |faults, n| faults.max_threads(n as usize)),
    ("calls", true, FaultQueue::max_calls),
    ("in all", true, FaultQueue::max_injections_in_all),
    ("suppressed for", true, |faults, n| {
        faults.suppress_for(n.into())
    }),
    ("forgotten after", true, |faults, n| {
        faults.forget_after(n.into())
    }),
    ("waits", true, |faults, n| faults.wait_for_space(n.into())),
    // What is forgotten here cannot count: the documentation says so.
    ("hand-outs", false, |faults, n| {
        faults.max_hand_outs(n as usize)
    }),
    ("suppressed", false, |faults, n| {
        faults.max_suppressed(n as usize)
    }),
];

#[test]
fn an_operation_ends_under_any_bound() {
    let pages = [A, B, C];
    for (name, ends_in_vain, set) in SETTINGS {
        for (bound, of_a_job) in [0, 1, 2]
            .map(|bound| [(bound, false), (bound, true)])
            .concat()
        {
            for backed in [true, false] {
                if !backed && !ends_in_vain {
                    continue;
                }
                let (guest, vm) = guest(&pages);
                let faults = set(FaultQueue::new(), bound);
                let job = faults.job();
                let end = (0..200).find_map(|_| {
                    let run = vm.with(|vmi| {
                        if of_a_job {
                            job.run(vmi, |suppressed| values(vmi, &pages, suppressed))
                        } else {
                            faults.run(vmi, |suppressed| values(vmi, &pages, suppressed))
                        }
                    });
                    match run {
                        Err(VmiError::Translation(fault)) => {
                            if backed {
                                guest.page_in(fault.va);
                            }
                            None
                        }
                        end => Some(end.unwrap()),
                    }
                });
                let what = format!("{name} {bound}, of a job: {of_a_job}, backed: {backed}");
                let end = end.unwrap_or_else(|| panic!("{what}: does not end"));
                // A job that does not wait at all gives up what was not first.
                if name != "waits" || bound > 0 || !of_a_job {
                    let all = pages.map(|page| backed.then_some(page.0 + 1));
                    assert_eq!(end, all, "{what}");
                }
            }
        }
    }
}
