use std::{fmt, marker::PhantomData};

use vmi_arch_amd64::{Amd64, Registers};
use vmi_core::{
    VmiCore, VmiSession, VmiState,
    os::{NoOS, VmiOs},
};

use super::{Guest, GuestDriver, registers};

/// Copies of frames that may be kept for readers before the GFN cache, which holds on to them, is flushed: 16 MiB.
const KEPT_SNAPSHOTS: usize = 4096;

/// A [`Guest`] as the code under test sees it: a `VmiCore`, an operating system, and registers.
///
/// Made by [`Guest::vm`]. vmi-core's caches are on, as they are by default.
///
/// ```
/// use prober::testing::Guest;
/// use vmi_core::Va;
///
/// let guest = Guest::new();
/// guest.write_utf16(Va(0x40_0000), "smss.exe");
///
/// let name = guest.vm().with(|vmi| vmi.read_string_utf16(Va(0x40_0000)))?;
/// assert_eq!(name, "smss.exe");
/// # Ok::<(), vmi_core::VmiError>(())
/// ```
pub struct Vm<Os = NoOS<GuestDriver>>
where
    Os: VmiOs<Architecture = Amd64, Driver = GuestDriver>,
{
    core: VmiCore<GuestDriver>,
    os: Os,
}

impl Vm {
    pub(super) fn without_os(guest: &Guest) -> Self {
        Self::new(guest, NoOS(PhantomData))
    }
}

