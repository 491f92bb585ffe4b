//! For event loops on amd64: when a page fault may be injected, and which.
//!
//! A page fault that is injected at a wrong moment is a fault of the guest's
//! own: a program is killed, or the kernel stops. So give a
//! [`FaultQueue`](crate::FaultQueue) the veto of the guest's operating system,
//! and inject what [`page_fault`] makes of what the queue hands out:
//!
//! ```
//! use prober::{FaultQueue, amd64};
//! use vmi_arch_amd64::Amd64;
//! use vmi_core::{AddressContext, VmiContext, VmiError, VmiOs, VmiVmControl};
//!
//! fn queue() -> FaultQueue {
//!     FaultQueue::new().may_inject(amd64::linux_veto)
//! }
//!
//! fn inject<Os>(vmi: &VmiContext<'_, Os>, fault: AddressContext) -> Result<(), VmiError>
//! where
//!     Os: VmiOs<Architecture = Amd64>,
//!     Os::Driver: VmiVmControl,
//! {
//!     let interrupt = amd64::page_fault(vmi.registers(), fault);
//!     vmi.inject_interrupt(vmi.event().vcpu_id(), interrupt)
//! }
//! ```
//!
//! | interrupted | [`windows_veto`] lets through | [`linux_veto`] lets through |
//! |---|---|---|
//! | in ring 3 | pages of the user half | pages of the user half |
//! | in ring 0 | pages of either half | nothing |
//! | while interrupts are off | nothing | nothing |
//!
//! No kernel can wait for a page while interrupts are off. For every other page
//! the answer is [`NotNow`](MayInject::NotNow): it may be injected at a later
//! event.
//!
//! # What the registers do not say
//!
//! The vetoes look at the ring (the privilege level of `cs`) and at
//! `RFLAGS.IF`. Nothing in [`Registers`] says
//!
//! - which IRQL Windows runs at. That is in CR8. A fault that has to wait for a
//!   page is a bug check from `DISPATCH_LEVEL` on, and code that is interrupted
//!   at `APC_LEVEL` may hold the very locks that the fault needs. Have events
//!   in ring 0 only where the kernel could take a fault by itself, such as at
//!   the entry of a system call;
//! - that an interrupt or exception is pending already. Then the hypervisor
//!   refuses the injection, or loses one of the two;
//! - whether anything backs the page.

use vmi_arch_amd64::{Interrupt, Registers};
use vmi_core::AddressContext;

use crate::{MayInject, page::is_kernel_half};

/// The bit of an error code that says that ring 3 faults. Bits 0 and 1 stay
/// clear: the page is not present, and it is read.
const USER: u32 = 1 << 2;

/// The veto for a Windows guest, for
/// [`FaultQueue::may_inject`](crate::FaultQueue::may_inject).
///
/// In ring 0 Windows takes faults on pages of either half: it pages its own
/// memory too, and looks at that of programs. In ring 3 it takes a fault in the
/// kernel's half for an access violation of the program.
///
/// It cannot see the IRQL: see [the module](self).
///
/// ```
/// use prober::{FaultQueue, amd64};
///
/// let faults = FaultQueue::new().may_inject(amd64::windows_veto);
/// ```
#[must_use]
pub fn windows_veto(registers: &Registers, fault: &AddressContext) -> MayInject {
    let refused_to_programs = is_user_mode(registers) && is_kernel_half(fault.va);
    answer(registers, !refused_to_programs)
}

/// The veto for a Linux guest, for
/// [`FaultQueue::may_inject`](crate::FaultQueue::may_inject).
///
/// In ring 0 Linux takes no fault that it does not expect. Its own memory is
/// not paged, so a fault there is a bug. So is one on a page of a program: the
/// kernel reads those at a few marked instructions only, and with SMAP any
/// other is an oops, which kills the program or stops the guest. In ring 3 a
/// fault in the kernel's half is a SIGSEGV.
///
/// So pages come in only at events in user mode. For the limits of this veto,
/// see [the module](self).
///
/// ```
/// use prober::{FaultQueue, amd64};
///
/// let faults = FaultQueue::new().may_inject(amd64::linux_veto);
/// ```
#[must_use]
pub fn linux_veto(registers: &Registers, fault: &AddressContext) -> MayInject {
    answer(
        registers,
        is_user_mode(registers) && !is_kernel_half(fault.va),
    )
}

