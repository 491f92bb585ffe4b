//! vmi-core's own event loop over the testing guest, with the faults of one event after the other.

use std::{cell::RefCell, io, rc::Rc};

use prober::{
    FaultQueue, SuppressedPages, amd64, probed,
    testing::{Guest, GuestDriver, Vm},
};
use vmi_arch_amd64::{
    Amd64, ControlRegister, EventMonitor, EventReason, ExceptionVector, Interrupt,
};
use vmi_core::{
    AddressContext, Gfn, MemoryAccess, Registers as _, Va, VcpuId, View, VmiContext, VmiError,
    VmiEventAction, VmiEventControl as _, VmiEventResponse, VmiFullDriver, VmiHandler,
    VmiQueryProtection as _, VmiSession, VmiState, VmiViewControl as _, VmiVmControl as _,
    os::NoOS,
};

#[path = "../../../prober/examples/event_loop.rs"]
#[allow(dead_code)] // Its `main`.
mod example;

use example::{ByHand, Counts, Plain, Probed, handle};

type Os = NoOS<GuestDriver>;

const A: Va = Va(0x10_0000);
const B: Va = Va(0x20_0000);
const C: Va = Va(0x30_0000);
const KERNEL: Va = Va(0xffff_f800_0010_0000);

/// The contract's table.
#[test]
fn the_three_ways_compared() {
    let count = |breakpoints, runs, reads, injections| Counts {
        breakpoints,
        runs,
        reads,
        injections,
    };
    let values = [1, 2, 3, 4, 0, 6, 7, 8].map(|value| (value != 0).then_some(value));
    for (lose, plain, by_hand, probed) in [
        (
            0,
            count(9, 9, 44, 8),
            count(9, 9, 72, 8),
            count(9, 2, 16, 8),
        ),
        (
            3,
            count(12, 12, 59, 11),
            count(12, 12, 96, 11),
            count(12, 2, 16, 11),
        ),
    ] {
        let expected = Some(values.to_vec());
        assert_eq!(
            handle(Plain::default(), lose).unwrap(),
            (expected.clone(), plain)
        );
        assert_eq!(
            handle(ByHand::default(), lose).unwrap(),
            (expected.clone(), by_hand)
        );
        assert_eq!(handle(Probed::default(), lose).unwrap(), (expected, probed));
    }
}

#[probed(options)]
fn read(vmi: &VmiState<'_, Os>, pages: &[Va]) -> prober::Result<Vec<Option<u64>>> {
    let mut values = Vec::new();
    for page in pages {
        values.push(vmi.read_u64(*page)?);
    }
    Ok(values)
}

/// Needs what it reads.
#[probed(options)]
fn need(vmi: &VmiState<'_, Os>, pages: &[Va]) -> prober::Result<Vec<u64>> {
    let mut values = Vec::new();
    for page in pages {
        values.push(vmi.read_u64(*page)?);
    }
    let mut needed = Vec::new();
    for value in values {
        needed.push(value?);
    }
    Ok(needed)
}

/// As vmi-utils' reactor deals with its handler: it injects a `Translation`, and any other error brings it down.
struct Reactor<H>(H);

