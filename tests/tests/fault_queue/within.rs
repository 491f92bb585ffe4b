//! What an operation or a veto does with the queue that calls it.

use std::{
    cell::{Cell, RefCell},
    panic::{AssertUnwindSafe, catch_unwind},
    rc::Rc,
};

use prober::{FaultQueue, MayInject, ProbeError, testing::Guest};
use vmi_arch_amd64::Registers;
use vmi_core::{AddressContext, Pa, Va, VmiError};

use super::{A, B, C, event, guest, injected, values};

/// A queue whose veto can use it.
fn with_veto(veto: impl Fn(&FaultQueue, &AddressContext) -> MayInject + 'static) -> FaultQueue {
    let within = Rc::new(RefCell::new(None));
    let handle = Rc::clone(&within);
    let faults = FaultQueue::new().may_inject(move |_: &Registers, fault: &AddressContext| {
        let faults: Option<FaultQueue> = handle.borrow().clone();
        veto(&faults.expect("it is set"), fault)
    });
    *within.borrow_mut() = Some(faults.clone());
    faults
}

/// Runs an operation to its end, and brings in what is injected.
fn served<T>(guest: &Guest, mut run: impl FnMut() -> Result<T, VmiError>) -> T {
    for _ in 0..50 {
        match run() {
            Err(VmiError::Translation(fault)) => guest.page_in(fault.va),
            result => return result.map_err(|error| error.to_string()).unwrap(),
        }
    }
    panic!("it does not end")
}

#[test]
fn a_veto_may_change_all_of_the_queue() {
    let (guest, vm) = guest(&[A, B]);
    let faults = with_veto(|faults, fault| {
        faults.forget_root(Pa(0x7_7000));
        faults.forget_root(fault.root);
        faults.refuse(AddressContext::new(C, fault.root));
        drop(faults.job());
        let changed = faults.clone().max_pending(5).max_threads(1);
        let changed = changed.max_hand_outs(1).may_inject(now);
        assert!(changed.stats().injections <= 2 && !format!("{changed:?}").is_empty());
        MayInject::Now
    });
    let read = served(&guest, || event(&vm, &faults, &[A, B]));
    assert_eq!(read, [Some(A.0 + 1), Some(B.0 + 1)]);
    // It put another veto in its own place.
    assert_eq!(faults.stats().injections, 2);
}

fn now(_: &Registers, _: &AddressContext) -> MayInject {
    MayInject::Now
}

#[test]
fn an_operation_may_forget_its_own_root() {
    let (guest, vm) = guest(&[A, B]);
    let faults = FaultQueue::new();
    let read = served(&guest, || {
        vm.with(|vmi| {
            faults.run(vmi, |suppressed| {
                faults.forget_root(guest.root());
                faults.refuse(AddressContext::new(A, guest.root()));
                drop(faults.job());
                values(vmi, &[A, B], suppressed)
            })
        })
    });
    assert_eq!(read, [Some(A.0 + 1), Some(B.0 + 1)]);
}

/// Pages go while the queue goes through them.
#[test]
fn a_root_that_is_forgotten_in_between() {
    let pages: Vec<Va> = (0..20).map(|page| A + page * 0x1000).collect();
    let (guest, vm) = guest(&pages);
    let asked = Cell::new(0);
    let faults = with_veto(move |faults, fault| {
        asked.set(asked.get() + 1);
        if asked.get() % 3 == 0 {
            faults.forget_root(fault.root);
        }
        match asked.get() % 2 {
            0 => MayInject::NotNow,
            _ => MayInject::Now,
        }
    });
    let ends = (0..300).any(|_| match event(&vm, &faults, &pages) {
        Err(VmiError::Translation(fault)) => {
            guest.page_in(fault.va);
            false
        }
        Err(_) => false,
        Ok(read) => read.iter().all(Option::is_some),
    });
    assert!(ends);
}

#[test]
fn a_panic_of_a_veto_does_not_lose_the_page() {
    let (guest, vm) = guest(&[A]);
    let first = Cell::new(true);
    let faults = with_veto(move |_, _| {
        assert!(!first.replace(false), "the first");
        MayInject::Now
    });
    assert!(catch_unwind(AssertUnwindSafe(|| event(&vm, &faults, &[A]))).is_err());
    assert_eq!(injected(event(&vm, &faults, &[A])).va, A);
    guest.page_in(A);
    assert_eq!(event(&vm, &faults, &[A]).unwrap(), [Some(A.0 + 1)]);
}

#[test]
fn another_queue_may_run_within_an_operation() {
    let (guest, vm) = guest(&[A, B]);
    let (outer, inner) = (FaultQueue::new(), FaultQueue::new());
    let read = served(&guest, || {
        vm.with(|vmi| {
            outer.run(vmi, |suppressed| {
                let a = values(vmi, &[A], suppressed)?;
                let b = inner.run(vmi, |suppressed| values(vmi, &[B], suppressed))?;
                Ok::<_, ProbeError>([a, b].concat())
            })
        })
    });
    assert_eq!(read, [Some(A.0 + 1), Some(B.0 + 1)]);
}
