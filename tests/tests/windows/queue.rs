//! The lists in an event loop: the faults of one event after the other, through a [`FaultQueue`].

use prober::{FaultQueue, ProbeError, amd64, testing::GuestDriver};
use vmi_arch_amd64::{Amd64, EventMonitor, ExceptionVector};
use vmi_core::{VmiContext, VmiError, VmiEventResponse, VmiHandler};
use vmi_os_windows::WindowsOs;

use super::lists::{ModuleRow, annotated, guest, modules};

/// Lists the modules of the current process at its breakpoint.
#[derive(Default)]
struct Handler {
    faults: FaultQueue,
    rows: Option<Vec<ModuleRow>>,
}

impl VmiHandler<WindowsOs<GuestDriver>> for Handler {
    type Output = Vec<ModuleRow>;

    fn handle_event(
        &mut self,
        vmi: VmiContext<'_, WindowsOs<GuestDriver>>,
    ) -> VmiEventResponse<Amd64> {
        vmi.flush_v2p_cache();
        let run = |suppressed: &_| annotated::modules(&vmi, suppressed);
        match self.faults.run_or_skip(&vmi, run) {
            Ok(rows) => self.rows = rows,
            Err(VmiError::Translation(fault)) => {
                let fault = amd64::page_fault(vmi.registers(), fault);
                let injected = vmi.inject_interrupt(vmi.event().vcpu_id(), fault);
                injected.expect("nothing is pending");
            }
            Err(error) => panic!("{error}"),
        }
        VmiEventResponse::default()
    }

    fn poll(&mut self) -> Option<Self::Output> {
        self.rows.take()
    }
}

#[test]
fn the_module_list_in_an_event_loop() -> Result<(), ProbeError> {
    let guest = guest();
    guest.page_out();
    let vm = guest.vm(500);
    vm.breakpoint();
    let rows = vm.session().handle(|session| {
        session.monitor_enable(EventMonitor::interrupt(ExceptionVector::Breakpoint))?;
        Ok(Handler::default())
    })?;
    assert_eq!(rows, Some(modules(&guest, 500)));
    Ok(())
}
