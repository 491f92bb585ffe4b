//! The guest with several programs, which can be stopped wherever it is.

use std::{
    cell::RefCell,
    collections::HashMap,
    mem::offset_of,
    ops::Range,
    path::{Path, PathBuf},
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use prober::amd64;
use vmi_arch_amd64::{Amd64, Cr3, Interrupt, Registers, SegmentDescriptor};
use vmi_core::{
    AddressContext, Pa, Va, VmiCore, VmiQueryRegisters as _, VmiSession, VmiState,
    VmiVmControl as _, os::VmiOs,
};

use crate::{
    driver::{LiveDriver, VCPU, is_user_mode, root},
    gdb::{Gdb, RawRegisters, Register},
    guest::{BOOT_LIMIT, FAULT_LIMIT},
    layout::Info,
    qemu::Qemu,
    ram::Ram,
};

/// With page-table isolation, the bit in which the roots of a process differ: set in user mode.
const USER_ROOT: u64 = 1 << 12;
/// How long the guest runs between two stops: less than a turn of its scheduler.
pub(crate) const TURN: Duration = Duration::from_millis(1);

/// What the programs do; see `init.c`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Workers {
    Spinning,
    Calling,
}

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
    pub(crate) fn boot(images: &Path, workers: Workers, isolated: bool) -> Result<Self> {
        let workers = match workers {
            Workers::Spinning => "spinning",
            Workers::Calling => "calling",
        };
        let isolation = if isolated { "on" } else { "off" };
        let options = format!("workers={workers} pti={isolation}");
        let mut qemu = Qemu::start(images, &options)?;
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
        ensure!(guest.registers()?.cr4.smap_enable(), "SMAP is off");
        Ok(guest)
    }

    pub(crate) fn driver(&self) -> &LiveDriver {
        self.vmi.driver()
    }

    /// Holds what belongs to this guest, and goes with it.
    pub(crate) fn folder(&self) -> PathBuf {
        self.qemu.borrow().folder().to_owned()
    }

    /// Injects a page fault into whatever was interrupted.
    pub(crate) fn inject(&self, fault: AddressContext) -> Result<()> {
        self.inject_interrupt(amd64::page_fault(&self.registers()?, fault))
    }

    pub(crate) fn inject_interrupt(&self, interrupt: Interrupt) -> Result<()> {
        Ok(self.vmi.inject_interrupt(VCPU, interrupt)?)
    }

    /// The program of a process goes on, with its registers as they were, and without a signal.
    pub(crate) fn program_is_well(&self, root: Pa) -> Result<()> {
        let deadline = Instant::now() + FAULT_LIMIT;
        let before = self.info(root)?.heartbeat;
        // Two beats make a whole turn of its loop, in which all registers were compared.
        let info = loop {
            self.stop_in_user_mode(|stopped| stopped == root)?;
            let info = self.info(root)?;
            if info.heartbeat >= before + 2 {
                break info;
            }
            ensure!(Instant::now() < deadline, "{root} does not go on");
        };
        ensure!(info.mismatches == 0, "registers of {root} changed");
        ensure!(info.signals == 0, "{root} met a signal");
        Ok(())
    }

    /// The kernel has said nothing of an error of its own, nor of one of a program's; and process 1
    /// nothing of an end of another.
    pub(crate) fn kernel_is_well(&self) -> Result<()> {
        for line in self.qemu.borrow().serial().lines() {
            let is_bad = ["BUG", "Oops", "panic", "segfault", "ENDED"]
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

    pub(crate) fn symbols(&self) -> &HashMap<String, u64> {
        &self.symbols
    }

    /// Reads memory of the kernel.
    pub(crate) fn read_kernel(&self, range: Range<u64>) -> Result<Vec<u8>> {
        let mut bytes = vec![0; usize::try_from(range.end - range.start)?];
        let root = Pa(self.registers()?.cr3.0);
        self.vmi.read((Va(range.start), root), &mut bytes)?;
        Ok(bytes)
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
    pub(crate) fn with_state<Os, T>(
        &self,
        os: &Os,
        operation: impl FnOnce(&VmiState<Os>) -> T,
    ) -> Result<T>
    where
        Os: VmiOs<Architecture = Amd64, Driver = LiveDriver>,
    {
        let registers = self.registers()?;
        self.vmi.flush_v2p_cache();
        let session = VmiSession::new(&self.vmi, os);
        Ok(operation(&session.with_registers(&registers)))
    }

    /// Lets the guest run until it is in user mode, in a process whose root is wanted, and stops it.
    pub(crate) fn stop_in_user_mode(&self, is_wanted: impl Fn(Pa) -> bool) -> Result<()> {
        let deadline = Instant::now() + FAULT_LIMIT;
        loop {
            let raw = self.stop_after(TURN)?;
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

    /// Lets the guest run for a while, and stops it wherever it is then.
    pub(crate) fn stop_after(&self, time: Duration) -> Result<RawRegisters> {
        self.driver().resume()?;
        sleep(time);
        self.driver().pause()?;
        Ok(self.driver().raw_registers()?)
    }

    /// Lets the guest run until all of the texts are on the serial port, and stops it unless it has
    /// ended.
    pub(crate) fn run_until_said(&self, texts: &[&str]) -> Result<()> {
        let deadline = Instant::now() + FAULT_LIMIT;
        self.driver().resume()?;
        loop {
            let mut qemu = self.qemu.borrow_mut();
            // In this order: what it said before its end is to be seen.
            let has_ended = qemu.has_exited();
            let serial = qemu.serial();
            if texts.iter().all(|text| serial.contains(text)) {
                return if has_ended {
                    Ok(())
                } else {
                    Ok(self.driver().pause()?)
                };
            }
            ensure!(
                !has_ended && Instant::now() < deadline,
                "not said within {FAULT_LIMIT:?}: {texts:?}; {}",
                qemu.last_seen()
            );
            sleep(TURN);
        }
    }

    /// What the program of a process says of itself.
    pub(crate) fn info(&self, root: Pa) -> Result<Info> {
        Ok(self.vmi.read_struct((self.info, root))?)
    }

    /// Whether a program was asked to swap its pages out, and has not done so yet.
    pub(crate) fn is_swapping_out(&self, root: Pa) -> Result<bool> {
        Ok(self.driver().word(self.swap_out_flag(root))? != 0)
    }

    /// Asks a program to swap its pages out.
    pub(crate) fn ask_to_swap_out(&self, root: Pa) -> Result<()> {
        Ok(self.driver().set_words(self.swap_out_flag(root), &[1])?)
    }

    fn swap_out_flag(&self, root: Pa) -> AddressContext {
        AddressContext::new(self.info + offset_of!(Info, swap_out) as u64, root)
    }
}

/// A line `SYMBOL name 0xaddress`.
fn symbol(line: &str) -> Option<(String, u64)> {
    let (name, address) = line.strip_prefix("SYMBOL ")?.split_once(" 0x")?;
    Some((name.to_owned(), u64::from_str_radix(address, 16).ok()?))
}
