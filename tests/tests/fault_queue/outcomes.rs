//! What comes out of a run, and how the queue is used.

use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind},
    rc::Rc,
};

use prober::{FaultError, FaultQueue, MayInject, Missing, ProbeError, probed};
use vmi_arch_amd64::Registers;
use vmi_core::{AddressContext, Gfn, Va, VmiError};

use super::{A, B, C, State, batch, event, guest, injected, skip, unavailable, values};

#[test]
fn run_or_skip_gives_none_for_what_is_not_to_be_had() {
    #[probed(options)]
    fn needs(vmi: &State<'_>, page: Va) -> prober::Result<u64> {
        let value = vmi.read_u64(page)??;
        Ok(value)
    }
    let (_guest, vm) = guest(&[A]);
    let faults = FaultQueue::new().max_injections(1);
    let runs = |vmi: &State<'_>| faults.run(vmi, |suppressed| needs(vmi, A, suppressed));
    let skips = |vmi: &State<'_>| faults.run_or_skip(vmi, |suppressed| needs(vmi, A, suppressed));
    injected(vm.with(skips));
    assert!(vm.with(skips).unwrap().is_none());
    assert_eq!(unavailable(vm.with(runs)), [A]);
    let runaway = vm.with(|vmi| {
        faults.run_or_skip(vmi, |suppressed| {
            #[probed(options, limit = 3)]
            fn scan(vmi: &State<'_>) -> prober::Result<u64> {
                for page in 1..100 {
                    let _ = vmi.read_u64(Va(page))?;
                }
                Ok(0)
            }
            scan(vmi, suppressed)
        })
    });
    assert!(runaway.unwrap().is_none());
}

#[test]
fn other_errors_come_out_as_they_are() {
    let (guest, vm) = guest(&[A]);
    guest.map_frame(B, Gfn(0xf_ffff));
    let faults = FaultQueue::new();
    assert!(matches!(
        event(&vm, &faults, &[B]),
        Err(VmiError::Driver(_))
    ));
    assert!(matches!(skip(&vm, &faults, &[B]), Err(VmiError::Driver(_))));
    // It waits for the pages that are missing.
    assert_eq!(injected(event(&vm, &faults, &[A, B])).va, A);
    guest.page_in(A);
    assert!(matches!(
        event(&vm, &faults, &[A, B]),
        Err(VmiError::Driver(_))
    ));
    let stop = vm.with(|vmi| faults.run(vmi, |_| Err::<(), _>(VmiError::Timeout)));
    assert!(matches!(stop, Err(VmiError::Timeout)));
}

#[test]
fn nothing_is_pending_after_an_error() {
    let (guest, vm) = guest(&[A, B]);
    let faults = FaultQueue::new();
    injected(event(&vm, &faults, &[A, B]));
    guest.page_in(A);
    guest.page_in(B);
    let result = vm.with(|vmi| faults.run(vmi, |_| Err::<(), _>(VmiError::Timeout)));
    assert!(result.is_err());
    guest.page_out(B);
    // B would be handed out, were it still waited for.
    assert_eq!(event(&vm, &faults, &[A]).unwrap(), [Some(A.0 + 1)]);
}

#[test]
fn nothing_is_pending_after_a_batch_that_cannot_be_injected() {
    let (_guest, vm) = guest(&[A]);
    let allowed = Rc::new(Cell::new(MayInject::NotNow));
    let answer = Rc::clone(&allowed);
    let faults =
        FaultQueue::new().may_inject(move |_: &Registers, _: &AddressContext| answer.get());
    assert_eq!(batch(event(&vm, &faults, &[A])), [A]);
    allowed.set(MayInject::Now);
    // The handler has gone on; this is another event.
    assert_eq!(event(&vm, &faults, &[]).unwrap(), []);
}

