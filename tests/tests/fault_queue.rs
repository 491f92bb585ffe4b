//! What a `FaultQueue` promises, one test a sentence, by what comes out.

use std::{
    cell::{Cell, RefCell},
    panic::{AssertUnwindSafe, catch_unwind},
    rc::Rc,
};

use prober::{
    FaultError, FaultQueue, MayInject, Missing, PageFaults, PageIn, ProbeError, SuppressedPages,
    Unavailable, probed,
    testing::{Guest, GuestDriver, Vm},
};
use vmi_arch_amd64::Registers;
use vmi_core::{AddressContext, Gfn, Pa, Va, VmiError, VmiState, os::NoOS};

type State<'a> = VmiState<'a, NoOS<GuestDriver>>;

const A: Va = Va(0x10_0000);
const B: Va = Va(0x20_0000);
const C: Va = Va(0x30_0000);
const KERNEL: Va = Va(0xffff_f800_0010_0000);

#[probed]
fn values(vmi: &State<'_>, pages: &[Va]) -> prober::Result<Vec<Option<u64>>> {
    let mut values = Vec::new();
    for page in pages {
        values.push(vmi.read_u64(*page)?);
    }
    Ok(values)
}

/// A value on each page, and all pages taken away.
fn guest(pages: &[Va]) -> (Guest, Vm) {
    let guest = Guest::new();
    for page in pages {
        guest.write_u64(*page, page.0 + 1);
    }
    guest.page_out_all();
    let vm = guest.vm();
    (guest, vm)
}

/// One event.
fn event(vm: &Vm, faults: &FaultQueue, pages: &[Va]) -> Result<Vec<Option<u64>>, VmiError> {
    vm.with(|vmi| faults.run(vmi, |suppressed| values(vmi, pages, suppressed)))
}

fn skip(vm: &Vm, faults: &FaultQueue, pages: &[Va]) -> Result<Option<Vec<Option<u64>>>, VmiError> {
    vm.with(|vmi| faults.run_or_skip(vmi, |suppressed| values(vmi, pages, suppressed)))
}

#[track_caller]
fn injected<T>(result: Result<T, VmiError>) -> AddressContext {
    match result {
        Err(VmiError::Translation(fault)) => fault,
        Err(other) => panic!("expected a fault to inject, found {other:?}"),
        Ok(_) => panic!("expected a fault to inject, found a value"),
    }
}

#[track_caller]
fn batch<T>(result: Result<T, VmiError>) -> Vec<Va> {
    let Err(error @ VmiError::Os(_)) = result else {
        panic!("expected an error that is not injected")
    };
    let Some(Missing::PageFaults(faults)) = error.missing() else {
        panic!("expected a batch, found {error:?}")
    };
    faults.iter().map(|fault| fault.va).collect()
}

#[track_caller]
fn unavailable<T>(result: Result<T, VmiError>) -> Vec<Va> {
    let Err(error) = result else {
        panic!("expected `Unavailable`")
    };
    let Some(unavailable) = Unavailable::of(&error) else {
        panic!("expected `Unavailable`, found {error:?}")
    };
    unavailable.pages().iter().map(|fault| fault.va).collect()
}

/// Gives the processor to another thread of the same process.
fn switch_to(vm: &Vm, thread: u64) {
    vm.change_registers(|registers| registers.rsp = 0xffff_c000_0000_0000 + thread * 0x1000);
}

fn switch_root(vm: &Vm, root: Pa) {
    vm.change_registers(|registers| registers.cr3.0 = root.0);
}

#[test]
fn one_page_an_event_and_the_operation_again_when_dry() {
    let (guest, vm) = guest(&[A, B, C]);
    let faults = FaultQueue::new();
    for page in [A, B, C] {
        assert_eq!(
            injected(event(&vm, &faults, &[A, B, C])),
            AddressContext::new(page, guest.root())
        );
        assert_eq!(faults.stats().operation_runs, 1);
        guest.page_in(page);
    }
    let values = event(&vm, &faults, &[A, B, C]).unwrap();
    assert_eq!(values, [A, B, C].map(|page| Some(page.0 + 1)));

    let stats = faults.stats();
    assert_eq!((stats.operation_runs, stats.injections), (2, 3));
    assert_eq!(
        (stats.came_in, stats.refused, stats.given_up, stats.vetoed),
        (0, 0, 0, 0)
    );
}

#[test]
fn the_exact_address_is_handed_out() {
    let (guest, vm) = guest(&[A]);
    let fault = injected(event(&vm, &FaultQueue::new(), &[A + 0x128]));
    assert_eq!(fault, AddressContext::new(A + 0x128, guest.root()));
}

