//! What a run of a `FaultQueue` does.

use std::cell::Cell;

use vmi_core::{
    AddressContext, Architecture, Registers, VmiDriver, VmiError, VmiOs, VmiRead, VmiState,
};

use super::{
    FaultQueue, MayInject, Veto,
    state::{Thread, frame},
};
use crate::{FaultError, Missing, PageFaults, SuppressedPages, Unavailable, page::is_kernel_half};

/// How often one run calls its operation at most. A second call takes a page
/// that was suppressed since the first.
const MAX_CALLS: u32 = 1024;

type RegistersOf<D> = <<D as VmiDriver>::Architecture as Architecture>::Registers;

impl FaultQueue {
    pub(super) fn run_or_stop<T, E, Os>(
        &self,
        vmi: &VmiState<'_, Os>,
        mut operation: impl FnMut(&SuppressedPages) -> Result<T, E>,
    ) -> Result<T, Stop>
    where
        E: FaultError + Into<VmiError>,
        Os: VmiOs,
        Os::Driver: VmiRead,
    {
        let Some(_running) = Running::begin(&self.0.running) else {
            return operation(&self.suppressed()).map_err(|error| match Stop::of(error) {
                Ok(batch) => Stop::Failed(VmiError::os(batch)),
                Err(stop) => stop,
            });
        };
        let thread = Thread::of(vmi.registers());
        self.state().begin();
        self.welcome_back(vmi, thread);
        if let Some(fault) = self.next(vmi, thread, false) {
            return Err(Stop::Inject(fault));
        }

        let mut calls = 0;
        let stop = loop {
            let suppressed = self.suppressed();
            self.state().stats.operation_runs += 1;
            calls += 1;
            let result = operation(&suppressed);
            drop(suppressed);

            let batch = match result.map_err(Stop::of) {
                Ok(value) => {
                    self.state().finish(thread);
                    return Ok(value);
                }
                Err(Ok(batch)) => batch,
                Err(Err(stop)) => break stop,
            };
            let suppressions = self.state().suppressions();
            let left = self.state().take(thread, &batch);
            if left.is_empty() {
                let unavailable = Unavailable::new(batch, None);
                break Stop::Missing(VmiError::os(unavailable));
            }
            if let Some(fault) = self.next(vmi, thread, true) {
                return Err(Stop::Inject(fault));
            }
            // With a page suppressed that was not, it may come to something else.
            if self.state().suppressions() == suppressions || calls == MAX_CALLS {
                break Stop::Missing(VmiError::os(left));
            }
        };
        self.state().finish(thread);
        Err(stop)
    }

