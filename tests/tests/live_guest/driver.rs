//! A vmi-core driver for a guest under QEMU: its RAM shared, its registers by way of the gdbstub.

use std::{
    cell::{Cell, RefCell},
    io,
};

use vmi_arch_amd64::{
    Amd64, Cr0, Cr2, Cr3, Cr4, ExceptionVector, IdtEntry, Interrupt, MsrEfer, Registers, Rflags,
    SegmentAccess, SegmentDescriptor, Selector,
};
use vmi_core::{
    AddressContext, Gfn, Pa, Va, VcpuId, VmiCore, VmiDriver, VmiError, VmiInfo, VmiMappedPage,
    VmiQueryRegisters, VmiRead, VmiVmControl,
};

use crate::{
    gdb::{Gdb, RawRegisters, Register},
    ram::Ram,
};

/// `TF`, `IF`, `NT`, `RF` and `VM`, which an interrupt gate clears.
const FLAGS_CLEARED: u64 = 1 << 8 | 1 << 9 | 1 << 14 | 1 << 16 | 1 << 17;

/// The machine has one processor.
pub(crate) const VCPU: VcpuId = VcpuId(0);

pub(crate) struct LiveDriver {
    /// The RAM, with vmi-core's page walk and reads on top, and none of its caches.
    memory: VmiCore<Ram>,
    gdb: RefCell<Gdb>,
    running: Cell<bool>,
    stops: Cell<usize>,
    injected: RefCell<Vec<Injection>>,
    /// The interrupt descriptor table, and the task state segment.
    idt: Va,
    tss: Va,
}

/// A page fault that was delivered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Injection {
    pub(crate) fault: AddressContext,
    pub(crate) error_code: u32,
    /// Where the guest was interrupted.
    pub(crate) mode: Mode,
}

impl LiveDriver {
    /// Takes over a machine that `gdb` has just stopped.
    pub(crate) fn new(ram: Ram, mut gdb: Gdb) -> Result<Self, VmiError> {
        let mut memory = VmiCore::new(ram)?;
        memory.disable_gfn_cache();
        memory.disable_v2p_cache();
        let tables = gdb.monitor("info registers")?;
        Ok(Self {
            memory,
            idt: Va(column(&tables, "IDT=", 0)?),
            tss: Va(column(&tables, "TR =", 1)?),
            gdb: gdb.into(),
            running: false.into(),
            stops: 0.into(),
            injected: RefCell::default(),
        })
    }

    /// How often the guest was stopped.
    pub(crate) fn stops(&self) -> usize {
        self.stops.get()
    }

    /// All faults injected so far.
    pub(crate) fn injected(&self) -> Vec<Injection> {
        self.injected.borrow().clone()
    }

    /// Reads an aligned word, whether the guest runs or not.
    pub(crate) fn word(&self, at: AddressContext) -> Result<u64, VmiError> {
        let address = self.memory.translate_address(at)?;
        self.memory.driver().load(address)
    }

    /// Writes aligned words. Only for memory that holds no code: the emulator has translated that.
    pub(crate) fn set_words(&self, at: AddressContext, words: &[u64]) -> Result<(), VmiError> {
        for (offset, word) in (0..).step_by(8).zip(words) {
            let address = self.memory.translate_address(at + offset)?;
            self.memory.driver().store(address, *word)?;
        }
        Ok(())
    }

    pub(crate) fn raw_registers(&self) -> Result<RawRegisters, VmiError> {
        Ok(self.gdb.borrow_mut().registers()?)
    }

    pub(crate) fn set_raw_registers(&self, registers: &RawRegisters) -> Result<(), VmiError> {
        Ok(self.gdb.borrow_mut().set_registers(registers)?)
    }

    /// Does what the processor does on a page fault, to a machine stopped anywhere: enters the
    /// kernel's handler, with the interrupted state on the kernel's stack. So nothing needs to be
    /// put back; when the handler has served the fault, it returns to where the guest was.
    ///
    /// As a hypervisor, it takes whatever fault it is given, and leaves it to the guest to suffer.
    fn deliver(&self, fault: Va, error_code: u32) -> Result<Injection, VmiError> {
        let mut registers = self.raw_registers()?;
        let mode = Mode::of(&registers);
        let root = root(&registers);
        let fault = AddressContext::new(fault, root);
        if self.memory.translate_address(fault).is_ok() {
            return Err(refused("the page is present"));
        }

        let vector = u64::from(ExceptionVector::PageFault.0);
        let gate = self.idt + vector * size_of::<IdtEntry>() as u64;
        let gate: IdtEntry = self.memory.read_struct((gate, root))?;
        if !gate.access.present() || gate.access.ist_index() != 0 {
            return Err(refused(
                "the guest's gate for page faults is not the expected one",
            ));
        }
        let kernel_stack = match mode {
            // In the task state segment, the kernel's stack pointer follows four reserved bytes.
            Mode::User => self.memory.read_u64((self.tss + 4, root))?,
            Mode::Kernel | Mode::KernelWithoutInterrupts => registers.get(Register::RSP),
        };
        let frame = [
            u64::from(error_code),
            registers.get(Register::RIP),
            registers.get(Register::CS),
            registers.get(Register::RFLAGS),
            registers.get(Register::RSP),
            registers.get(Register::SS),
        ];
        let stack = Va((kernel_stack & !15) - size_of_val(&frame) as u64);
        self.set_words(AddressContext::new(stack, root), &frame)?;

        let flags = registers.get(Register::RFLAGS) & !FLAGS_CLEARED;
        registers.set(Register::RIP, gate.base_address().0);
        registers.set(Register::RSP, stack.0);
        registers.set(Register::RFLAGS, flags);
        registers.set(Register::CS, u64::from(gate.selector.0));
        if mode == Mode::User {
            registers.set(Register::SS, 0);
        }
        registers.set(Register::CR2, fault.va.0);
        self.set_raw_registers(&registers)?;
        Ok(Injection {
            fault,
            error_code,
            mode,
        })
    }
}