#[test]
fn the_least_often_injected_first_and_lost_ones_again() {
    let (_guest, vm) = guest(&[A, B]);
    let faults = FaultQueue::new();
    for page in [A, B, A, B, A, B] {
        assert_eq!(injected(event(&vm, &faults, &[A, B])).va, page);
    }
    // Three times each, and nothing came in.
    assert_eq!(event(&vm, &faults, &[A, B]).unwrap(), [None, None]);
    let stats = faults.stats();
    assert_eq!(
        (stats.operation_runs, stats.injections, stats.given_up),
        (2, 6, 2)
    );
    for page in [A, B] {
        let fault = AddressContext::new(page, vm.guest().root());
        assert!(faults.suppressed().contains(&fault));
    }
}

#[test]
fn pages_that_came_in_are_dropped() {
    let (guest, vm) = guest(&[A, B, C]);
    let faults = FaultQueue::new();
    injected(event(&vm, &faults, &[A, B, C]));
    for page in [A, B, C] {
        guest.page_in(page);
    }
    assert!(event(&vm, &faults, &[A, B, C]).is_ok());
    let stats = faults.stats();
    assert_eq!(
        (stats.injections, stats.came_in, stats.operation_runs),
        (1, 2, 2)
    );
}

#[test]
fn a_page_that_went_is_seen_past_the_v2p_cache() {
    let (guest, vm) = guest(&[A, B]);
    let faults = FaultQueue::new();
    injected(event(&vm, &faults, &[A, B]));
    let fault = vm.with(|vmi| {
        guest.page_in(A);
        guest.page_in(B);
        values(vmi, &[A, B], &SuppressedPages::new()).unwrap();
        guest.page_out(B);
        // Nobody has flushed the cache.
        injected(faults.run(vmi, |suppressed| values(vmi, &[A, B], suppressed)))
    });
    assert_eq!(fault.va, B);
}

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
        assert!(events < 20);
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
fn two_operations_in_one_handler() {
    let (guest, vm) = guest(&[A, B, C]);
    let faults = FaultQueue::new();
    let both = |vmi: &State<'_>| {
        let first = faults.run(vmi, |suppressed| values(vmi, &[A, B], suppressed))?;
        let second = faults.run(vmi, |suppressed| values(vmi, &[B, C], suppressed))?;
        Ok::<_, VmiError>([first, second].concat())
    };
    for page in [A, B, C] {
        assert_eq!(injected(vm.with(both)).va, page);
        guest.page_in(page);
    }
    let values = vm.with(both).unwrap();
    assert_eq!(values, [A, B, B, C].map(|page| Some(page.0 + 1)));
    // The first runs: missing A and B, with both, again when C is in.
    // The second: missing C, and with it.
    assert_eq!(faults.stats().operation_runs, 5);
}

#[test]
fn chains_are_followed_in_one_run_a_link() {
    #[probed]
    fn chain(vmi: &State<'_>) -> prober::Result<u64> {
        let b = vmi.read_va(A)?;
        let c = vmi.read_va(b?)?;
        let value = vmi.read_u64(c?)??;
        Ok(value)
    }
    let (guest, vm) = guest(&[]);
    guest.write_va(A, B);
    guest.write_va(B, C);
    guest.write_u64(C, 42);
    guest.page_out_all();
    let faults = FaultQueue::new();
    for page in [A, B, C] {
        let fault = injected(vm.with(|vmi| faults.run(vmi, |suppressed| chain(vmi, suppressed))));
        assert_eq!(fault.va, page);
        guest.page_in(page);
    }
    let value = vm.with(|vmi| faults.run(vmi, |suppressed| chain(vmi, suppressed)));
    assert_eq!(value.unwrap(), 42);
    assert_eq!(faults.stats().operation_runs, 4);
}

#[probed]
fn in_spaces(vmi: &State<'_>, faults: &[AddressContext]) -> prober::Result<Vec<Option<u8>>> {
    let mut values = Vec::new();
    for fault in faults {
        values.push(vmi.read_u8_in(*fault)?);
    }
    Ok(values)
}

#[test]
fn pages_of_other_roots_are_not_handed_out() {
    let (guest, vm) = guest(&[A]);
    let other = guest.new_space();
    other.write_u8(B, 7);
    other.page_out(B);
    let both = [
        AddressContext::new(B, other.root()),
        AddressContext::new(A, guest.root()),
    ];
    let faults = FaultQueue::new();
    let run = || vm.with(|vmi| faults.run(vmi, |suppressed| in_spaces(vmi, &both, suppressed)));
    assert_eq!(injected(run()), both[1]);
    guest.page_in(A);
    assert_eq!(batch(run()), [B]);
    let skipped =
        vm.with(|vmi| faults.run_or_skip(vmi, |suppressed| in_spaces(vmi, &both, suppressed)));
    assert!(skipped.unwrap().is_none());
    // Nothing stays pending, and nothing is held against the page.
    switch_root(&vm, other.root());
    assert_eq!(injected(run()), both[0]);
    other.page_in(B);
    assert_eq!(run().unwrap(), [Some(7), Some(1)]);
    assert_eq!(faults.stats().injections, 2);
}