#[test]
fn a_probe_limit_is_skipped_too() {
    // How it comes out of the function that it ended.
    #[probed(options, limit = 1)]
    fn limit(vmi: &State<'_>) -> prober::Result<Option<VmiError>> {
        let _ = vmi.read_u64(Va(0x18))?;
        match vmi.read_u64(Va(0x18)) {
            Err(error) => Ok(Some(error)),
            Ok(Some(_) | None) => Ok(None),
        }
    }
    let (_guest, vm) = guest(&[]);
    let faults = FaultQueue::new();
    let result = vm.with(|vmi| {
        faults.run_or_skip(vmi, |suppressed| match limit(vmi, suppressed)? {
            Some(error) => Err(error),
            None => Ok(()),
        })
    });
    assert!(result.unwrap().is_none());
}

#[test]
fn any_error_that_carries_faults_will_do() {
    #[derive(Debug)]
    enum AppError {
        Probe(ProbeError),
        Own,
    }
    impl From<ProbeError> for AppError {
        fn from(error: ProbeError) -> Self {
            Self::Probe(error)
        }
    }
    impl From<VmiError> for AppError {
        fn from(error: VmiError) -> Self {
            Self::Probe(error.into())
        }
    }
    impl FaultError for AppError {
        fn missing(&self) -> Option<Missing<'_>> {
            match self {
                Self::Probe(error) => error.missing(),
                Self::Own => None,
            }
        }
    }
    impl From<AppError> for VmiError {
        fn from(error: AppError) -> Self {
            match error {
                AppError::Probe(error) => error.into(),
                AppError::Own => Self::Other("own"),
            }
        }
    }
    #[probed(options)]
    fn read(vmi: &State<'_>) -> Result<u64, AppError> {
        let a = vmi.read_u64(A)?;
        let b = vmi.read_u64(B)?;
        if b? != 0 {
            return Err(AppError::Own);
        }
        Ok(a?)
    }
    let (guest, vm) = guest(&[A, B]);
    let faults = FaultQueue::new();
    for page in [A, B] {
        let result = vm.with(|vmi| faults.run(vmi, |suppressed| read(vmi, suppressed)));
        assert_eq!(injected(result).va, page);
        guest.page_in(page);
    }
    let result = vm.with(|vmi| faults.run(vmi, |suppressed| read(vmi, suppressed)));
    assert!(matches!(result, Err(VmiError::Other("own"))));
}

#[test]
fn a_fault_that_an_error_type_hides_goes_through_the_queue_all_the_same() {
    #[derive(Debug)]
    struct Hides(VmiError);
    impl From<ProbeError> for Hides {
        fn from(error: ProbeError) -> Self {
            Self(error.into())
        }
    }
    impl FaultError for Hides {
        fn missing(&self) -> Option<Missing<'_>> {
            None
        }
    }
    impl From<Hides> for VmiError {
        fn from(error: Hides) -> Self {
            error.0
        }
    }
    let (_guest, vm) = guest(&[A]);
    let faults = FaultQueue::new().max_injections(2);
    let run = || vm.with(|vmi| faults.run(vmi, |_| vmi.read_u64(A).map_err(Hides)));
    injected(run());
    injected(run());
    assert_eq!(unavailable(run()), [A]);
}

#[test]
fn clones_share_the_queue() {
    let (guest, vm) = guest(&[A, B]);
    let faults = FaultQueue::new();
    let clone = faults.clone();
    assert_eq!(injected(event(&vm, &faults, &[A, B])).va, A);
    guest.page_in(A);
    assert_eq!(injected(event(&vm, &clone, &[A, B])).va, B);
    assert_eq!(faults.stats(), clone.stats());
    assert_eq!(
        format!("{faults:?}"),
        "FaultQueue { waiting_threads: 1, stats: Stats { operation_runs: 1, injections: 2, \
         served: 1, came_in: 0, refused: 0, given_up: 0, invalid: 0, vetoed: 0, dropped: 0 }, .. }"
    );
}

#[test]
fn the_queue_can_be_used_within_an_operation_and_a_veto() {
    let (guest, vm) = guest(&[A, B]);
    let faults = FaultQueue::new();
    let inner = faults.clone();
    let faults = faults.may_inject(move |_: &Registers, fault: &AddressContext| {
        inner.refuse(*fault);
        assert!(!inner.suppressed().contains(fault));
        MayInject::Now
    });
    let result = vm.with(|vmi| {
        faults.run(vmi, |suppressed| {
            faults.refuse(AddressContext::new(A, guest.root()));
            assert_eq!(faults.stats().operation_runs, 1);
            values(vmi, &[A, B], suppressed)
        })
    });
    assert_eq!(injected(result).va, A);
}

