//! What tells one operation from another.

use std::panic::Location;

use super::Thread;

/// Who waits for pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::fault_queue) enum Waiter {
    Thread(Thread),

    /// A job, by its number.
    Job(u64),
}

/// What pages are handed out for.
///
/// A handler may run several operations at an event, one of which ends well
/// each time. What is known about the pages of the others must outlive that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::fault_queue) struct Operation {
    pub(in crate::fault_queue) waiter: Waiter,

    /// Where the operation is run, and the name of its type. A job has one
    /// operation, wherever it is run.
    pub(in crate::fault_queue) place: Option<(&'static Location<'static>, &'static str)>,
}