impl<H> VmiHandler<Os> for Reactor<H>
where
    H: FnMut(&VmiContext<'_, Os>) -> Result<VmiEventResponse<Amd64>, VmiError>,
{
    type Output = ();

    fn handle_event(&mut self, vmi: VmiContext<'_, Os>) -> VmiEventResponse<Amd64> {
        vmi.flush_v2p_cache();
        let result = match (self.0)(&vmi) {
            Err(VmiError::Translation(fault)) => vmi
                .inject_interrupt(
                    vmi.event().vcpu_id(),
                    amd64::page_fault(vmi.registers(), fault),
                )
                .map(|()| VmiEventResponse::default()),
            result => result,
        };
        result.expect("dispatch")
    }
}

/// Monitors, and handles events until none is left.
fn react(
    vm: &Vm,
    handler: impl FnMut(&VmiContext<'_, Os>) -> Result<VmiEventResponse<Amd64>, VmiError>,
) {
    let session = vm.session();
    monitor(&session);
    drain(vm, &mut Reactor(handler));
}

fn monitor(session: &VmiSession<'_, Os>) {
    for vector in [ExceptionVector::Breakpoint, ExceptionVector::PageFault] {
        session
            .monitor_enable(EventMonitor::interrupt(vector))
            .unwrap();
    }
}

fn drain(vm: &Vm, handler: &mut impl VmiHandler<Os>) {
    let mut events = 0;
    loop {
        match vm
            .session()
            .wait_for_event(std::time::Duration::MAX, handler)
        {
            Ok(()) => events += 1,
            Err(VmiError::Timeout) => break,
            Err(error) => panic!("{error}"),
        }
        assert!(events < 1000, "the loop does not end");
    }
}

/// The page that the guest says it cannot serve.
fn exception(vmi: &VmiContext<'_, Os>) -> Option<AddressContext> {
    match vmi.event().reason() {
        EventReason::Interrupt(event) if event.interrupt.vector == ExceptionVector::PageFault => {
            Some(vmi.address_context(Va(event.interrupt.extra)))
        }
        _ => None,
    }
}

fn guest(pages: &[Va]) -> Guest {
    let guest = Guest::new();
    for page in pages {
        guest.write_u64(*page, page.0);
    }
    guest.page_out_all();
    guest
}

#[test]
fn unavailable_does_not_bring_the_tool_down() {
    let guest = guest(&[A, B]);
    guest.unbacked(B);
    let vm = guest.vm();
    for _ in 0..3 {
        vm.breakpoint();
    }
    let faults = FaultQueue::new();
    let (mut handled, mut refused) = (0, 0);
    react(&vm, |vmi| {
        if let Some(fault) = exception(vmi) {
            faults.refuse(fault);
            refused += 1;
            return Ok(VmiEventResponse::default());
        }
        let values = faults.run_or_skip(vmi, |suppressed| need(vmi, &[A, B], suppressed))?;
        assert!(values.is_none());
        handled += 1;
        Ok(VmiEventResponse::default())
    });
    assert_eq!((handled, refused), (3, 1));
    assert_eq!(faults.stats().injections, 2);
}

#[test]
fn threads_take_turns() {
    let guest = guest(&[A, B, C]);
    guest.drop_every(3);
    let vm = guest.vm();
    for thread in 0..5 {
        vm.change_registers(|registers| registers.rsp += thread * 0x1000);
        vm.breakpoint();
    }
    let faults = FaultQueue::new();
    let mut handled = Vec::new();
    let mut order = Vec::new();
    react(&vm, |vmi| {
        order.push(vmi.registers().rsp);
        let values = faults.run_or_skip(vmi, |suppressed| read(vmi, &[A, B, C], suppressed))?;
        assert_eq!(values, Some([A, B, C].map(|page| Some(page.0)).to_vec()));
        handled.push(vmi.registers().rsp);
        Ok(VmiEventResponse::default())
    });
    handled.sort_unstable();
    handled.dedup();
    assert_eq!(handled.len(), 5, "each thread once, with its own stack");
    assert!(order[..5].is_sorted(), "each came before any came back");
    assert_eq!(faults.stats().given_up, 0);
}

#[test]
fn a_guest_that_loses_everything_gets_no_further_injections() {
    let guest = guest(&[A, B]);
    guest.drop_every(1);
    let vm = guest.vm();
    vm.breakpoint();
    vm.breakpoint();
    let faults = FaultQueue::new();
    let mut handled = 0;
    react(&vm, |vmi| {
        let values = faults.run_or_skip(vmi, |suppressed| read(vmi, &[A, B], suppressed))?;
        assert_eq!(values, Some(vec![None, None]));
        handled += 1;
        Ok(VmiEventResponse::default())
    });
    assert_eq!(handled, 2);
    assert!(faults.stats().injections <= 6);
    assert_eq!(guest.counts().dropped, faults.stats().injections);
}

#[test]
fn a_busy_processor_loses_the_injection() {
    let guest = guest(&[A, B]);
    let vm = guest.vm();
    vm.breakpoint();
    let faults = FaultQueue::new();
    let (mut busy, mut events) = (0, 0);
    let mut values = None;
    let other = guest.new_space();
    let handler = |vmi: &VmiContext<'_, Os>| {
        events += 1;
        let vcpu = vmi.event().vcpu_id();
        if events % 2 == 1 {
            // Another tool was faster.
            vmi.inject_interrupt(vcpu, Interrupt::page_fault(Va(0x7000_0000), 0))?;
        }
        match faults.run(vmi, |suppressed| read(vmi, &[A, B], suppressed)) {
            Err(VmiError::Translation(fault)) => {
                match vmi.inject_interrupt(vcpu, amd64::page_fault(vmi.registers(), fault)) {
                    Err(VmiError::Io(error)) if error.kind() == io::ErrorKind::ResourceBusy => {
                        busy += 1;
                    }
                    result => result?,
                }
            }
            result => values = Some(result?),
        }
        Ok(VmiEventResponse::default())
    };
    // The other tool's page is there.
    other.write_u64(Va(0x7000_0000), 0);
    other.alias(Va(0x7000_0000), &guest, Va(0x7000_0000));
    react(&vm, handler);
    assert_eq!(values, Some([A, B].map(|page| Some(page.0)).to_vec()));
    assert!(busy > 0);
    assert_eq!(faults.stats().given_up, 0);
}

#[test]
fn programs_are_spared_the_kernel_half() {
    let guest = guest(&[A, KERNEL]);
    let vm = guest.vm().user_mode();
    vm.breakpoint();
    let faults = FaultQueue::new();
    let mut skipped = 0;
    react(&vm, |vmi| {
        assert!(
            exception(vmi).is_none(),
            "an access violation of the program"
        );
        if faults
            .run_or_skip(vmi, |suppressed| need(vmi, &[KERNEL, A], suppressed))?
            .is_none()
        {
            skipped += 1;
        }
        Ok(VmiEventResponse::default())
    });
    assert_eq!(skipped, 1);
    assert_eq!(guest.counts().injected, 1);
}

#[test]
fn an_exception_ends_the_thread_unless_the_handler_takes_it() {
    // (monitored, action) -> how often the thread comes to its breakpoint.
    for (monitored, action, expected) in [
        (true, VmiEventAction::Continue, 2),
        (true, VmiEventAction::ReinjectInterrupt, 1),
        (false, VmiEventAction::Continue, 1),
    ] {
        let guest = guest(&[]);
        let vm = guest.vm();
        vm.breakpoint();
        let session = vm.session();
        monitor(&session);
        if !monitored {
            let page_faults = EventMonitor::interrupt(ExceptionVector::PageFault);
            session.monitor_disable(page_faults).unwrap();
        }
        let (mut breakpoints, mut exceptions) = (0, Vec::new());
        let handler = |vmi: &VmiContext<'_, Os>| {
            if let Some(fault) = exception(vmi) {
                exceptions.push(fault);
                return Ok(VmiEventResponse {
                    action,
                    ..VmiEventResponse::default()
                });
            }
            breakpoints += 1;
            if breakpoints == 1 {
                vmi.read_u8(A)?;
            }
            Ok(VmiEventResponse::default())
        };
        drain(&vm, &mut Reactor(handler));
        assert_eq!(breakpoints, expected);
        let expected = AddressContext::new(A, guest.root());
        assert_eq!(exceptions, [expected].repeat(usize::from(monitored)));
        assert_eq!(guest.counts().refused, 1);
    }
}

