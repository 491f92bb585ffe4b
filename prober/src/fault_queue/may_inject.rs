/// The answer of a [`FaultQueue`](crate::FaultQueue)'s veto: whether a fault
/// may be injected into the interrupted thread.
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