#[test]
fn a_run_within_an_operation_leaves_the_faults_to_the_outer_one() {
    let (guest, vm) = guest(&[A, B, C]);
    let faults = FaultQueue::new();
    let run = || {
        vm.with(|vmi| {
            faults.run(vmi, |_| {
                let inner = faults.run(vmi, |suppressed| values(vmi, &[A, B], suppressed))?;
                Ok::<_, VmiError>(inner)
            })
        })
    };
    for page in [A, B] {
        assert_eq!(injected(run()).va, page);
        guest.page_in(page);
    }
    assert_eq!(run().unwrap(), [A, B].map(|page| Some(page.0 + 1)));
    assert_eq!(faults.stats().operation_runs, 2);
    assert_eq!(faults.stats().given_up, 0);
}

/// Operations within one another that use the queue themselves.
#[test]
fn runs_within_runs_leave_the_queue_free() {
    let (guest, vm) = guest(&[A]);
    let faults = FaultQueue::new();
    let run = || {
        vm.with(|vmi| {
            faults.run(vmi, |_| {
                faults.run(vmi, |_| {
                    faults.refuse(AddressContext::new(B, guest.root()));
                    faults.run(vmi, |suppressed| {
                        assert!(
                            !faults
                                .suppressed()
                                .contains(&AddressContext::new(B, guest.root()))
                        );
                        values(vmi, &[A], suppressed)
                    })
                })
            })
        })
    };
    assert_eq!(injected(run()).va, A);
    guest.page_in(A);
    assert_eq!(run().unwrap(), [Some(A.0 + 1)]);
}

/// A page that the veto held back is missed again by the next run: it waits once.
#[test]
fn what_was_held_back_waits_once() {
    let (guest, vm) = guest(&[A, B]);
    let allowed = Rc::new(Cell::new(false));
    let answer = Rc::clone(&allowed);
    let faults = FaultQueue::new().may_inject(move |_: &Registers, fault: &AddressContext| {
        if fault.va == A || answer.get() {
            MayInject::Now
        } else {
            MayInject::NotNow
        }
    });
    // B is held back; A comes and goes, so that the operation runs again with B held.
    for _ in 0..3 {
        assert_eq!(injected(event(&vm, &faults, &[A, B])).va, A);
        guest.page_in(A);
        let again = vm.with(|vmi| {
            faults.run(vmi, |suppressed| {
                guest.page_out(A);
                vmi.flush_v2p_cache();
                values(vmi, &[A, B], suppressed)
            })
        });
        assert_eq!(injected(again).va, A);
    }
    allowed.set(true);
    guest.page_in(A);
    assert_eq!(injected(event(&vm, &faults, &[A, B])).va, B);
    guest.page_in(B);
    let before = faults.stats();
    assert!(event(&vm, &faults, &[A, B]).is_ok());
    let after = faults.stats();
    assert_eq!(
        (after.came_in - before.came_in, after.served - before.served),
        (0, 1)
    );
}

#[test]
fn so_does_one_that_may_be_skipped() {
    let (guest, vm) = guest(&[A, B]);
    let faults = FaultQueue::new();
    let run = || {
        vm.with(|vmi| {
            faults.run(vmi, |_| {
                faults.run_or_skip(vmi, |suppressed| values(vmi, &[A, B], suppressed))
            })
        })
    };
    for page in [A, B] {
        assert_eq!(injected(run()).va, page);
        guest.page_in(page);
    }
    assert_eq!(run().unwrap().map(|values| values.len()), Some(2));
}

#[test]
fn a_panic_of_an_operation_does_not_jam_the_queue() {
    let (_guest, vm) = guest(&[A]);
    let faults = FaultQueue::new();
    let run = AssertUnwindSafe(|| {
        vm.with(|vmi| {
            faults.run(vmi, |_| -> Result<(), VmiError> {
                panic!("of the operation")
            })
        })
    });
    assert!(catch_unwind(run).is_err());
    assert_eq!(injected(event(&vm, &faults, &[A])).va, A);
}
