//! The veto, refused pages, and what is suppressed for how long.

use std::{cell::RefCell, rc::Rc};

use prober::{FaultQueue, MayInject, SuppressedPages};
use vmi_arch_amd64::Registers;
use vmi_core::{AddressContext, Va};

use super::{
    A, B, C, KERNEL, batch, event, guest, injected, skip, switch_root, switch_to, unavailable,
};

#[test]
fn the_default_veto_spares_programs_the_kernel_half() {
    let (guest, vm) = guest(&[A, KERNEL]);
    let vm = vm.user_mode();
    let faults = FaultQueue::new();
    assert_eq!(injected(event(&vm, &faults, &[KERNEL, A])).va, A);
    guest.page_in(A);
    assert_eq!(batch(event(&vm, &faults, &[KERNEL, A])), [KERNEL]);
    assert!(skip(&vm, &faults, &[KERNEL, A]).unwrap().is_none());
    assert_eq!(faults.stats().injections, 1);
    assert!(faults.stats().vetoed >= 3);

    // In kernel mode both halves are handed out.
    let vm = guest.vm();
    guest.page_out(A);
    assert_eq!(injected(event(&vm, &faults, &[KERNEL, A])).va, KERNEL);
    guest.page_in(KERNEL);
    assert_eq!(injected(event(&vm, &faults, &[KERNEL, A])).va, A);
}

#[test]
fn the_veto_is_asked_before_each_hand_out() {
    let (guest, vm) = guest(&[A, B, C]);
    let asked = Rc::new(RefCell::new(Vec::new()));
    let faults = FaultQueue::new().may_inject({
        let asked = Rc::clone(&asked);
        move |registers: &Registers, fault: &AddressContext| {
            asked.borrow_mut().push((registers.rsp, fault.va));
            match fault.va {
                A => MayInject::Never,
                B => MayInject::NotNow,
                _ => MayInject::Now,
            }
        }
    });
    assert_eq!(injected(event(&vm, &faults, &[A, B, C])).va, C);
    let rsp = vm.registers().rsp;
    assert_eq!(*asked.borrow(), [(rsp, A), (rsp, B), (rsp, C)]);
    assert!(
        faults
            .suppressed()
            .contains(&AddressContext::new(A, guest.root()))
    );
    assert!(
        !faults
            .suppressed()
            .contains(&AddressContext::new(B, guest.root()))
    );
    assert_eq!(faults.stats().vetoed, 2);

    guest.page_in(C);
    assert_eq!(batch(event(&vm, &faults, &[A, B, C])), [B]);
    guest.page_in(B);
    let values = event(&vm, &faults, &[A, B, C]).unwrap();
    assert_eq!(values, [None, Some(B.0 + 1), Some(C.0 + 1)]);
    assert_eq!(faults.stats().injections, 1);
}

#[test]
fn never_takes_no_event() {
    let (_guest, vm) = guest(&[A, B]);
    let faults = FaultQueue::new().may_inject(|_: &Registers, _: &AddressContext| MayInject::Never);
    assert_eq!(event(&vm, &faults, &[A, B]).unwrap(), [None, None]);
    assert_eq!(faults.stats().operation_runs, 2);
    assert_eq!(faults.stats().injections, 0);
}

#[test]
fn refuse_counts_for_pages_that_were_handed_out() {
    let (guest, vm) = guest(&[A, B]);
    let faults = FaultQueue::new();
    let [a, b] = [A, B].map(|va| AddressContext::new(va + 0x10, guest.root()));
    faults.refuse(a);
    assert!(!faults.suppressed().contains(&a));

    injected(event(&vm, &faults, &[A, B]));
    assert!(faults.is_handed_out(&a));
    assert!(!faults.is_handed_out(&b));
    faults.refuse(b);
    faults.refuse(a);
    faults.refuse(a);
    assert!(!faults.is_handed_out(&a));
    assert_eq!(injected(event(&vm, &faults, &[A, B])).va, B);
    guest.page_in(B);
    assert_eq!(event(&vm, &faults, &[A, B]).unwrap(), [None, Some(B.0 + 1)]);

    // A fault of the guest's own, on a page that came in.
    faults.refuse(b);
    assert!(!faults.suppressed().contains(&b));
    assert_eq!(faults.stats().refused, 1);
    assert_eq!(faults.stats().injections, 2);
    assert_eq!(faults.stats().operation_runs, 2);
}