    /// Looks what has become of the pages that were handed out to a thread.
    fn welcome_back<Os>(&self, vmi: &VmiState<'_, Os>, thread: Thread)
    where
        Os: VmiOs,
        Os::Driver: VmiRead,
    {
        let awaited = self.state().awaited(thread);
        for fault in awaited {
            match Walk::to(vmi, &fault) {
                Walk::There => self.state().came_in(thread, &fault),
                Walk::Missing => self.state().missed_again(thread, &fault),
                // The operation will meet what it is that fails.
                Walk::Failed => {}
            }
        }
    }

    /// The next page to inject into a thread, of those that it waits for.
    ///
    /// `fresh` says that the operation has just missed them.
    fn next<Os>(
        &self,
        vmi: &VmiState<'_, Os>,
        thread: Thread,
        fresh: bool,
    ) -> Option<AddressContext>
    where
        Os: VmiOs,
        Os::Driver: VmiRead,
    {
        let pending = self.state().pending(thread);
        let mut there = Vec::new();
        for fault in pending {
            match Walk::to(vmi, &fault) {
                Walk::Missing => {
                    if self.may_be_injected(vmi, &fault) {
                        return Some(self.hand_out(thread, fault, false));
                    }
                }
                _ if fresh => there.push(fault),
                Walk::There => self.state().came_in(thread, &fault),
                // The operation will meet what it is that fails.
                Walk::Failed => {}
            }
        }
        // It came in a moment ago, or the operation is mistaken. To call it
        // again now might be for nothing; the guest has to run.
        there
            .into_iter()
            .find(|fault| self.may_be_injected(vmi, fault))
            .map(|fault| self.hand_out(thread, fault, true))
    }

    fn hand_out(&self, thread: Thread, fault: AddressContext, idle: bool) -> AddressContext {
        tracing::debug!(va = %fault.va, root = %fault.root, "handing out a page fault");
        self.state().hand_out(thread, fault, idle);
        fault
    }

    /// Whether a page may be injected at this event.
    fn may_be_injected<Os: VmiOs>(&self, vmi: &VmiState<'_, Os>, fault: &AddressContext) -> bool {
        if !is_kernel_half(fault.va) && frame(fault.root) != frame(vmi.translation_root(fault.va)) {
            return false;
        }
        let answer = self.ask_veto::<Os::Driver>(vmi.registers(), fault);
        if answer == MayInject::Now {
            return true;
        }
        let mut state = self.state();
        state.stats.vetoed += 1;
        if answer == MayInject::Never {
            tracing::debug!(va = %fault.va, root = %fault.root, "never to be injected");
            state.suppress(*fault);
        }
        false
    }

    // Generic over the driver, which is `'static`, and with it its registers.
    fn ask_veto<D: VmiDriver>(
        &self,
        registers: &RegistersOf<D>,
        fault: &AddressContext,
    ) -> MayInject {
        let veto = self.0.veto.borrow().clone();
        let Some(veto) = veto else {
            let user_half = registers.instruction_pointer() >> 63 == 0;
            return if user_half && is_kernel_half(fault.va) {
                MayInject::NotNow
            } else {
                MayInject::Now
            };
        };
        let Some(veto) = veto.downcast_ref::<Veto<RegistersOf<D>>>() else {
            tracing::warn!("the veto is for the registers of another architecture");
            return MayInject::NotNow;
        };
        veto(registers, fault)
    }
}

/// Why a run ends without a value.
pub(super) enum Stop {
    /// The guest has to bring a page in.
    Inject(AddressContext),

    /// Missing data was needed, and nothing can be done about it now.
    Missing(VmiError),

    /// Any other error of the operation.
    Failed(VmiError),
}

impl Stop {
    /// Takes the page faults out of the error of an operation; else it ends
    /// the run.
    fn of<E: FaultError + Into<VmiError>>(error: E) -> Result<PageFaults, Self> {
        if let Some(missing) = error.missing() {
            return match missing {
                Missing::PageFault(fault) => Ok(PageFaults::from_iter([fault])),
                Missing::PageFaults(faults) => Ok(faults.clone()),
                Missing::Unavailable(unavailable) => {
                    Err(Self::Missing(VmiError::os(unavailable.clone())))
                }
                Missing::ProbeLimit(limit) => Err(Self::Missing(VmiError::os(limit))),
            };
        }
        match error.into() {
            // A `FaultError` that overlooks it; it must not be injected past
            // the queue.
            VmiError::Translation(fault) => Ok(PageFaults::from_iter([fault])),
            error => Err(Self::Failed(error)),
        }
    }
}

/// What the page tables say about a page.
enum Walk {
    There,
    Missing,
    Failed,
}

impl Walk {
    /// Walks past the V2P cache, so that an entry that outlived its page is
    /// not believed.
    fn to<Os>(vmi: &VmiState<'_, Os>, fault: &AddressContext) -> Self
    where
        Os: VmiOs,
        Os::Driver: VmiRead,
    {
        match Os::Architecture::translate_address(vmi.core(), fault.va, fault.root) {
            Ok(_) => Self::There,
            Err(VmiError::Translation(_)) => Self::Missing,
            Err(_) => Self::Failed,
        }
    }
}

/// Marks a run as under way until it is dropped.
struct Running<'a>(&'a Cell<bool>);

impl<'a> Running<'a> {
    fn begin(running: &'a Cell<bool>) -> Option<Self> {
        (!running.replace(true)).then(|| Self(running))
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.set(false);
    }
}
