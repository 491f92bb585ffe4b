//! The veto, which a run asks before it hands out a page (`ask_veto` in `run.rs`).

use std::{any::Any, rc::Rc};

use vmi_core::{AddressContext, Architecture, Registers, VmiDriver};

use super::MayInject;
use crate::page::is_kernel_half;

type RegistersOf<D> = <<D as VmiDriver>::Architecture as Architecture>::Registers;

type Ask<R> = Box<dyn Fn(&R, &AddressContext) -> MayInject>;

/// Who is asked before a page is handed out.
#[derive(Clone, Default)]
pub(super) enum Veto {
    /// Spares user mode the kernel half.
    #[default]
    Halves,

    /// An [`Ask`] for the registers of some architecture.
    Own(Rc<dyn Any>),
}

impl Veto {
    pub(super) fn new<R: Registers + 'static>(
        ask: impl Fn(&R, &AddressContext) -> MayInject + 'static,
    ) -> Self {
        let ask: Ask<R> = Box::new(ask);
        Self::Own(Rc::new(ask))
    }

    /// Whether it can be asked with the registers of a driver.
    pub(super) fn is_for<D: VmiDriver>(&self) -> bool {
        match self {
            Self::Halves => true,
            Self::Own(ask) => ask.is::<Ask<RegistersOf<D>>>(),
        }
    }

    // Generic over the driver, which is `'static`, and with it its registers.
    pub(super) fn ask<D: VmiDriver>(
        &self,
        registers: &RegistersOf<D>,
        fault: &AddressContext,
    ) -> MayInject {
        let own = match self {
            Self::Halves => None,
            Self::Own(ask) => ask.downcast_ref::<Ask<RegistersOf<D>>>(),
        };
        if let Some(ask) = own {
            return ask(registers, fault);
        }
        let user_mode = !is_kernel_half(vmi_core::Va(registers.instruction_pointer()));
        if user_mode && is_kernel_half(fault.va) {
            MayInject::NotNow
        } else {
            MayInject::Now
        }
    }
}