impl<Os> Vm<Os>
where
    Os: VmiOs<Architecture = Amd64, Driver = GuestDriver>,
{
    pub(super) fn new(guest: &Guest, os: Os) -> Self {
        let core = VmiCore::new(GuestDriver::new(guest));
        Self {
            core: core.expect("vmi-core 0.13 always takes a driver"),
            os,
        }
    }

    /// Puts the processor in user mode (ring 3). It starts in kernel mode. The instruction and stack pointers become
    /// addresses of the user half, where nothing is mapped yet.
    #[must_use]
    pub fn user_mode(self) -> Self {
        let root = self.guest().root();
        self.core
            .driver()
            .set_current_registers(&registers::user_mode(root));
        self
    }

    /// Turns vmi-core's caches off: each read walks the page tables, and fetches every page from the driver.
    #[must_use]
    pub fn without_caches(mut self) -> Self {
        self.core.disable_gfn_cache();
        self.core.disable_v2p_cache();
        self
    }

    /// Runs `operation` as at the start of an event: the V2P cache is flushed first, because it keeps translations that
    /// [`Guest::page_out`] or [`Guest::unmap`] have made wrong. Within one run it is not flushed: if `operation`
    /// itself pages something out, call [`flush`](Self::flush) there.
    ///
    /// The registers are those of the start: what `operation` sets shows in the next run.
    pub fn with<R>(&self, operation: impl FnOnce(&VmiState<'_, Os>) -> R) -> R {
        self.flush();
        self.bound_snapshots();
        let registers = self.registers();
        let session = self.session();
        operation(&session.with_registers(&registers))
    }

    /// Forgets all translations of virtual addresses (V2P cache).
    pub fn flush(&self) {
        self.core.flush_v2p_cache();
    }

    /// A session without registers.
    #[must_use]
    pub fn session(&self) -> VmiSession<'_, Os> {
        VmiSession::new(&self.core, &self.os)
    }

    /// The core.
    #[must_use]
    pub fn core(&self) -> &VmiCore<GuestDriver> {
        &self.core
    }

    /// The guest, in the address space that this `Vm` was made for.
    #[must_use]
    pub fn guest(&self) -> &Guest {
        self.core.driver().guest()
    }

    /// The registers of the processor.
    #[must_use]
    pub fn registers(&self) -> Registers {
        self.core.driver().current_registers()
    }

    /// Changes registers, from the next run on.
    ///
    /// ```
    /// let vm = prober::testing::Guest::new().vm();
    /// vm.change_registers(|registers| registers.rsp = 0x7000_0000);
    /// assert_eq!(vm.with(|vmi| vmi.registers().rsp), 0x7000_0000);
    /// ```
    pub fn change_registers(&self, change: impl FnOnce(&mut Registers)) {
        let mut registers = self.registers();
        change(&mut registers);
        self.core.driver().set_current_registers(&registers);
    }

    /// Makes the thread of the current registers reach a breakpoint: the next event, after those that are waiting. It is
    /// delivered by vmi-core's `VmiSession::handle` to a handler that monitors breakpoints.
    ///
    /// A handler may inject a page fault. Then the guest serves it, and the event comes again.
    ///
    /// ```
    /// use prober::{amd64, testing::{Guest, GuestDriver}};
    /// use vmi_arch_amd64::{Amd64, EventMonitor, ExceptionVector};
    /// use vmi_core::{Va, VmiContext, VmiError, VmiEventResponse, VmiHandler, os::NoOS};
    ///
    /// #[derive(Default)]
    /// struct Handler {
    ///     value: Option<u64>,
    /// }
    ///
    /// impl VmiHandler<NoOS<GuestDriver>> for Handler {
    ///     type Output = u64;
    ///
    ///     fn handle_event(&mut self, vmi: VmiContext<NoOS<GuestDriver>>) -> VmiEventResponse<Amd64> {
    ///         vmi.flush_v2p_cache();
    ///         match vmi.read_u64(Va(0x40_0000)) {
    ///             Ok(value) => self.value = Some(value),
    ///             Err(VmiError::Translation(fault)) => {
    ///                 let fault = amd64::page_fault(vmi.registers(), fault);
    ///                 vmi.inject_interrupt(vmi.event().vcpu_id(), fault).expect("injected");
    ///             }
    ///             Err(error) => panic!("{error}"),
    ///         }
    ///         VmiEventResponse::default()
    ///     }
    ///
    ///     fn poll(&mut self) -> Option<u64> {
    ///         self.value
    ///     }
    /// }
    ///
    /// let guest = Guest::new();
    /// guest.write_u64(Va(0x40_0000), 42);
    /// guest.page_out(Va(0x40_0000));
    ///
    /// let vm = guest.vm();
    /// vm.breakpoint();
    /// let value = vm.session().handle(|session| {
    ///     session.monitor_enable(EventMonitor::interrupt(ExceptionVector::Breakpoint))?;
    ///     Ok(Handler::default())
    /// })?;
    /// assert_eq!(value, Some(42));
    /// assert_eq!(guest.counts().events, 2);
    /// # Ok::<(), VmiError>(())
    /// ```
    pub fn breakpoint(&self) {
        self.core
            .driver()
            .events()
            .push_breakpoint(&self.registers());
    }

    fn bound_snapshots(&self) {
        let guest = self.guest();
        if guest.counters().snapshots.get() > KEPT_SNAPSHOTS {
            self.core.flush_gfn_cache();
            guest.memory().borrow_mut().forget_snapshots();
        }
    }
}

impl<Os> fmt::Debug for Vm<Os>
where
    Os: VmiOs<Architecture = Amd64, Driver = GuestDriver>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vm")
            .field("driver", self.core.driver())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use vmi_core::Va;

    use super::{Guest, KEPT_SNAPSHOTS};

    #[test]
    fn copies_for_readers_are_bounded() {
        let guest = Guest::new();
        let vm = guest.vm();
        for value in 0..3 * KEPT_SNAPSHOTS as u64 {
            guest.write_u64(Va(0x1000), value);
            let read = vm.with(|vmi| vmi.read_u64(Va(0x1000)));
            assert_eq!(read.unwrap(), value);
            assert!(guest.counters().snapshots.get() <= KEPT_SNAPSHOTS + 5);
        }
    }
}
