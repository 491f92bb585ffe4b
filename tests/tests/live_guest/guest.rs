//! The guest as the test sees it: a program that spins, and can be stopped there.

use std::{
    cell::RefCell,
    marker::PhantomData,
    mem::offset_of,
    ops::Range,
    path::Path,
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use vmi_arch_amd64::Registers;
use vmi_core::{
    AddressContext, Pa, Va, VmiCore, VmiQueryRegisters as _, VmiSession, VmiState,
    VmiVmControl as _, os::NoOS,
};

use crate::{
    driver::{LiveDriver, VCPU, is_user_mode, root},
    gdb::{Gdb, RawRegisters, Register},
    layout::{Info, SETS, Set, Signal, TOUCH_MAX},
    qemu::Qemu,
    ram::Ram,
};

pub(crate) type Os = NoOS<LiveDriver>;
pub(crate) type Vmi<'a> = VmiState<'a, Os>;

/// How long the guest may take to boot, also with every processor busy.
pub(crate) const BOOT_LIMIT: Duration = Duration::from_mins(3);
/// How long it may take to serve a fault, or a batch of them.
pub(crate) const FAULT_LIMIT: Duration = Duration::from_secs(20);
/// How long to wait between two looks at it. Not at all would take the time from the guest.
const POLL_INTERVAL: Duration = Duration::from_micros(50);

pub(crate) struct Guest {
    // In this order: the connection is closed before the emulator is ended.
    vmi: VmiCore<LiveDriver>,
    qemu: RefCell<Qemu>,
    /// The program's page tables, its `struct info`, and what that said at the start.
    root: Pa,
    info: Va,
    start: Info,
    limit: Duration,
}

impl Guest {
    /// Boots the guest, and stops it in the loop of its program.
    pub(crate) fn boot(images: &Path) -> Result<Self> {
        let mut qemu = Qemu::start(images, "")?;
        let info = qemu.wait_for_line("READY 0x", BOOT_LIMIT)?;
        let info = Va(u64::from_str_radix(&info, 16).context("the READY line")?);
        let gdb = Gdb::attach(qemu.connect()?).context("cannot attach to the gdbstub")?;
        let driver = LiveDriver::new(Ram::map(&qemu.ram())?, gdb)?;
        let mut vmi = VmiCore::new(driver)?;
        // Its pages are copies, and page tables are pages.
        vmi.disable_gfn_cache();

        // There is one program only, so user mode is where it is.
        let deadline = Instant::now() + FAULT_LIMIT;
        let root = loop {
            let registers = vmi.driver().raw_registers()?;
            if is_user_mode(&registers) {
                break root(&registers);
            }
            ensure!(
                Instant::now() < deadline,
                "no user mode: {}",
                qemu.last_seen()
            );
            vmi.driver().resume()?;
            sleep(Duration::from_millis(1));
            vmi.driver().pause()?;
        };
        let start: Info = vmi.read_struct((info, root))?;
        ensure!(
            start.size == size_of::<Info>() as u64,
            "layout.rs is not init.c"
        );
        Ok(Self {
            vmi,
            qemu: qemu.into(),
            root,
            info,
            start,
            limit: FAULT_LIMIT,
        })
    }

    pub(crate) fn vmi(&self) -> &VmiCore<LiveDriver> {
        &self.vmi
    }

    pub(crate) fn qemu(&self) -> &RefCell<Qemu> {
        &self.qemu
    }

    pub(crate) fn set_limit(&mut self, limit: Duration) {
        self.limit = limit;
    }

    /// The structures, all of whose pages are absent yet.
    pub(crate) fn fresh_sets(&self) -> Result<[Set; SETS]> {
        for page in self.start.set.iter().flat_map(Set::pages) {
            let is_present = self.vmi.translate_address(self.context(page)).is_ok();
            ensure!(!is_present, "{page} is present from the start");
        }
        Ok(self.start.set)
    }

    /// What the program says of itself now.
    pub(crate) fn info(&self) -> Result<Info> {
        Ok(self.vmi.read_struct((self.info, self.root))?)
    }

    pub(crate) fn context(&self, address: Va) -> AddressContext {
        AddressContext::new(address, self.root)
    }

    /// The SIGSEGVs that the program has met, `known` of them left out.
    pub(crate) fn signals_after(&self, known: u64) -> Result<Vec<Signal>> {
        let info = self.info()?;
        let range = usize::try_from(known)?..usize::try_from(info.signals)?;
        let signals = info
            .signal
            .get(range)
            .context("more signals than the log can hold")?;
        Ok(signals.to_vec())
    }

    /// Hands `operation` what it needs to read the stopped guest.
    pub(crate) fn with_state<T>(
        &self,
        registers: &Registers,
        operation: impl FnOnce(&Vmi) -> T,
    ) -> T {
        let os = NoOS(PhantomData);
        let session = VmiSession::new(&self.vmi, &os);
        self.vmi.flush_v2p_cache();
        operation(&session.with_registers(registers))
    }

    /// Changes a register of the stopped guest, which the guest is to suffer from.
    pub(crate) fn change_register(
        &self,
        register: Register,
        change: impl FnOnce(u64) -> u64,
    ) -> Result<()> {
        let driver = self.vmi.driver();
        let mut registers = driver.raw_registers()?;
        registers.set(register, change(registers.get(register)));
        Ok(driver.set_raw_registers(&registers)?)
    }

    /// Lets the guest run until its program is back in its loop, and stops it there.
    ///
    /// After an injection that is when the fault is served, or has ended in a signal.
    pub(crate) fn next_event(&self) -> Result<Registers> {
        self.run_until(self.start.spin_start..self.start.spin_end)
            .and_then(|_| Ok(self.vmi.driver().registers(VCPU)?))
            .with_context(|| self.last_seen("the program is not back in its loop"))
    }

    /// Has the program itself touch the pages, in one go: real faults, and one stop for all.
    /// Returns the addresses that it could not read.
    pub(crate) fn touch(&self, addresses: &[Va]) -> Result<Vec<Va>> {
        let mut refused = Vec::new();
        for batch in addresses.chunks(TOUCH_MAX) {
            let failed = self
                .touch_batch(batch)
                .with_context(|| self.last_seen("the program did not touch all pages"))?;
            refused.extend(failed);
        }
        Ok(refused)
    }

    fn touch_batch(&self, batch: &[Va]) -> Result<Vec<Va>> {
        let driver = self.vmi.driver();
        let list = self.context(self.info + offset_of!(Info, touch) as u64);
        let words: Vec<_> = batch.iter().map(|address| address.0).collect();
        driver.set_words(list, &words)?;

        let interrupted = driver.raw_registers()?;
        ensure!(is_user_mode(&interrupted), "stopped in the kernel");
        let mut registers = interrupted.clone();
        registers.set(Register::RIP, self.start.touch_start);
        registers.set(Register::RDI, list.va.0);
        registers.set(Register::RSI, batch.len() as u64);
        driver.set_raw_registers(&registers)?;
        self.run_until(self.start.touch_wait..self.start.touch_end)?;
        driver.set_raw_registers(&interrupted)?;

        let mut refused = Vec::new();
        for (offset, address) in (0..).step_by(8).zip(batch) {
            if driver.word(list + offset)? != 0 {
                refused.push(*address);
            }
        }
        Ok(refused)
    }

    /// Lets the guest run until its program is in one of its two loops, and stops it there.
    ///
    /// While the heartbeat rests, the program is elsewhere: in the kernel, which serves a fault, or
    /// waiting for its turn. Two beats make a whole turn of the loop, in which all registers were
    /// compared. That is the moment; and yet a stop may come upon the kernel, for there are
    /// interrupts too.
    fn run_until(&self, place: Range<u64>) -> Result<RawRegisters> {
        let driver = self.vmi.driver();
        let heartbeat = self.context(self.info + offset_of!(Info, heartbeat) as u64);
        let deadline = Instant::now() + self.limit;
        loop {
            let before = driver.word(heartbeat)?;
            driver.resume()?;
            while driver.word(heartbeat)? < before + 2 {
                ensure!(
                    !self.qemu.borrow_mut().has_exited(),
                    "the emulator has ended"
                );
                ensure!(
                    Instant::now() < deadline,
                    "no heartbeat within {:?}",
                    self.limit
                );
                sleep(POLL_INTERVAL);
            }
            driver.pause()?;
            let registers = driver.raw_registers()?;
            let is_ours = is_user_mode(&registers) && root(&registers) == self.root;
            if is_ours && place.contains(&registers.get(Register::RIP)) {
                return Ok(registers);
            }
            ensure!(
                Instant::now() < deadline,
                "never stopped there within {:?}",
                self.limit
            );
        }
    }

    /// For an error message: stops the guest if it still can be.
    fn last_seen(&self, what: &str) -> String {
        let driver = self.vmi.driver();
        let processor = match driver.pause().and_then(|()| driver.raw_registers()) {
            Ok(registers) => format!(
                "rip {:#x}, cs {:#x}, rsp {:#x}, cr2 {:#x}, cr3 {:#x} (the program's: {})",
                registers.get(Register::RIP),
                registers.get(Register::CS),
                registers.get(Register::RSP),
                registers.get(Register::CR2),
                registers.get(Register::CR3),
                self.root,
            ),
            Err(error) => format!("unknown ({error})"),
        };
        let program = match self.info() {
            Ok(info) => format!(
                "{} turns of the loop, {} signals, {} registers changed",
                info.heartbeat, info.signals, info.mismatches
            ),
            Err(error) => format!("unknown ({error})"),
        };
        let emulator = self.qemu.borrow_mut().last_seen();
        format!("{what}; last seen: processor: {processor}; program: {program}; {emulator}")
    }
}
