use std::io;

use vmi_arch_amd64::{ExceptionVector, Interrupt};
use vmi_core::{Gfn, VcpuId, VmiError, VmiVmControl};

use super::{GuestDriver, driver::only_processor};

/// An injected page fault is taken when the handler of the event is done; see the driver's `VmiEventControl` for what
/// the guest does with it. A second one before that fails with `io::ErrorKind::ResourceBusy` behind `VmiError::Io`, as
/// EBUSY of a hypervisor. Other interrupts, and frames of the tool's own, are `VmiError::NotSupported`.
impl VmiVmControl for GuestDriver {
    fn pause(&self) -> Result<(), VmiError> {
        Ok(())
    }

    fn resume(&self) -> Result<(), VmiError> {
        Ok(())
    }

    fn allocate_gfn(&self) -> Result<Gfn, VmiError> {
        Err(VmiError::NotSupported)
    }

    fn allocate_gfn_at(&self, _gfn: Gfn) -> Result<(), VmiError> {
        Err(VmiError::NotSupported)
    }

    fn free_gfn(&self, _gfn: Gfn) -> Result<(), VmiError> {
        Err(VmiError::NotSupported)
    }

    fn inject_interrupt(&self, vcpu: VcpuId, interrupt: Interrupt) -> Result<(), VmiError> {
        only_processor(vcpu)?;
        if interrupt.vector != ExceptionVector::PageFault {
            return Err(VmiError::NotSupported);
        }
        if !self.events().inject(interrupt) {
            return Err(io::Error::from(io::ErrorKind::ResourceBusy).into());
        }
        Ok(())
    }

    fn reset_state(&self) -> Result<(), VmiError> {
        self.events().stop_monitoring();
        Ok(())
    }
}
