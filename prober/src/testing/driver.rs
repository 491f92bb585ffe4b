use std::{cell::RefCell, rc::Rc};

use vmi_arch_amd64::{Amd64, Registers};
use vmi_core::{
    Architecture as _, Gfn, VcpuId, VmiDriver, VmiError, VmiInfo, VmiMappedPage, VmiQueryRegisters,
    VmiRead, VmiSetRegisters, VmiWrite,
};

use super::{
    Guest, MissingFrame,
    events::Events,
    frame::{LivePage, PAGE_SIZE},
    registers,
};

/// The driver through which vmi-core sees a [`Guest`].
///
/// [`Guest::vm`] makes one; use it by itself to put a `VmiCore` of your own together.
/// It has one processor, whose translation root is that of the guest's handle.
///
/// The pages that it maps are live: each look at one shows what the frame holds by then, so vmi-core's cache of
/// mapped pages (GFN cache) hides no change. A `&[u8]` taken from a page keeps what it showed when it was taken.
///
/// A frame that the guest does not have is a [`MissingFrame`] behind [`VmiError::Driver`].
///
/// ```
/// use prober::testing::{Guest, GuestDriver};
/// use vmi_core::{Va, VmiCore};
///
/// let guest = Guest::new();
/// guest.write_u64(Va(0x1000), 42);
///
/// let core = VmiCore::new(GuestDriver::new(&guest))?;
/// assert_eq!(core.read_u64((Va(0x1000), guest.root()))?, 42);
/// # Ok::<(), vmi_core::VmiError>(())
/// ```
#[derive(Debug)]
pub struct GuestDriver {
    guest: Guest,
    registers: RefCell<Registers>,
    events: Events,
}

impl GuestDriver {
    /// A driver of a guest, its processor in kernel mode.
    #[must_use]
    pub fn new(guest: &Guest) -> Self {
        Self {
            registers: RefCell::new(registers::kernel_mode(guest.root())),
            guest: guest.clone(),
            events: Events::default(),
        }
    }

    /// The guest, in the address space that the driver was made for.
    #[must_use]
    pub fn guest(&self) -> &Guest {
        &self.guest
    }

    pub(super) fn events(&self) -> &Events {
        &self.events
    }

    pub(super) fn current_registers(&self) -> Registers {
        *self.registers.borrow()
    }

    pub(super) fn set_current_registers(&self, registers: &Registers) {
        self.registers.borrow_mut().clone_from(registers);
    }

    fn map(&self, gfn: Gfn) -> Result<VmiMappedPage, VmiError> {
        let memory = self.guest.memory().borrow();
        let frame = memory.frame(gfn);
        let frame = frame.ok_or_else(|| VmiError::driver(MissingFrame(gfn)))?;
        Ok(VmiMappedPage::new(LivePage(Rc::clone(frame))))
    }
}

impl VmiDriver for GuestDriver {
    type Architecture = Amd64;

    fn info(&self) -> Result<VmiInfo, VmiError> {
        Ok(VmiInfo {
            page_size: Amd64::PAGE_SIZE,
            page_shift: Amd64::PAGE_SHIFT,
            max_gfn: self.guest.memory().borrow().max_gfn(),
            vcpus: 1,
        })
    }
}

impl VmiRead for GuestDriver {
    fn read_page(&self, gfn: Gfn) -> Result<VmiMappedPage, VmiError> {
        self.guest.counters().add(|counts| counts.fetches += 1);
        self.map(gfn)
    }
}

impl VmiWrite for GuestDriver {
    fn write_page(&self, gfn: Gfn, offset: u64, content: &[u8]) -> Result<VmiMappedPage, VmiError> {
        let page = self.map(gfn)?;
        let offset = usize::try_from(offset).unwrap_or(PAGE_SIZE);
        if content.len() > PAGE_SIZE.saturating_sub(offset) {
            return Err(VmiError::OutOfBounds);
        }
        self.guest.counters().add(|counts| counts.writes += 1);
        let memory = self.guest.memory().borrow();
        memory.write_frame(gfn, offset, content);
        Ok(page)
    }
}

impl VmiQueryRegisters for GuestDriver {
    fn registers(&self, vcpu: VcpuId) -> Result<Registers, VmiError> {
        only_processor(vcpu)?;
        Ok(self.current_registers())
    }
}

impl VmiSetRegisters for GuestDriver {
    fn set_registers(&self, vcpu: VcpuId, registers: Registers) -> Result<(), VmiError> {
        only_processor(vcpu)?;
        self.set_current_registers(&registers);
        Ok(())
    }
}

pub(super) fn only_processor(vcpu: VcpuId) -> Result<(), VmiError> {
    match vcpu {
        VcpuId(0) => Ok(()),
        _ => Err(VmiError::OutOfBounds),
    }
}
