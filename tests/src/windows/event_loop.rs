//! An event loop in which the threads of processes come by in turn.

use prober::{
    FaultQueue, ProbeError, Step, amd64,
    testing::{GuestDriver, Vm, windows::WindowsGuest},
};
use vmi_arch_amd64::{Amd64, EventMonitor, EventReason, ExceptionVector};
use vmi_core::{AddressContext, Va, VmiContext, VmiError, VmiEventResponse, VmiHandler};
use vmi_os_windows::WindowsOs;

use super::State;
use crate::measured::Measured;

/// Takes steps of an operation at breakpoints of processes, in turn, in vmi-core's own loop, until the operation ends.
///
/// # Errors
///
/// That of the operation, and those of the session.
pub fn in_turn<T>(
    guest: &WindowsGuest,
    pids: &[u32],
    faults: &FaultQueue,
    step: impl FnMut(&State<'_>) -> Step<T, ProbeError>,
) -> Result<Measured<T>, ProbeError> {
    let vm = guest.vm(pids.first().copied().unwrap_or(super::CURRENT));
    for pid in pids {
        vm.change_registers(|registers| *registers = guest.registers(*pid, registers));
        vm.breakpoint();
    }
    guest.guest().reset_counts();
    let output = vm.session().handle(|session| {
        for vector in [ExceptionVector::Breakpoint, ExceptionVector::PageFault] {
            session.monitor_enable(EventMonitor::interrupt(vector))?;
        }
        Ok(Handler {
            vm: &vm,
            faults,
            step,
            result: None,
        })
    })?;
    let counts = guest.guest().counts();
    Ok(Measured {
        result: output.ok_or(VmiError::Timeout)??,
        runs: usize::try_from(faults.stats().operation_runs).unwrap_or(usize::MAX),
        batches: Vec::new(),
        suppressed: faults.suppressed(),
        paged_in: counts.paged_in,
        in_vain: counts.injected - counts.paged_in,
        reads: counts.reads,
    })
}

struct Handler<'a, T, F> {
    vm: &'a Vm<WindowsOs<GuestDriver>>,
    faults: &'a FaultQueue,
    step: F,
    result: Option<Result<T, ProbeError>>,
}

impl<T, F> Handler<'_, T, F> {
    fn inject(&mut self, vmi: &VmiContext<'_, WindowsOs<GuestDriver>>, fault: AddressContext) {
        let interrupt = amd64::page_fault(vmi.registers(), fault);
        if let Err(error) = vmi.inject_interrupt(vmi.event().vcpu_id(), interrupt) {
            self.result = Some(Err(error.into()));
        }
    }
}

impl<T, F> VmiHandler<WindowsOs<GuestDriver>> for Handler<'_, T, F>
where
    F: FnMut(&State<'_>) -> Step<T, ProbeError>,
{
    type Output = Result<T, ProbeError>;

    fn handle_event(
        &mut self,
        vmi: VmiContext<'_, WindowsOs<GuestDriver>>,
    ) -> VmiEventResponse<Amd64> {
        // The guest has run since the last event.
        vmi.flush_v2p_cache();
        let EventReason::Interrupt(event) = vmi.event().reason() else {
            return VmiEventResponse::default();
        };
        if event.interrupt.vector == ExceptionVector::PageFault {
            self.faults.refuse_at(&vmi, Va(event.interrupt.extra));
            return VmiEventResponse::default();
        }
        match (self.step)(&vmi) {
            Step::Done(value) => self.result = Some(Ok(value)),
            Step::Inject(fault) => self.inject(&vmi, fault),
            // This process cannot help now; it comes by again.
            Step::NotNow(_) => self.vm.breakpoint(),
            Step::Unavailable(reason) => self.result = Some(Err(reason.into())),
            Step::Failed(error) => self.result = Some(Err(error)),
            _ => self.result = Some(Err(VmiError::NotSupported.into())),
        }
        VmiEventResponse::default()
    }

    fn poll(&mut self) -> Option<Self::Output> {
        self.result.take()
    }
}
