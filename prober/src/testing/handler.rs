//! What the test of a handler needs: an event, and a loop that delivers it.

use std::collections::HashMap;

use vmi_arch_amd64::{Amd64, EventMonitor, EventReason, ExceptionVector};
use vmi_core::{
    AddressContext, VmiContext, VmiError, VmiEventResponse, VmiHandler, VmiSession, os::VmiOs,
};

use super::{GuestDriver, Vm};
use crate::{amd64::page_fault, page::Page};

/// How often [`Vm::at_breakpoint`] injects one page, which may be one that nothing backs.
const MOST_INJECTIONS: u32 = 1_000;

impl<Os> Vm<Os>
where
    Os: VmiOs<Architecture = Amd64, Driver = GuestDriver>,
{
    /// Runs `operation` once, as a handler is run at a breakpoint of the thread of the current registers. The V2P cache
    /// is flushed first, as in [`with`](Self::with). Nothing is injected, and nothing goes on afterwards.
    ///
    /// ```
    /// use prober::testing::Guest;
    /// use vmi_arch_amd64::EventReason;
    /// use vmi_core::Va;
    ///
    /// let guest = Guest::new();
    /// guest.write_u64(Va(0x40_0000), 42);
    ///
    /// let value = guest.vm().with_context(|vmi| {
    ///     assert!(matches!(vmi.event().reason(), EventReason::Interrupt(_)));
    ///     vmi.read_u64(Va(0x40_0000))
    /// })?;
    /// assert_eq!(value, 42);
    /// # Ok::<(), vmi_core::VmiError>(())
    /// ```
    pub fn with_context<R>(&self, operation: impl FnOnce(&VmiContext<'_, Os>) -> R) -> R {
        self.flush();
        let event = self.core().driver().breakpoint(&self.registers());
        let session = self.session();
        let state = session.with_registers(event.registers());
        operation(&VmiContext::new(&state, &event))
    }

    /// Makes the thread of the current registers reach a breakpoint, and handles it until `handler` is done: what a
    /// test of a handler needs of an event loop.
    ///
    /// Where `handler` returns `VmiError::Translation`, as a [`FaultQueue`](crate::FaultQueue) does, that page fault is
    /// injected. The guest serves it, or loses or refuses it, and the thread reaches the breakpoint again. A page that was
    /// injected 1,000 times ends it, because a handler without a queue asks for ever for what nothing backs.
    ///
    /// ```
    /// use prober::{FaultQueue, probed, testing::Guest};
    /// use vmi_core::{Va, VmiOs, VmiRead, VmiState};
    ///
    /// #[probed]
    /// fn sum<Os>(vmi: &VmiState<Os>, a: Va, b: Va) -> prober::Result<u64>
    /// where
    ///     Os: VmiOs,
    ///     Os::Driver: VmiRead,
    /// {
    ///     let a = vmi.read_u64(a)?;
    ///     let b = vmi.read_u64(b)?;
    ///     Ok(a + b)
    /// }
    ///
    /// let (guest, queue) = (Guest::new(), FaultQueue::new());
    /// let (a, b) = (Va(0x40_0000), Va(0x50_0000));
    /// guest.write_u64(a, 40);
    /// guest.write_u64(b, 2);
    /// guest.page_out_all();
    ///
    /// let value = guest.vm().at_breakpoint(|vmi| queue.run(vmi, |suppressed| sum(vmi, a, b, suppressed)))?;
    /// assert_eq!(value, 42);
    /// assert_eq!(guest.counts().injected, 2);
    /// # Ok::<(), vmi_core::VmiError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Any other error of `handler`, that of an injection, and the page that was injected too often.
    pub fn at_breakpoint<T>(
        &self,
        handler: impl FnMut(&VmiContext<'_, Os>) -> Result<T, VmiError>,
    ) -> Result<T, VmiError> {
        self.breakpoint();
        let outcome = self.session().handle(|session| {
            for vector in [ExceptionVector::Breakpoint, ExceptionVector::PageFault] {
                session.monitor_enable(EventMonitor::interrupt(vector))?;
            }
            Ok(AtBreakpoint {
                handler,
                injections: HashMap::new(),
                result: None,
            })
        })?;
        outcome.unwrap_or(Err(VmiError::Timeout))
    }
}

/// Handles breakpoints, and injects what their handler lacks.
struct AtBreakpoint<T, F> {
    handler: F,
    injections: HashMap<Page, u32>,
    result: Option<Result<T, VmiError>>,
}

impl<T, F> AtBreakpoint<T, F> {
    fn may_inject(&mut self, fault: &AddressContext) -> bool {
        let times = self.injections.entry(Page::from(fault)).or_default();
        *times += 1;
        *times <= MOST_INJECTIONS
    }
}

impl<Os, T, F> VmiHandler<Os> for AtBreakpoint<T, F>
where
    Os: VmiOs<Architecture = Amd64, Driver = GuestDriver>,
    F: FnMut(&VmiContext<'_, Os>) -> Result<T, VmiError>,
{
    type Output = Result<T, VmiError>;

    fn handle_event(&mut self, vmi: VmiContext<'_, Os>) -> VmiEventResponse<Amd64> {
        // After an exception for a page that nothing backs the thread reaches its breakpoint again.
        let is_breakpoint = matches!(
            vmi.event().reason(),
            EventReason::Interrupt(event) if event.interrupt.vector == ExceptionVector::Breakpoint
        );
        if is_breakpoint {
            vmi.flush_v2p_cache();
            self.result = match (self.handler)(&vmi) {
                Err(VmiError::Translation(fault)) if self.may_inject(&fault) => {
                    let fault = page_fault(vmi.registers(), fault);
                    let injected = vmi.inject_interrupt(vmi.event().vcpu_id(), fault);
                    injected.err().map(Err)
                }
                result => Some(result),
            };
        }
        VmiEventResponse::default()
    }

    fn handle_timeout(&mut self, _: &VmiSession<'_, Os>) {
        self.result = Some(Err(VmiError::Timeout));
    }

    fn poll(&mut self) -> Option<Self::Output> {
        self.result.take()
    }
}
