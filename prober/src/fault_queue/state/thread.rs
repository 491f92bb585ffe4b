//! What tells one thread of the guest from another.

use vmi_core::{Registers, Va};

use crate::page::frame;

/// An interrupted thread of the guest, as the registers of an event identify
/// it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::fault_queue) struct Thread {
    /// The frame of the translation root.
    pub(in crate::fault_queue) root: u64,
    pub(in crate::fault_queue) stack_pointer: u64,
}

impl Thread {
    pub(in crate::fault_queue) fn of(registers: &impl Registers) -> Self {
        let stack_pointer = registers.stack_pointer();
        Self {
            root: frame(registers.translation_root(Va(stack_pointer))),
            stack_pointer,
        }
    }
}
