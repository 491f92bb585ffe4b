/// What a [`FaultQueue`](crate::FaultQueue) has done since it was made, for
/// all of its clones and jobs.
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

    /// How many faults were handed out to be injected. The queue does not know
    /// whether the injection succeeded.
    pub injections: u64,

    /// How many pages were found to be in after they had been handed out.
    pub served: u64,

    /// How many pages came in by themselves: they were pending, and were found
    /// to be in without having been handed out.
    pub came_in: u64,

    /// How many pages were suppressed by [`refuse`](crate::FaultQueue::refuse)
    /// and [`refuse_at`](crate::FaultQueue::refuse_at).
    pub refused: u64,

    /// How many pages were suppressed because they did not come in, however
    /// often they were injected, or given up for a [`Job`](crate::Job) because
    /// their address space did not run.
    pub given_up: u64,

    /// How many pages were suppressed because the OS layer says that the guest
    /// cannot serve them ([`ask_os`](crate::FaultQueue::ask_os)).
    pub invalid: u64,

    /// How often the veto answered anything but
    /// [`Now`](crate::MayInject::Now).
    pub vetoed: u64,

    /// How many pages, pending or suppressed, and injections were forgotten
    /// because a bound of the queue was reached.
    pub dropped: u64,
}