#[test]
fn pages_of_the_kernel_half_are_handed_out_under_any_root() {
    let (guest, vm) = guest(&[]);
    guest.write_u8(KERNEL, 7);
    guest.page_out(KERNEL);
    let other = guest.new_space();
    let faults = FaultQueue::new();
    let under = [other.root(), guest.root()].map(|root| AddressContext::new(KERNEL, root));
    let run = || vm.with(|vmi| faults.run(vmi, |suppressed| in_spaces(vmi, &under, suppressed)));
    // One page, whatever the root.
    assert_eq!(injected(run()), under[0]);
    guest.page_in(KERNEL);
    assert_eq!(run().unwrap(), [Some(7), Some(7)]);
    assert_eq!(faults.stats().injections, 1);
}

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
    assert_eq!(faults.stats().operation_runs, 1024);
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
fn refuse_goes_by_address_under_kpti() {
    let (guest, vm) = guest(&[A]);
    let user = guest.new_space_without_kernel();
    let faults = FaultQueue::new();
    injected(event(&vm, &faults, &[A]));
    faults.refuse(AddressContext::new(A, user.root()));
    assert!(
        faults
            .suppressed()
            .contains(&AddressContext::new(A, guest.root()))
    );
    assert_eq!(event(&vm, &faults, &[A]).unwrap(), [None]);
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
fn forget_root_forgets_all_but_the_callers_and_the_kernel_half() {
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
    assert!(!now.contains(&a));
    assert!(now.contains(&b) && now.contains(&kernel));
    assert!(!faults.is_handed_out(&AddressContext::new(C, root)));
    // The thread is forgotten with it: its operation runs.
    let runs = faults.stats().operation_runs;
    assert_eq!(injected(event(&vm, &faults, &[A])).va, A);
    assert_eq!(faults.stats().operation_runs, runs + 1);
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

#[test]
fn run_or_skip_gives_none_for_what_is_not_to_be_had() {
    #[probed]
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
            #[probed(limit = 3)]
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
    #[probed]
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
         came_in: 0, refused: 0, given_up: 0, vetoed: 0 }, .. }"
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

#[test]
fn a_page_whose_tables_are_gone_is_dropped() {
    let (guest, vm) = guest(&[A, B]);
    let faults = FaultQueue::new();
    injected(event(&vm, &faults, &[A, B]));
    // The walk to both ends at a frame that is not there.
    let dead = Pa(0xf_ffff_f000);
    let result = vm.with(|vmi| {
        faults.run(vmi, |_| -> Result<(), VmiError> {
            let pages = [A, B].map(|va| AddressContext::new(va, dead));
            Err(VmiError::os(PageFaults::from_iter(pages)))
        })
    });
    // Still those of before.
    assert_eq!(injected(result).va, B);
    guest.page_in(A);
    guest.page_in(B);
    assert!(event(&vm, &faults, &[A, B]).is_ok());
}

/// All combinations of resident, paged out and unbacked pages, with losses:
/// the result is the plain one, in a bounded number of events.
#[test]
fn every_combination_ends_with_all_that_is_to_be_had() {
    const PAGES: [Va; 5] = [A, B, C, Va(0x40_0000), Va(0x50_0000)];
    for states in 0..3_u32.pow(5) {
        for lose in [0, 2, 3, 4] {
            let mut guest = Guest::new();
            let mut expected = Vec::new();
            let mut missing = 0;
            for (digit, page) in (0..).zip(PAGES) {
                guest.write_u64(page, page.0);
                let state = states / 3_u32.pow(digit) % 3;
                match state {
                    0 => {}
                    1 => guest.page_out(page),
                    _ => guest.unbacked(page),
                }
                missing += u64::from(state != 0);
                expected.push((state != 2).then_some(page.0));
            }
            guest.drop_every(lose);
            let vm = guest.vm();
            let faults = FaultQueue::new().max_injections(6);
            let mut events = 0;
            let result = loop {
                events += 1;
                assert!(events <= 1 + 2 * missing, "{states} {lose}");
                match event(&vm, &faults, &PAGES) {
                    Err(VmiError::Translation(fault)) => {
                        let mut refused = SuppressedPages::empty();
                        let one = PageFaults::from_iter([fault]);
                        PageIn::page_in(&mut guest, &one, &mut refused).unwrap();
                        refused.iter().for_each(|page| faults.refuse(*page));
                    }
                    result => break result.unwrap(),
                }
            };
            assert_eq!(result, expected, "{states} {lose}");
            let stats = faults.stats();
            assert_eq!(stats.operation_runs, 1 + u64::from(missing > 0));
            assert_eq!(stats.injections, missing + guest.counts().dropped);
            assert_eq!(stats.given_up, 0);
        }
    }
}
