//! An architecture that no guest has: nothing of it is ever called.

use vmi_core::{
    AccessContext, AddressContext, Architecture, Gfn, MemoryAccess, Pa, Va, VmiCore, VmiError,
    VmiRead,
    arch::{EventInterrupt, EventMemoryAccess, EventReason, GpRegisters, Registers},
};

/// Stands for the architecture, its registers and its events.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Other;

impl Architecture for Other {
    const PAGE_SIZE: u64 = 0x1000;
    const PAGE_SHIFT: u64 = 12;
    const PAGE_MASK: u64 = !0xfff;
    const BREAKPOINT: &'static [u8] = &[];

    type Registers = Self;
    type PageTableLevel = ();
    type Interrupt = ();
    type SpecialRegister = ();
    type EventMonitor = ();
    type EventReason = Self;

    fn gfn_from_pa(_: Pa) -> Gfn {
        unreachable!()
    }

    fn pa_from_gfn(_: Gfn) -> Pa {
        unreachable!()
    }

    fn pa_in_gfn(_: Gfn, _: Va) -> Pa {
        unreachable!()
    }

    fn pa_in_gfn_for(_: Gfn, _: Va, (): ()) -> Pa {
        unreachable!()
    }

    fn pa_offset(_: Pa) -> u64 {
        unreachable!()
    }

    fn va_align_down(_: Va) -> Va {
        unreachable!()
    }

    fn va_align_down_for(_: Va, (): ()) -> Va {
        unreachable!()
    }

    fn va_align_up(_: Va) -> Va {
        unreachable!()
    }

    fn va_align_up_for(_: Va, (): ()) -> Va {
        unreachable!()
    }

    fn va_offset(_: Va) -> u64 {
        unreachable!()
    }

    fn va_offset_for(_: Va, (): ()) -> u64 {
        unreachable!()
    }

    fn va_index(_: Va) -> u64 {
        unreachable!()
    }

    fn va_index_for(_: Va, (): ()) -> u64 {
        unreachable!()
    }

    fn translate_address<Driver>(_: &VmiCore<Driver>, _: Va, _: Pa) -> Result<Pa, VmiError>
    where
        Driver: VmiRead<Architecture = Self>,
    {
        unreachable!()
    }
}

/// What both traits of registers ask for.
macro_rules! common_registers {
    () => {
        fn instruction_pointer(&self) -> u64 {
            unreachable!()
        }

        fn set_instruction_pointer(&mut self, _: u64) {
            unreachable!()
        }

        fn stack_pointer(&self) -> u64 {
            unreachable!()
        }

        fn set_stack_pointer(&mut self, _: u64) {
            unreachable!()
        }

        fn result(&self) -> u64 {
            unreachable!()
        }

        fn set_result(&mut self, _: u64) {
            unreachable!()
        }
    };
}

impl GpRegisters for Other {
    type Architecture = Self;

    common_registers!();
}

impl Registers for Other {
    type Architecture = Self;
    type GpRegisters = Self;

    common_registers!();

    fn gp_registers(&self) -> Self {
        unreachable!()
    }

    fn set_gp_registers(&mut self, _: &Self) {
        unreachable!()
    }

    fn address_width(&self) -> usize {
        unreachable!()
    }

    fn effective_address_width(&self) -> usize {
        unreachable!()
    }

    fn access_context(&self, _: Va) -> AccessContext {
        unreachable!()
    }

    fn address_context(&self, _: Va) -> AddressContext {
        unreachable!()
    }

    fn translation_root(&self, _: Va) -> Pa {
        unreachable!()
    }

    fn set_translation_root(&mut self, _: u64, _: Va) {
        unreachable!()
    }

    fn return_address<Driver>(&self, _: &VmiCore<Driver>) -> Result<Va, VmiError>
    where
        Driver: VmiRead<Architecture = Self>,
    {
        unreachable!()
    }

    fn return_from_function<Driver>(&self, _: &VmiCore<Driver>, _: u64) -> Result<Self, VmiError>
    where
        Driver: VmiRead<Architecture = Self>,
    {
        unreachable!()
    }
}

#[expect(refining_impl_trait, reason = "an opaque type needs a value")]
impl EventReason for Other {
    type Architecture = Self;

    fn as_memory_access(&self) -> Option<&Self> {
        unreachable!()
    }

    fn as_interrupt(&self) -> Option<&Self> {
        unreachable!()
    }

    fn as_software_breakpoint(&self) -> Option<&Self> {
        unreachable!()
    }
}

impl EventMemoryAccess for Other {
    type Architecture = Self;

    fn pa(&self) -> Pa {
        unreachable!()
    }

    fn va(&self) -> Va {
        unreachable!()
    }

    fn access(&self) -> MemoryAccess {
        unreachable!()
    }
}

impl EventInterrupt for Other {
    type Architecture = Self;

    fn gfn(&self) -> Gfn {
        unreachable!()
    }
}
