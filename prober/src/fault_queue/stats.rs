/// What a [`FaultQueue`](crate::FaultQueue) has done since it was made, for
/// all of its clones.
///
/// # Examples
///
/// ```
/// use prober::FaultQueue;
///
/// let faults = FaultQueue::new();
/// assert_eq!(faults.stats().injections, 0);
/// ```
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// How often an operation ran.
    pub operation_runs: u64,

    /// How many faults were handed out to be injected. Whether the injection
    /// succeeded the queue does not know.
    pub injections: u64,

    /// How many pages, pending for a thread, were found to be in without
    /// having been handed out to it.
    pub came_in: u64,

    /// How many pages were suppressed by
    /// [`refuse`](crate::FaultQueue::refuse).
    pub refused: u64,

    /// How many pages were suppressed because they did not come in, however
    /// often they were injected.
    pub given_up: u64,

    /// How often the veto answered anything but
    /// [`Now`](crate::MayInject::Now).
    pub vetoed: u64,
}