impl VmiDriver for LiveDriver {
    type Architecture = Amd64;

    fn info(&self) -> Result<VmiInfo, VmiError> {
        self.memory.info()
    }
}

impl VmiRead for LiveDriver {
    fn read_page(&self, gfn: Gfn) -> Result<VmiMappedPage, VmiError> {
        self.memory.driver().read_page(gfn)
    }
}

impl VmiQueryRegisters for LiveDriver {
    fn registers(&self, _vcpu: VcpuId) -> Result<Registers, VmiError> {
        let raw = self.raw_registers()?;
        let general = |index| raw.get(Register::general(index));
        Ok(Registers {
            rax: raw.get(Register::RAX),
            rbx: raw.get(Register::RBX),
            rcx: raw.get(Register::RCX),
            rdx: raw.get(Register::RDX),
            rsi: raw.get(Register::RSI),
            rdi: raw.get(Register::RDI),
            rbp: raw.get(Register::RBP),
            rsp: raw.get(Register::RSP),
            r8: general(8),
            r9: general(9),
            r10: general(10),
            r11: general(11),
            r12: general(12),
            r13: general(13),
            r14: general(14),
            r15: general(15),
            rip: raw.get(Register::RIP),
            rflags: Rflags(raw.get(Register::RFLAGS)),
            cr0: Cr0(raw.get(Register::CR0)),
            cr2: Cr2(raw.get(Register::CR2)),
            cr3: Cr3(raw.get(Register::CR3)),
            cr4: Cr4(raw.get(Register::CR4)),
            msr_efer: MsrEfer(raw.get(Register::EFER)),
            cs: code_segment(&raw),
            ..Registers::default()
        })
    }
}

impl VmiVmControl for LiveDriver {
    fn pause(&self) -> Result<(), VmiError> {
        if self.running.get() {
            self.gdb.borrow_mut().interrupt()?;
            self.running.set(false);
            self.stops.update(|stops| stops + 1);
        }
        Ok(())
    }

    fn resume(&self) -> Result<(), VmiError> {
        if !self.running.get() {
            self.gdb.borrow_mut().resume()?;
            self.running.set(true);
        }
        Ok(())
    }

    /// Injects a page fault. The handler runs when the machine does.
    fn inject_interrupt(&self, _vcpu: VcpuId, interrupt: Interrupt) -> Result<(), VmiError> {
        if interrupt.vector != ExceptionVector::PageFault {
            return Err(VmiError::NotSupported);
        }
        let injection = self.deliver(Va(interrupt.extra), interrupt.error_code)?;
        self.injected.borrow_mut().push(injection);
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

    fn reset_state(&self) -> Result<(), VmiError> {
        Ok(())
    }
}

/// The page tables in use. The rest of `cr3` is flags.
pub(crate) fn root(registers: &RawRegisters) -> Pa {
    Pa(registers.get(Register::CR3) & 0x000f_ffff_ffff_f000)
}

/// Where the guest is stopped.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Mode {
    User,
    Kernel,
    KernelWithoutInterrupts,
}

impl Mode {
    pub(crate) fn of(registers: &RawRegisters) -> Self {
        const INTERRUPTS: u64 = 1 << 9;
        if registers.get(Register::CS) & 3 == 3 {
            Self::User
        } else if registers.get(Register::RFLAGS) & INTERRUPTS != 0 {
            Self::Kernel
        } else {
            Self::KernelWithoutInterrupts
        }
    }
}

pub(crate) fn is_user_mode(registers: &RawRegisters) -> bool {
    Mode::of(registers) == Mode::User
}

/// The stub gives selectors, not descriptors; these are Linux's two 64-bit code segments.
fn code_segment(registers: &RawRegisters) -> SegmentDescriptor {
    const KERNEL: u64 = 0x10;
    const USER: u64 = 0x33;
    const LONG_MODE: u32 = 1 << 9;
    let selector = registers.get(Register::CS);
    let long_mode = matches!(selector, KERNEL | USER);
    SegmentDescriptor {
        selector: Selector::from(u32::try_from(selector).unwrap_or_default()),
        access: SegmentAccess(if long_mode { LONG_MODE } else { 0 }),
        ..SegmentDescriptor::default()
    }
}

/// A hexadecimal number in the monitor's table of registers: the `index`th after `label`.
fn column(table: &str, label: &str, index: usize) -> Result<u64, VmiError> {
    table
        .split_once(label)
        .and_then(|(_, rest)| rest.split_whitespace().nth(index))
        .and_then(|number| u64::from_str_radix(number, 16).ok())
        .ok_or_else(|| VmiError::driver(io::Error::other(format!("no {label} in {table}"))))
}

fn refused(why: &str) -> VmiError {
    VmiError::driver(io::Error::other(format!("injection refused: {why}")))
}
