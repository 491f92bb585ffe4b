//! The same programs in an event loop: a `FaultQueue` hands out one page at a
//! time, and the guest brings it in, refuses it or loses the request.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
};

use prober::{FaultQueue, PageFaults, PageIn, ProbeError, Step, SuppressedPages, Unavailable};
use proptest::prelude::*;
use vmi_core::{AddressContext, VmiError};

use crate::{
    annotated::{Machine, run},
    case, config, faults,
    interpreter::Failure,
    memory::{Fault, page_of},
    outcome,
    program::{Op, REGISTERS},
    roots, suppressed_pages,
};

/// How often a page is injected before it is suppressed.
const INJECTIONS: u32 = 3;

/// More events than any program can need: each injects a page, and a page is
/// injected a few times at most.
const EVENTS: usize = 1000;

/// The batch in an error that cannot be injected at this event.
fn batch(error: &VmiError) -> Option<&PageFaults> {
    match error {
        VmiError::Os(error) => error.downcast_ref(),
        _ => None,
    }
}

/// Whether a fault can be injected into a thread under a root.
fn is_of(root: u64, fault: Fault) -> bool {
    fault.0 >> 63 == 1 || fault.1 == root
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn queued((case, guest) in case()) {
        guest.drop_every(case.lose_every);
        let (roots, log) = (roots(&case.memory), RefCell::default());
        let machine = Machine { roots: &roots, log: &log, limit: case.limit };
        let root = case.memory.roots[0];
        let queue = FaultQueue::with_suppressed(suppressed_pages(&case.suppressed))
            .max_injections(INJECTIONS);
        let vm = guest.vm();

        let mut injected = HashMap::<Fault, u32>::new();
        // What was handed out and suppressed when the operation last ran.
        let (handed_out, last) = (Cell::new(0_usize), Cell::new(None));
        let mut result = None;
        for _ in 0..EVENTS {
            let event = vm.with(|vmi| {
                queue.run(vmi, |suppressed| {
                    let now = (handed_out.get(), suppressed.iter().len());
                    assert_ne!(last.replace(Some(now)), Some(now), "for nothing");
                    run::<ProbeError>(vmi, machine, &case.program, [None; REGISTERS], suppressed)
                })
            });
            let fault: AddressContext = match event {
                Err(VmiError::Translation(fault)) => fault,
                event => {
                    result = Some(event);
                    break;
                }
            };
            handed_out.set(handed_out.get() + 1);
            prop_assert!(!queue.suppressed().contains(&fault), "suppressed");
            prop_assert!(queue.is_handed_out(&fault));
            let fault_of_model = (fault.va.0, fault.root.0);
            prop_assert!(is_of(root, fault_of_model), "{fault} is not of this thread");
            let times = injected.entry(page_of(fault_of_model)).or_default();
            *times += 1;
            prop_assert!(*times <= INJECTIONS, "{fault} again and again");

            let mut refused = SuppressedPages::empty();
            PageIn::page_in(&mut &guest, &PageFaults::from_iter([fault]), &mut refused).unwrap();
            if refused.contains(&fault) {
                queue.refuse(fault);
            }
        }
        prop_assert!(result.is_some(), "the events do not end");
        let result = result.unwrap();
        let stats = queue.stats();
        prop_assert_eq!(stats.injections, handed_out.get() as u64);

        // Nothing has changed since the operation ran last, so that it comes to
        // the same without the queue. (What it wrote may change it.)
        if case.program.iter().any(Op::writes) {
            return Ok(());
        }
        let suppressed = queue.suppressed();
        let again = vm.with(|vmi| {
            run::<ProbeError>(vmi, machine, &case.program, [None; REGISTERS], &suppressed)
        });
        match (result, outcome(again)) {
            (Ok(values), again) => prop_assert_eq!(Ok(values), again),
            (Err(error), Err(Failure::Unavailable(pages, _))) => {
                let unavailable = Unavailable::of(&error);
                prop_assert_eq!(unavailable.map(|it| faults(it.pages())), Some(pages));
            }
            (Err(error), Err(Failure::Faults(left))) => {
                prop_assert_eq!(batch(&error).map(faults), Some(left.clone()));
                prop_assert!(left.iter().all(|fault| !is_of(root, *fault)));
            }
            (Err(error), Err(Failure::Hard(text))) => prop_assert_eq!(error.to_string(), text),
            (result, again) => panic!("{result:?}, but then {again:?}"),
        }
    }

    /// As a job, at events of all address spaces in turn.
    #[test]
    fn queued_as_a_job((case, guest) in case()) {
        guest.drop_every(case.lose_every);
        let (roots, log) = (roots(&case.memory), RefCell::default());
        let machine = Machine { roots: &roots, log: &log, limit: case.limit };
        let queue = FaultQueue::with_suppressed(suppressed_pages(&case.suppressed))
            .max_injections(INJECTIONS);
        let job = queue.job();
        let vm = guest.vm();

        let mut injected = HashMap::<Fault, u32>::new();
        let (handed_out, last) = (Cell::new(0_usize), Cell::new(None));
        let mut result = None;
        for event in 0..EVENTS {
            let root = case.memory.roots[event % case.memory.roots.len()];
            vm.change_registers(|registers| registers.cr3.0 = root);
            vm.flush();
            let step = vm.with(|vmi| {
                job.step(vmi, |suppressed| {
                    let now = (handed_out.get(), suppressed.iter().len());
                    assert_ne!(last.replace(Some(now)), Some(now), "for nothing");
                    run::<ProbeError>(vmi, machine, &case.program, [None; REGISTERS], suppressed)
                })
            });
            let fault = match step {
                Step::Inject(fault) => fault,
                Step::NotNow(pages) => {
                    // It has no page of this space, but for those that another thread was handed.
                    let mut pages = pages.iter().map(|page| (page.va.0, page.root.0));
                    let waits = pages.all(|fault| {
                        !is_of(root, fault) || injected.contains_key(&page_of(fault))
                    });
                    prop_assert!(waits);
                    continue;
                }
                step => {
                    result = Some(step);
                    break;
                }
            };
            handed_out.set(handed_out.get() + 1);
            prop_assert!(!queue.suppressed().contains(&fault), "suppressed");
            let fault_of_model = (fault.va.0, fault.root.0);
            prop_assert!(is_of(root, fault_of_model), "{fault} is not of this space");
            let times = injected.entry(page_of(fault_of_model)).or_default();
            *times += 1;
            prop_assert!(*times <= INJECTIONS, "{fault} again and again");

            let mut refused = SuppressedPages::empty();
            PageIn::page_in(&mut &guest, &PageFaults::from_iter([fault]), &mut refused).unwrap();
            if refused.contains(&fault) {
                queue.refuse(fault);
            }
        }
        prop_assert!(result.is_some(), "the events do not end");

        if case.program.iter().any(Op::writes) {
            return Ok(());
        }
        // At the last event, for some reads are under the current root.
        let suppressed = queue.suppressed();
        let again = vm.with(|vmi| {
            run::<ProbeError>(vmi, machine, &case.program, [None; REGISTERS], &suppressed)
        });
        match (result.unwrap(), outcome(again)) {
            (Step::Done(values), again) => prop_assert_eq!(Ok(values), again),
            (Step::Unavailable(pages), Err(Failure::Unavailable(expected, _))) => {
                prop_assert_eq!(faults(pages.pages()), expected);
            }
            (Step::Failed(error), Err(Failure::Hard(text))) => {
                prop_assert_eq!(error.to_string(), text);
            }
            (result, again) => panic!("{result:?}, but then {again:?}"),
        }
    }
}