/// The page fault to inject: a read of a page that is not present, by the ring
/// that was interrupted.
///
/// The error code has to say so (bit 2) when that is ring 3. With 0, which
/// vmi-utils' reactor sends, a Linux guest with SMAP takes the fault of a
/// program for one of its own, and kills the program.
///
/// ```
/// use prober::amd64;
/// use vmi_arch_amd64::Registers;
/// use vmi_core::{AddressContext, Pa, Va};
///
/// let fault = AddressContext::new(Va(0x40_0000), Pa(0x1000));
/// let mut registers = Registers::default();
/// registers.cs.selector = 0x10_u16.into();
/// assert_eq!(amd64::page_fault(&registers, fault).error_code, 0);
///
/// registers.cs.selector = 0x33_u16.into();
/// assert_eq!(amd64::page_fault(&registers, fault).error_code, 4);
/// ```
#[must_use]
pub fn page_fault(registers: &Registers, fault: AddressContext) -> Interrupt {
    let error_code = if is_user_mode(registers) { USER } else { 0 };
    Interrupt::page_fault(fault.va, error_code)
}

/// Whether the processor was interrupted in ring 3.
pub(crate) fn is_user_mode(registers: &Registers) -> bool {
    registers.cs.selector.request_privilege_level() == 3
}

/// No kernel can wait for a page while interrupts are off.
fn answer(registers: &Registers, may_fault: bool) -> MayInject {
    if may_fault && registers.rflags.interrupt_enable() {
        MayInject::Now
    } else {
        MayInject::NotNow
    }
}

#[cfg(test)]
mod tests {
    use vmi_arch_amd64::{ExceptionVector, InterruptType, Rflags, SegmentDescriptor};
    use vmi_core::{Pa, Va};

    use super::*;

    const USER_HALF: [Va; 2] = [Va(0x40_0123), Va(0x7fff_ffff_ffff)];
    const KERNEL_HALF: [Va; 2] = [Va(0xffff_8000_0000_0000), Va(0xffff_f800_0010_0123)];

    fn registers(ring: u32, interrupts: bool) -> Registers {
        let segment = SegmentDescriptor {
            selector: (0x30 | ring).into(),
            ..SegmentDescriptor::default()
        };
        Registers {
            cs: segment,
            rflags: Rflags(if interrupts { 0x202 } else { 0x002 }),
            ..Registers::default()
        }
    }

    fn fault(va: Va) -> AddressContext {
        AddressContext::new(va, Pa(0x1000))
    }

    /// The table in the documentation.
    #[test]
    fn what_the_vetoes_let_through() {
        for (ring, interrupts, addresses, windows, linux) in [
            (3, true, USER_HALF, true, true),
            (3, true, KERNEL_HALF, false, false),
            (3, false, USER_HALF, false, false),
            (3, false, KERNEL_HALF, false, false),
            (0, true, USER_HALF, true, false),
            (0, true, KERNEL_HALF, true, false),
            (0, false, USER_HALF, false, false),
            (0, false, KERNEL_HALF, false, false),
        ] {
            let registers = registers(ring, interrupts);
            for va in addresses {
                let told = format!("{va} in ring {ring}, interrupts: {interrupts}");
                for (veto, lets_through) in [
                    (windows_veto as fn(&_, &_) -> _, windows),
                    (linux_veto, linux),
                ] {
                    let expected = if lets_through {
                        MayInject::Now
                    } else {
                        MayInject::NotNow
                    };
                    assert_eq!(veto(&registers, &fault(va)), expected, "{told}");
                }
            }
        }
    }

    #[test]
    fn the_fault_says_who_faults() {
        for (ring, code) in [(0, 0), (3, 4)] {
            for va in [USER_HALF, KERNEL_HALF].concat() {
                let interrupt = page_fault(&registers(ring, true), fault(va));
                assert_eq!(interrupt.error_code, code);
                assert_eq!(interrupt.extra, va.0, "the exact address");
                assert_eq!(interrupt.vector, ExceptionVector::PageFault);
                assert_eq!(interrupt.typ, InterruptType::HardwareException);
                assert_eq!(interrupt.instruction_length, 0);
            }
        }
    }
}
