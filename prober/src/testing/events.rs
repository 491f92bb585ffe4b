use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    time::Duration,
};

use vmi_arch_amd64::{
    Amd64, EventInterrupt, EventMonitor, EventReason, ExceptionVector, Interrupt, Registers,
};
use vmi_core::{
    AddressContext, Gfn, Registers as _, Va, VcpuId, VmiError, VmiEvent, VmiEventAction,
    VmiEventControl, VmiEventFlags, VmiEventResponse,
};

use super::{
    GuestDriver,
    memory::{Served, root_frame},
};
use crate::amd64::{is_user_mode, page_fault};

/// What the processor of a [`GuestDriver`] is about to do.
#[derive(Debug, Default)]
pub(super) struct Events {
    queue: RefCell<VecDeque<Happening>>,
    breakpoints: Cell<bool>,
    page_faults: Cell<bool>,
    /// The interrupt that the processor takes when it goes on.
    injected: Cell<Option<Interrupt>>,
}

/// What happens to a thread next.
#[derive(Debug)]
struct Happening {
    registers: Registers,
    /// The guest has no page for this address, where the thread was made to fault; else the thread reaches a breakpoint.
    unserviceable: Option<Va>,
}

impl Events {
    pub(super) fn push_breakpoint(&self, registers: &Registers) {
        let mut queue = self.queue.borrow_mut();
        queue.push_back(Happening {
            registers: *registers,
            unserviceable: None,
        });
    }

    /// Makes the processor take an interrupt; `false` when it is to take one already.
    pub(super) fn inject(&self, interrupt: Interrupt) -> bool {
        let pending = self.injected.replace(Some(interrupt));
        if pending.is_some() {
            self.injected.set(pending);
        }
        pending.is_none()
    }

    pub(super) fn stop_monitoring(&self) {
        self.breakpoints.set(false);
        self.page_faults.set(false);
    }

    fn monitors(&self, happening: &Happening) -> bool {
        match happening.unserviceable {
            None => self.breakpoints.get(),
            Some(_) => self.page_faults.get(),
        }
    }

    fn monitor(&self, option: EventMonitor) -> Result<&Cell<bool>, VmiError> {
        match option {
            EventMonitor::Interrupt(ExceptionVector::Breakpoint) => Ok(&self.breakpoints),
            EventMonitor::Interrupt(ExceptionVector::PageFault) => Ok(&self.page_faults),
            _ => Err(VmiError::NotSupported),
        }
    }
}

/// The guest's threads reach breakpoints, as [`Vm::breakpoint`](super::Vm::breakpoint) tells them to, one after the
/// other. What a thread does then depends on the handler:
///
/// - If the handler has injected a page fault, the guest serves it, and the thread reaches the same breakpoint again,
///   after all others that are waiting. An injection that is lost ([`Guest::drop_every`](super::Guest::drop_every)) does
///   nothing; the thread is back all the same.
/// - If nothing backs the page, or the fault is in the kernel half and the thread in user mode, the guest raises an
///   exception: an event of the vector `PageFault` with the address in `extra`. A handler that answers it by
///   `VmiEventAction::ReinjectInterrupt` lets it end the thread; else the thread reaches its breakpoint again. While
///   page faults are not monitored the exception ends the thread.
/// - Otherwise the thread has passed its breakpoint.
///
/// Only breakpoints and page faults can be monitored. Waiting takes no time: with nothing to come it is a
/// `VmiError::Timeout` at once.
impl VmiEventControl for GuestDriver {
    fn monitor_enable(&self, option: EventMonitor) -> Result<(), VmiError> {
        self.events().monitor(option)?.set(true);
        Ok(())
    }

    fn monitor_disable(&self, option: EventMonitor) -> Result<(), VmiError> {
        self.events().monitor(option)?.set(false);
        Ok(())
    }

    fn events_pending(&self) -> usize {
        let queue = self.events().queue.borrow();
        let pending = |happening: &&Happening| self.events().monitors(happening);
        queue.iter().filter(pending).count()
    }

    fn event_processing_overhead(&self) -> Duration {
        Duration::ZERO
    }

    fn wait_for_event(
        &self,
        _timeout: Duration,
        mut handler: impl FnMut(&VmiEvent<Amd64>) -> VmiEventResponse<Amd64>,
    ) -> Result<(), VmiError> {
        loop {
            let happening = self.events().queue.borrow_mut().pop_front();
            let happening = happening.ok_or(VmiError::Timeout)?;
            if !self.events().monitors(&happening) {
                // The guest goes on by itself.
                continue;
            }
            let event = self.event(&happening);
            self.set_current_registers(event.registers());
            self.guest().counters().add(|counts| counts.events += 1);
            let response = handler(&event);
            self.go_on(happening.unserviceable, &event, &response);
            return Ok(());
        }
    }
}

impl GuestDriver {
    /// The event of a thread that has reached a breakpoint.
    pub(super) fn breakpoint(&self, registers: &Registers) -> VmiEvent<Amd64> {
        self.event(&Happening {
            registers: *registers,
            unserviceable: None,
        })
    }

    fn event(&self, happening: &Happening) -> VmiEvent<Amd64> {
        let registers = happening.registers;
        let root = registers.cr3.into();
        let interrupt = match happening.unserviceable {
            None => Interrupt::breakpoint(1),
            Some(va) => page_fault(&registers, AddressContext::new(va, root)),
        };
        let memory = self.guest().memory().borrow();
        let gfn = memory.frame_of(root_frame(root), Va(registers.rip));
        VmiEvent::new(
            VcpuId(0),
            VmiEventFlags::VCPU_PAUSED,
            None,
            registers,
            EventReason::Interrupt(EventInterrupt {
                gfn: gfn.unwrap_or(Gfn(0)),
                interrupt,
            }),
        )
    }

    /// Lets the thread of an event go on.
    fn go_on(
        &self,
        unserviceable: Option<Va>,
        event: &VmiEvent<Amd64>,
        response: &VmiEventResponse<Amd64>,
    ) {
        let mut registers = *event.registers();
        if let Some(general) = &response.registers {
            registers.set_gp_registers(general);
        }
        let unserviceable = match self.events().injected.take() {
            Some(fault) => self.take_fault(&registers, Va(fault.extra)),
            None if unserviceable.is_none() => return,
            None if response.action == VmiEventAction::ReinjectInterrupt => return,
            None => None,
        };
        let mut queue = self.events().queue.borrow_mut();
        let next = Happening {
            registers,
            unserviceable,
        };
        match unserviceable {
            Some(_) => queue.push_front(next),
            None => queue.push_back(next),
        }
    }

    /// What the guest does with an injected page fault; returns the address if it raises an exception for it.
    fn take_fault(&self, registers: &Registers, va: Va) -> Option<Va> {
        let guest = self.guest();
        guest.counters().add(|counts| counts.injected += 1);
        if guest.losses().loses_next() {
            guest.counters().add(|counts| counts.dropped += 1);
            return None;
        }
        let served = if is_user_mode(registers) && va.0 >> 63 == 1 {
            Served::Refused
        } else {
            let root = root_frame(registers.cr3.into());
            guest.memory().borrow_mut().serve(root, va)
        };
        guest.counters().add(|counts| match served {
            Served::BroughtIn => counts.paged_in += 1,
            Served::WasIn => {}
            Served::Refused => counts.refused += 1,
        });
        (served == Served::Refused).then_some(va)
    }
}
