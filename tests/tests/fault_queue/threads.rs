//! Threads, and the bounds on injections and runs.

use std::cell::Cell;

use prober::{
    FaultQueue,
    testing::{Guest, Vm},
};
use vmi_core::{AddressContext, Pa, VmiError};

use super::{A, B, C, State, batch, event, guest, injected, switch_root, switch_to, unavailable};

#[test]
fn pending_faults_belong_to_the_thread() {
    let (guest, vm) = guest(&[A, B, C]);
    let faults = FaultQueue::new();
    switch_to(&vm, 1);
    assert_eq!(injected(event(&vm, &faults, &[A, B])).va, A);
    // Another thread of the process, then one of another process.
    switch_to(&vm, 2);
    assert_eq!(injected(event(&vm, &faults, &[C])).va, C);
    let other = guest.new_space();
    switch_to(&vm, 1);
    switch_root(&vm, other.root());
    assert_eq!(event(&vm, &faults, &[]).unwrap(), []);
    // Each goes on with its own.
    switch_root(&vm, guest.root());
    assert_eq!(injected(event(&vm, &faults, &[A, B])).va, B);
    guest.page_in(C);
    switch_to(&vm, 2);
    assert_eq!(event(&vm, &faults, &[C]).unwrap(), [Some(C.0 + 1)]);
    assert_eq!(faults.stats().operation_runs, 4);
}

#[test]
fn a_process_context_identifier_makes_no_other_thread() {
    let (guest, vm) = guest(&[A, B]);
    let faults = FaultQueue::new();
    injected(event(&vm, &faults, &[A, B]));
    switch_root(&vm, Pa(guest.root().0 | 0x005));
    assert_eq!(injected(event(&vm, &faults, &[A, B])).va, B);
    assert_eq!(faults.stats().operation_runs, 1);
}

#[test]
fn a_thread_that_does_not_come_back_is_forgotten() {
    let (_guest, vm) = guest(&[A, B]);
    for (others, runs) in [(4, 1), (5, 2)] {
        let faults = FaultQueue::new().forget_after(4);
        switch_to(&vm, 1);
        assert_eq!(injected(event(&vm, &faults, &[A, B])).va, A);
        switch_to(&vm, 2);
        for _ in 0..others - 1 {
            event(&vm, &faults, &[]).unwrap();
        }
        switch_to(&vm, 1);
        injected(event(&vm, &faults, &[A, B]));
        assert_eq!(faults.stats().operation_runs, others - 1 + runs, "{others}");
    }
}

#[test]
fn an_injection_counts_only_when_the_same_thread_is_back_and_misses_the_page() {
    let (guest, vm) = guest(&[A]);
    let faults = FaultQueue::new();
    // Each waits for the disk.
    for thread in 0..10 {
        switch_to(&vm, thread);
        assert_eq!(injected(event(&vm, &faults, &[A])).va, A);
    }
    assert_eq!(faults.stats().given_up, 0);
    guest.page_in(A);
    for thread in 0..10 {
        switch_to(&vm, thread);
        assert_eq!(event(&vm, &faults, &[A]).unwrap(), [Some(A.0 + 1)]);
    }
    // What came in counts from the start when it goes again.
    for _ in 0..10 {
        guest.page_out(A);
        injected(event(&vm, &faults, &[A]));
        guest.page_in(A);
        event(&vm, &faults, &[A]).unwrap();
    }
    assert_eq!(faults.stats().given_up, 0);
    assert_eq!(faults.stats().injections, 20);
}

#[test]
fn injections_a_page_are_bounded() {
    for max in 0..5 {
        let (_guest, vm) = guest(&[A]);
        let faults = FaultQueue::new().max_injections(max);
        for _ in 0..max {
            injected(event(&vm, &faults, &[A]));
        }
        assert_eq!(event(&vm, &faults, &[A]).unwrap(), [None]);
        assert_eq!(faults.stats().injections, u64::from(max));
        assert_eq!(faults.stats().given_up, 1);
    }
}

#[test]
fn injections_are_bounded_when_two_pages_take_turns() {
    let (guest, vm) = guest(&[A, B]);
    let faults = FaultQueue::new();
    let mut events = 0;
    // The guest has room for one of them.
    let values = loop {
        events += 1;
        // Each is served every time, so both get on for long.
        assert!(events <= 2 * 64 + 1);
        match event(&vm, &faults, &[A, B]) {
            Err(VmiError::Translation(fault)) => {
                guest.page_out_all();
                guest.page_in(fault.va);
            }
            result => break result.unwrap(),
        }
    };
    assert_eq!(values.iter().flatten().count(), 1);
}

