/// The answer of a [`FaultQueue`](crate::FaultQueue)'s veto: whether a fault
/// may be injected into the interrupted thread.
///
/// # Examples
///
/// A veto for a guest in which nothing backs a range of addresses:
///
/// ```
/// use prober::{FaultQueue, MayInject};
/// use vmi_arch_amd64::Registers;
/// use vmi_core::AddressContext;
///
/// fn veto(registers: &Registers, fault: &AddressContext) -> MayInject {
///     if (0x7000_0000..0x8000_0000).contains(&fault.va.0) {
///         MayInject::Never
///     } else if registers.rflags.interrupt_enable() {
///         MayInject::Now
///     } else {
///         MayInject::NotNow
///     }
/// }
///
/// let faults = FaultQueue::new().may_inject(veto);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MayInject {
    /// Inject it at this event.
    Now,

    /// Not at this event: the guest would take it for something else, or
    /// cannot serve it in the state that it is in.
    NotNow,

    /// Not at all: nothing backs the page. It is suppressed, and expires like
    /// the other pages that the queue itself suppressed.
    Never,
}
