//! The guest as a tool sees it that lists processes: several programs, stopped wherever they are.

use std::{
    cell::RefCell,
    collections::HashMap,
    path::{Path, PathBuf},
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use vmi_arch_amd64::{Cr3, Interrupt, Registers, SegmentDescriptor};
use vmi_core::{Pa, Va, VmiCore, VmiQueryRegisters as _, VmiSession, VmiState, VmiVmControl as _};
use vmi_os_linux::LinuxOs;

use super::{btf::Btf, profile::LinuxProfile};
use crate::{
    driver::{LiveDriver, USER_READ, VCPU, is_user_mode, root},
    gdb::{Gdb, Register},
    guest::{BOOT_LIMIT, FAULT_LIMIT},
    layout::Info,
    qemu::Qemu,
    ram::Ram,
};

/// With page-table isolation, the bit in which the roots of a process differ: set in user mode.
const USER_ROOT: u64 = 1 << 12;
/// How long the guest runs between two stops: less than a turn of its scheduler.
const TURN: Duration = Duration::from_millis(1);

pub(crate) struct LinuxGuest {
    // In this order: the connection is closed before the emulator is ended.
    vmi: VmiCore<LiveDriver>,
    qemu: RefCell<Qemu>,
    symbols: HashMap<String, u64>,
    /// Of the program's `struct info`, in each process at the same address.
    info: Va,
    isolated: bool,
}

impl LinuxGuest {
    /// Boots the guest with its workers, with or without page-table isolation, and stops it.
    pub(crate) fn boot(images: &Path, isolated: bool) -> Result<Self> {
        let isolation = if isolated { "pti=on" } else { "pti=off" };
        let mut qemu = Qemu::start(images, &format!("workers=yes {isolation}"))?;
        let info = qemu.wait_for_line("READY 0x", BOOT_LIMIT)?;
        let info = Va(u64::from_str_radix(&info, 16).context("the READY line")?);
        let symbols = qemu.serial().lines().filter_map(symbol).collect();
        let gdb = Gdb::attach(qemu.connect()?).context("cannot attach to the gdbstub")?;
        let mut vmi = VmiCore::new(LiveDriver::new(Ram::map(&qemu.ram())?, gdb)?)?;
        // Its pages are copies, and page tables are pages.
        vmi.disable_gfn_cache();
        let guest = Self {
            vmi,
            qemu: qemu.into(),
            symbols,
            info,
            isolated,
        };
        guest.stop_in_user_mode(|_| true)?;
        let raw = guest.driver().raw_registers()?.get(Register::CR3);
        ensure!(
            !isolated || raw & USER_ROOT != 0,
            "the kernel does not isolate its page tables"
        );
        Ok(guest)
    }

    pub(crate) fn driver(&self) -> &LiveDriver {
        self.vmi.driver()
    }

    /// Holds what belongs to this guest, and goes with it.
    pub(crate) fn folder(&self) -> PathBuf {
        self.qemu.borrow().folder().to_owned()
    }

    /// Injects a user's read fault into the stopped process.
    pub(crate) fn inject(&self, page: Va) -> Result<()> {
        let interrupt = Interrupt::page_fault(page, USER_READ);
        Ok(self.vmi.inject_interrupt(VCPU, interrupt)?)
    }

    /// The kernel has said nothing of an error of its own, nor of one of a program's.
    pub(crate) fn kernel_is_well(&self) -> Result<()> {
        for line in self.qemu.borrow().serial().lines() {
            let is_bad = ["BUG", "Oops", "panic", "segfault"]
                .iter()
                .any(|bad| line.contains(bad));
            ensure!(!is_bad, "the guest said: {line}");
        }
        Ok(())
    }

    pub(crate) fn symbol(&self, name: &str) -> Result<u64> {
        let address = self.symbols.get(name).copied();
        address.with_context(|| format!("the guest did not say where {name} is"))
    }

    /// Makes the profile out of the type descriptions in the kernel's memory.
    pub(crate) fn profile(&self) -> Result<LinuxProfile> {
        let (start, end) = (self.symbol("__start_BTF")?, self.symbol("__stop_BTF")?);
        let mut bytes = vec![0; usize::try_from(end - start)?];
        let root = Pa(self.registers()?.cr3.0);
        self.vmi.read((Va(start), root), &mut bytes)?;
        LinuxProfile::new(&Btf::parse(&bytes)?, &self.symbols)
    }

    /// The registers as a tool needs them: with the kernel's root, and what the stub does not tell.
    pub(crate) fn registers(&self) -> Result<Registers> {
        let raw = self.driver().raw_registers()?;
        let registers = self.driver().registers(VCPU)?;
        Ok(Registers {
            cr3: Cr3(self.kernel_root(root(&raw)).0),
            gs: SegmentDescriptor {
                base: raw.get(Register::GS_BASE),
                ..registers.gs
            },
            shadow_gs: raw.get(Register::KERNEL_GS_BASE),
            msr_lstar: self.symbol("entry_SYSCALL_64")?,
            ..registers
        })
    }

    pub(crate) fn kernel_root(&self, root: Pa) -> Pa {
        if self.isolated {
            Pa(root.0 & !USER_ROOT)
        } else {
            root
        }
    }

    /// Hands `operation` what it needs to read the stopped guest.
    pub(crate) fn with_state<T>(
        &self,
        os: &LinuxOs<LiveDriver>,
        operation: impl FnOnce(&VmiState<LinuxOs<LiveDriver>>) -> T,
    ) -> Result<T> {
        let registers = self.registers()?;
        self.vmi.flush_v2p_cache();
        let session = VmiSession::new(&self.vmi, os);
        Ok(operation(&session.with_registers(&registers)))
    }

    /// Lets the guest run until it is in user mode, in a process whose root is wanted, and stops it.
    pub(crate) fn stop_in_user_mode(&self, is_wanted: impl Fn(Pa) -> bool) -> Result<()> {
        let deadline = Instant::now() + FAULT_LIMIT;
        loop {
            self.driver().resume()?;
            sleep(TURN);
            self.driver().pause()?;
            let raw = self.driver().raw_registers()?;
            if is_user_mode(&raw) && is_wanted(self.kernel_root(root(&raw))) {
                return Ok(());
            }
            ensure!(
                Instant::now() < deadline,
                "no process that is wanted within {FAULT_LIMIT:?}; {}",
                self.qemu.borrow_mut().last_seen()
            );
        }
    }

    /// What the program of a process says of itself.
    pub(crate) fn info(&self, root: Pa) -> Result<Info> {
        Ok(self.vmi.read_struct((self.info, root))?)
    }
}

/// A line `SYMBOL name 0xaddress`.
fn symbol(line: &str) -> Option<(String, u64)> {
    let (name, address) = line.strip_prefix("SYMBOL ")?.split_once(" 0x")?;
    Some((name.to_owned(), u64::from_str_radix(address, 16).ok()?))
}