#[test]
fn the_operation_is_never_called_twice_for_nothing() {
    // One that finds a page missing which is there.
    let (guest, vm) = guest(&[A]);
    guest.page_in(A);
    let fault = AddressContext::new(A, guest.root());
    let faults = FaultQueue::new();
    for calls in 1..=3 {
        let result = vm.with(|vmi| faults.run(vmi, |_| Err::<(), _>(VmiError::Translation(fault))));
        assert_eq!(injected(result), fault);
        assert_eq!(faults.stats().operation_runs, calls);
    }
    let result = vm.with(|vmi| faults.run(vmi, |_| Err::<(), _>(VmiError::Translation(fault))));
    assert_eq!(unavailable(result), [A]);
    assert_eq!(faults.stats().injections, 3);
}

#[test]
fn a_mistaken_operation_after_a_sound_one_is_bounded_too() {
    let (guest, vm) = guest(&[A]);
    guest.page_in(A);
    let fault = AddressContext::new(A, guest.root());
    let faults = FaultQueue::new();
    let both = |vmi: &State<'_>| {
        faults.run(vmi, |_| Ok::<_, VmiError>(()))?;
        faults.run(vmi, |_| Err::<(), _>(VmiError::Translation(fault)))
    };
    for _ in 0..3 {
        injected(vm.with(both));
    }
    assert_eq!(unavailable(vm.with(both)), [A]);
}

#[test]
fn a_run_ends_when_every_call_finds_another_page() {
    let (guest, vm) = guest(&[]);
    let faults = FaultQueue::new().max_injections(0);
    let next = Cell::new(A);
    let result = vm.with(|vmi| {
        faults.run(vmi, |_| {
            next.set(next.get() + 0x1000);
            Err::<(), _>(VmiError::Translation(AddressContext::new(
                next.get(),
                guest.root(),
            )))
        })
    });
    assert_eq!(batch(result), [next.get()]);
    assert_eq!(faults.stats().operation_runs, 16);
}

#[test]
fn a_page_that_came_in_a_moment_too_late_is_not_held_to_account() {
    let (guest, vm) = guest(&[A]);
    let fault = AddressContext::new(A, guest.root());
    let faults = FaultQueue::new();
    for _ in 0..10 {
        // Another processor has it brought in while the operation runs.
        let late = vm.with(|vmi| {
            faults.run(vmi, |_| {
                guest.page_in(A);
                Err::<(), _>(VmiError::Translation(fault))
            })
        });
        injected(late);
        assert_eq!(event(&vm, &faults, &[A]).unwrap(), [Some(A.0 + 1)]);
        comes_in_at_the_third(&guest, &vm, &faults);
    }
    assert_eq!(faults.stats().given_up, 0);
}

/// The page goes, and two injections of it are lost, and one is not.
fn comes_in_at_the_third(guest: &Guest, vm: &Vm, faults: &FaultQueue) {
    guest.page_out(A);
    for _ in 0..3 {
        injected(event(vm, faults, &[A]));
    }
    guest.page_in(A);
    assert_eq!(event(vm, faults, &[A]).unwrap(), [Some(A.0 + 1)]);
}

#[test]
fn a_mistake_that_is_over_is_not_held_to_account() {
    let (guest, vm) = guest(&[A]);
    let fault = AddressContext::new(A, guest.root());
    let faults = FaultQueue::new();
    guest.page_in(A);
    for _ in 0..2 {
        let mistaken =
            |vmi: &State<'_>| faults.run(vmi, |_| Err::<(), _>(VmiError::Translation(fault)));
        assert_eq!(injected(vm.with(mistaken)), fault);
    }
    assert_eq!(event(&vm, &faults, &[A]).unwrap(), [Some(A.0 + 1)]);
    comes_in_at_the_third(&guest, &vm, &faults);
    assert_eq!(faults.stats().given_up, 0);
}

#[test]
fn how_many_threads_wait_is_shown() {
    let (_guest, vm) = guest(&[A, B]);
    let faults = FaultQueue::new();
    let waiting =
        |number: usize| format!("{faults:?}").contains(&format!("waiting_threads: {number}"));
    assert!(waiting(0));
    injected(event(&vm, &faults, &[A]));
    switch_to(&vm, 1);
    injected(event(&vm, &faults, &[B]));
    assert!(waiting(2), "{faults:?}");
}