#[test]
fn the_response_sets_registers() {
    let guest = guest(&[A]);
    let vm = guest.vm();
    vm.breakpoint();
    let mut seen = Vec::new();
    react(&vm, |vmi| {
        seen.push(vmi.registers().rax);
        if seen.len() == 1 {
            let fault = Interrupt::page_fault(A, 0);
            vmi.inject_interrupt(vmi.event().vcpu_id(), fault)?;
        }
        let mut registers = vmi.registers().gp_registers();
        registers.rax = 42;
        Ok(VmiEventResponse {
            registers: Some(registers),
            ..VmiEventResponse::default()
        })
    });
    assert_eq!(seen, [0, 42]);
}

#[test]
fn what_is_not_monitored_is_not_delivered() {
    let guest = guest(&[]);
    let vm = guest.vm();
    let driver = vm.core().driver();
    let breakpoints = EventMonitor::interrupt(ExceptionVector::Breakpoint);
    vm.breakpoint();
    assert_eq!(driver.events_pending(), 0);
    driver.monitor_enable(breakpoints).unwrap();
    assert_eq!(driver.events_pending(), 1);
    driver.reset_state().unwrap();
    assert_eq!(driver.events_pending(), 0);
    drain(
        &vm,
        &mut Reactor(|_: &VmiContext<'_, Os>| panic!("not monitored")),
    );
    assert_eq!(guest.counts().events, 0);
}

#[test]
fn what_the_driver_cannot_do_is_an_error() {
    let guest = guest(&[]);
    let vm = guest.vm();
    let driver = vm.core().driver();
    let cr3 = EventMonitor::register(ControlRegister::Cr3).into();
    assert!(matches!(
        driver.monitor_enable(cr3),
        Err(VmiError::NotSupported)
    ));
    assert!(matches!(driver.allocate_gfn(), Err(VmiError::NotSupported)));
    let breakpoint = driver.inject_interrupt(VcpuId(0), Interrupt::breakpoint(1));
    assert!(matches!(breakpoint, Err(VmiError::NotSupported)));
    let elsewhere = driver.inject_interrupt(VcpuId(1), Interrupt::page_fault(A, 0));
    assert!(matches!(elsewhere, Err(VmiError::OutOfBounds)));
    assert!(vm.session().core().pause_guard().is_ok());
}

/// What handlers are often generic over.
#[test]
fn the_driver_is_a_full_one() {
    fn full<D: VmiFullDriver>(driver: &D) -> &D {
        driver
    }
    let guest = guest(&[A]);
    let gfn = guest.frame(A).unwrap();
    let vm = guest.vm();
    let driver = full(vm.core().driver());
    let view = driver.default_view();
    driver.switch_to_view(view).unwrap();
    assert_eq!(driver.memory_access(gfn, view).unwrap(), MemoryAccess::RWX);
    let made = driver.create_view(MemoryAccess::R);
    assert!(matches!(made, Err(VmiError::NotSupported)));
    let other = driver.memory_access(gfn, View(1));
    assert!(matches!(other, Err(VmiError::ViewNotFound)));
    let missing = driver.memory_access(Gfn(0xf_ffff), view);
    assert!(matches!(missing, Err(VmiError::Driver(_))));
}

/// A queue in a handler that is given to vmi-core's loop as it is, and a borrow of the handler in the operation.
#[test]
fn a_handler_with_state_of_its_own() {
    struct Handler {
        faults: FaultQueue,
        seen: Rc<RefCell<Vec<u64>>>,
        calls: u32,
    }

    impl Handler {
        #[probed(options)]
        fn look(&mut self, vmi: &VmiState<'_, Os>) -> Result<Vec<u64>, VmiError> {
            self.calls += 1;
            let a = vmi.read_u64(A)?;
            let b = vmi.read_u64(B)?;
            Ok(vec![a?, b?])
        }

        fn event(&mut self, vmi: &VmiContext<'_, Os>) -> Result<(), VmiError> {
            let faults = self.faults.clone();
            let found = faults.run_or_skip(vmi, |suppressed| self.look(vmi, suppressed))?;
            self.seen.borrow_mut().extend(found.into_iter().flatten());
            Ok(())
        }
    }

    impl VmiHandler<Os> for Handler {
        type Output = u32;

        fn handle_event(&mut self, vmi: VmiContext<'_, Os>) -> VmiEventResponse<Amd64> {
            vmi.flush_v2p_cache();
            if let Err(VmiError::Translation(fault)) = self.event(&vmi) {
                let fault = amd64::page_fault(vmi.registers(), fault);
                vmi.inject_interrupt(vmi.event().vcpu_id(), fault).unwrap();
            }
            VmiEventResponse::default()
        }

        fn poll(&mut self) -> Option<u32> {
            (!self.seen.borrow().is_empty()).then_some(self.calls)
        }
    }

    let guest = guest(&[A, B]);
    let vm = guest.vm();
    vm.breakpoint();
    let seen = Rc::new(RefCell::new(Vec::new()));
    let calls = vm.session().handle(|session| {
        monitor(session);
        Ok(Handler {
            faults: FaultQueue::with_suppressed(SuppressedPages::empty()),
            seen: Rc::clone(&seen),
            calls: 0,
        })
    });
    // A `VmiError` carries one fault of the batch, so each page takes a run.
    assert_eq!(calls.unwrap(), Some(3));
    assert_eq!(*seen.borrow(), [A.0, B.0]);
}