#[test]
fn a_page_that_was_seen_is_not_refused() {
    let (guest, vm) = guest(&[A, B]);
    let faults = FaultQueue::new();
    injected(event(&vm, &faults, &[A, B]));
    guest.page_in(A);
    assert_eq!(injected(event(&vm, &faults, &[A, B])).va, B);
    let a = AddressContext::new(A, guest.root());
    assert!(!faults.is_handed_out(&a));
    faults.refuse(a);
    assert_eq!(faults.stats().refused, 0);
}

#[test]
fn refuse_at_goes_by_address_under_kpti() {
    let (guest, vm) = guest(&[A, B]);
    let user = guest.new_space_without_kernel();
    let faults = FaultQueue::new();
    let [a, b] = [A, B].map(|va| AddressContext::new(va, guest.root()));
    assert_eq!(injected(event(&vm, &faults, &[A, B])), a);
    assert_eq!(injected(event(&vm, &faults, &[A, B])), b);
    // User mode runs on another root.
    faults.refuse(AddressContext::new(A, user.root()));
    assert!(!faults.suppressed().contains(&a));
    switch_root(&vm, user.root());
    vm.with(|vmi| faults.refuse_at(vmi, A));
    vm.with(|vmi| faults.refuse_at(vmi, A));
    assert_eq!(faults.stats().refused, 1);
    switch_root(&vm, guest.root());
    assert!(faults.suppressed().contains(&a));
    assert!(!faults.suppressed().contains(&b));
    guest.page_in(B);
    assert_eq!(event(&vm, &faults, &[A, B]).unwrap(), [None, Some(B.0 + 1)]);
}

/// Two processes were handed a page at the same address.
#[test]
fn refuse_at_does_not_guess_between_processes() {
    let (guest, vm) = guest(&[A, B]);
    let other = guest.new_space();
    other.write_u64(A, 2);
    other.page_out(A);
    let user = guest.new_space_without_kernel();
    let faults = FaultQueue::new();
    injected(event(&vm, &faults, &[A]));
    // Another process has a fault of its own, and is waited for itself.
    switch_root(&vm, other.root());
    injected(event(&vm, &faults, &[B]));
    vm.with(|vmi| faults.refuse_at(vmi, A));
    switch_to(&vm, 1);
    injected(event(&vm, &faults, &[A]));
    switch_root(&vm, user.root());
    vm.with(|vmi| faults.refuse_at(vmi, A));
    for root in [guest.root(), other.root()] {
        assert!(!faults.suppressed().contains(&AddressContext::new(A, root)));
    }
    assert_eq!(faults.stats().refused, 0);
}

#[test]
fn a_kernel_page_refused_under_three_roots_is_suppressed_under_all() {
    let (guest, vm) = guest(&[KERNEL]);
    let faults = FaultQueue::new().suppress_for(8);
    let spaces = [(); 4].map(|()| guest.new_space());
    for (refused, space) in spaces.iter().enumerate() {
        switch_root(&vm, space.root());
        let fault = AddressContext::new(KERNEL, space.root());
        assert_eq!(faults.suppressed().contains(&fault), refused == 3);
        if refused < 3 {
            assert_eq!(injected(event(&vm, &faults, &[KERNEL])), fault);
            faults.refuse(fault);
        }
    }
    assert_eq!(event(&vm, &faults, &[KERNEL]).unwrap(), [None]);
    // It expires as a whole.
    for _ in 0..10 {
        event(&vm, &faults, &[]).unwrap();
    }
    for space in &spaces {
        let fault = AddressContext::new(KERNEL, space.root());
        assert!(!faults.suppressed().contains(&fault));
    }
    assert_eq!(injected(event(&vm, &faults, &[KERNEL])).va, KERNEL);
}

