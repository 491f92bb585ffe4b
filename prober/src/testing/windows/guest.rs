use std::fmt;

use vmi_arch_amd64::{Amd64, Registers};
use vmi_core::{Pa, Va, VmiRead};
use vmi_os_windows::WindowsOs;

use super::{
    Module, Process, WindowsProfile,
    symbols::{KERNEL_BASE, address},
};
use crate::testing::{Guest, GuestDriver, Vm};

/// A Windows guest that a [`WindowsBuilder`](super::WindowsBuilder) has laid
/// out.
///
/// ```
/// use prober::testing::windows::{Process, WindowsBuilder};
/// use vmi_core::os::{VmiOsExt as _, VmiOsProcess as _};
///
/// let windows = WindowsBuilder::new().process(Process::new(700, "lsass.exe")).build();
/// let name = windows.vm(700).with(|vmi| vmi.os().current_process()?.name())?;
/// assert_eq!(name, windows.processes()[1].name);
/// # Ok::<(), vmi_core::VmiError>(())
/// ```
pub struct WindowsGuest {
    pub(super) guest: Guest,
    pub(super) drivers: Vec<Module>,
    pub(super) processes: Vec<Process>,
    pub(super) places: Vec<Place>,
    pub(super) paged_pool: Vec<Va>,
}

/// Where a process is.
pub(super) struct Place {
    pub(super) eprocess: Va,
    pub(super) kpcr: Va,
    pub(super) space: Guest,
    pub(super) user_space: Option<Guest>,
    pub(super) user_pages: Vec<Va>,
}

/// Functions that take a process ID panic when the guest has no such process.
impl WindowsGuest {
    /// The memory, in the address space of System.
    #[must_use]
    pub fn guest(&self) -> &Guest {
        &self.guest
    }

    /// The processes in the order of the kernel's list, System first. Their
    /// regions are complete, and sorted by address.
    #[must_use]
    pub fn processes(&self) -> &[Process] {
        &self.processes
    }

    /// The kernel's modules, in load order.
    #[must_use]
    pub fn drivers(&self) -> &[Module] {
        &self.drivers
    }

    /// Where the kernel is.
    #[must_use]
    pub fn kernel_base(&self) -> Va {
        KERNEL_BASE
    }

    /// The address space of a process, as the kernel runs in it.
    #[must_use]
    #[track_caller]
    pub fn space(&self, pid: u32) -> &Guest {
        &self.place(pid).space
    }

    /// The address space of a process as it runs in user mode, under KVA
    /// shadow. Of the kernel it has nothing.
    #[must_use]
    #[track_caller]
    pub fn user_space(&self, pid: u32) -> Option<&Guest> {
        self.place(pid).user_space.as_ref()
    }

    /// The address of a process's `_EPROCESS`.
    #[must_use]
    #[track_caller]
    pub fn eprocess(&self, pid: u32) -> Va {
        self.place(pid).eprocess
    }

    /// The pages of a process's user memory that hold something.
    #[must_use]
    #[track_caller]
    pub fn user_pages(&self, pid: u32) -> &[Va] {
        &self.place(pid).user_pages
    }

    /// The pages of the paged pool that hold something.
    #[must_use]
    pub fn paged_pool(&self) -> &[Va] {
        &self.paged_pool
    }

    /// Pages out what Windows may page out: all user memory and the paged pool.
    pub fn page_out(&self) {
        for va in &self.paged_pool {
            self.guest.page_out(*va);
        }
        for place in &self.places {
            for va in &place.user_pages {
                for space in std::iter::once(&place.space).chain(&place.user_space) {
                    space.page_out(*va);
                }
            }
        }
    }

    /// The operating system, for a driver of any kind: the guest's own, or that
    /// of a dump.
    ///
    /// # Panics
    ///
    /// Never: the profile has what `WindowsOs` asks for.
    #[must_use]
    pub fn os<Driver>(&self) -> WindowsOs<Driver>
    where
        Driver: VmiRead<Architecture = Amd64>,
    {
        let profile = WindowsProfile::new();
        let os = WindowsOs::with_kernel_base(&profile.view(), KERNEL_BASE);
        os.expect("the profile has what `WindowsOs` asks for")
    }

    /// The guest as the code under test sees it while a process is current, in
    /// kernel mode.
    #[must_use]
    #[track_caller]
    pub fn vm(&self, pid: u32) -> Vm<WindowsOs<GuestDriver>> {
        let vm = self.space(pid).vm_with_os(self.os());
        vm.change_registers(|registers| *registers = self.registers(pid, registers));
        vm
    }

    /// The given registers with what Windows keeps in them while a process is
    /// current.
    #[must_use]
    #[track_caller]
    pub fn registers(&self, pid: u32, registers: &Registers) -> Registers {
        let mut registers = *registers;
        let Pa(root) = self.space(pid).root();
        registers.cr3.0 = root;
        registers.gs.base = self.place(pid).kpcr.0;
        registers.shadow_gs = self.place(pid).kpcr.0;
        registers.msr_lstar = address("KiSystemCall64").0;
        registers
    }

    #[track_caller]
    fn place(&self, pid: u32) -> &Place {
        let index = self.processes.iter().position(|process| process.id == pid);
        match index {
            Some(index) => &self.places[index],
            None => panic!("the guest has no process {pid}"),
        }
    }
}

impl fmt::Debug for WindowsGuest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WindowsGuest")
            .field("guest", &self.guest)
            .field("drivers", &self.drivers)
            .field("processes", &self.processes)
            .finish_non_exhaustive()
    }
}