#[test]
fn refuse_takes_the_root_that_it_names_where_both_were_handed_out() {
    let (guest, vm) = guest(&[A]);
    let other = guest.new_space();
    other.write_u64(A, 2);
    other.page_out(A);
    let faults = FaultQueue::new();
    injected(event(&vm, &faults, &[A]));
    switch_root(&vm, other.root());
    injected(event(&vm, &faults, &[A]));
    faults.refuse(AddressContext::new(A, other.root()));
    assert!(
        faults
            .suppressed()
            .contains(&AddressContext::new(A, other.root()))
    );
    assert!(
        !faults
            .suppressed()
            .contains(&AddressContext::new(A, guest.root()))
    );
}

#[test]
fn what_the_queue_suppressed_expires() {
    let (guest, vm) = guest(&[A, B]);
    let caller = AddressContext::new(B, guest.root());
    let mut suppressed = SuppressedPages::new();
    suppressed.insert(caller);
    let faults = FaultQueue::with_suppressed(suppressed)
        .max_injections(1)
        .suppress_for(3);
    injected(event(&vm, &faults, &[A, B]));
    for _ in 0..4 {
        // In the run that suppresses it, and in three more.
        assert_eq!(event(&vm, &faults, &[A, B]).unwrap(), [None, None]);
    }
    assert_eq!(injected(event(&vm, &faults, &[A, B])).va, A);
    guest.page_in(A);
    assert_eq!(event(&vm, &faults, &[A, B]).unwrap(), [Some(A.0 + 1), None]);
    assert!(faults.suppressed().contains(&caller));
}

#[test]
fn forget_root_forgets_all_but_the_callers() {
    let (guest, vm) = guest(&[A, B, C, KERNEL]);
    let root = guest.root();
    let [a, b, kernel] = [A, B, KERNEL].map(|va| AddressContext::new(va, root));
    let mut suppressed = SuppressedPages::new();
    suppressed.insert(b);
    let faults = FaultQueue::with_suppressed(suppressed);
    for page in [A, KERNEL] {
        injected(event(&vm, &faults, &[page]));
        faults.refuse(AddressContext::new(page, root));
        assert_eq!(event(&vm, &faults, &[page]).unwrap(), [None]);
    }
    assert_eq!(injected(event(&vm, &faults, &[C, A])).va, C);

    faults.forget_root(root);
    let now = faults.suppressed();
    assert!(!now.contains(&a) && !now.contains(&kernel));
    assert!(now.contains(&b));
    assert!(!faults.is_handed_out(&AddressContext::new(C, root)));
    // The thread is forgotten with it: its operation runs.
    let runs = faults.stats().operation_runs;
    assert_eq!(injected(event(&vm, &faults, &[A])).va, A);
    assert_eq!(faults.stats().operation_runs, runs + 1);
}

#[test]
fn forget_root_forgets_its_threads() {
    let second = KERNEL + 0x1000;
    let (guest, vm) = guest(&[KERNEL, second]);
    let faults = FaultQueue::new();
    injected(event(&vm, &faults, &[KERNEL, second]));
    faults.forget_root(guest.root());
    // A new process with the same root and the same stack.
    assert_eq!(event(&vm, &faults, &[]).unwrap(), []);
}

#[test]
fn a_suppressed_page_is_not_injected_again() {
    let (guest, vm) = guest(&[A]);
    let fault = AddressContext::new(A, guest.root());
    let faults = FaultQueue::with_suppressed([fault].into_iter().collect());
    // By an operation that does not care.
    let plain = vm.with(|vmi| faults.run(vmi, |_| vmi.read_u64(A)));
    assert_eq!(unavailable(plain), [A]);
    // What no guest can serve.
    let null = vm.with(|vmi| faults.run(vmi, |_| vmi.read_u64(Va(0x18))));
    assert_eq!(unavailable(null), [Va(0x18)]);
    assert_eq!(faults.stats().injections, 0);
}
