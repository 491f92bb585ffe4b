use std::fmt;

use vmi_core::{VmiError, VmiOs, VmiRead, VmiState};

use super::{
    FaultQueue, Step,
    outcome::{as_they_are, as_vmi_errors},
    run_error::RunError,
    state::{Operation, Waiter},
};
use crate::{FaultError, SuppressedPages};

/// An operation that belongs to no thread, such as a list of all processes
/// with their command lines, whose pages lie in many address spaces.
///
/// Feed it with whatever events there are, for instance CR3 writes that are
/// monitored while it is open. At each one, of whichever thread, it hands out a
/// missing page of the interrupted address space, or of the kernel half where
/// the [veto](FaultQueue::may_inject) allows that. It runs its operation again
/// only when no page of the last batch can still come in: so the number of runs
/// is at most the length of the longest chain of dependent pages plus one,
/// however many address spaces there are.
///
/// An address space may never run again. After a
/// [while](FaultQueue::wait_for_space) its pages are given up for this job,
/// whose operation finds them suppressed: so it ends.
///
/// Made by [`FaultQueue::job`]. It shares the suppressed pages, the settings
/// and the statistics of its queue; jobs and threads do not see each other's
/// pages. When its operation has ended, the next step begins it anew.
///
/// # Examples
///
/// ```
/// use prober::{Job, Step, SuppressedPages};
/// use vmi_core::{VmiOs, VmiRead, VmiState};
///
/// /// Feeds a list with an event. Returns the list when it is complete.
/// fn feed<Os, L>(
///     job: &Job,
///     vmi: &VmiState<'_, Os>,
///     list: impl FnMut(&SuppressedPages) -> prober::Result<L>,
/// ) -> Option<L>
/// where
///     Os: VmiOs,
///     Os::Driver: VmiRead,
/// {
///     match job.step(vmi, list) {
///         Step::Done(list) => return Some(list),
///         Step::Inject(fault) => println!("inject {fault}"),
///         Step::NotNow(pages) => println!("waits for {} pages", pages.len()),
///         Step::Failed(error) => println!("{error}"),
///         _ => println!("a page is missing that cannot be brought in"),
///     }
///     None
/// }
/// ```
pub struct Job {
    queue: FaultQueue,
    number: u64,
}

impl Job {
    pub(super) fn new(queue: &FaultQueue) -> Self {
        let number = queue.state().waiters.new_job();
        Self {
            queue: queue.clone(),
            number,
        }
    }

    /// Runs the operation, or hands out a page of the interrupted address
    /// space that it waits for.
    ///
    /// The fault of [`Step::Inject`] is to be injected at this event, into the
    /// interrupted thread. With [`Step::NotNow`] the job goes on at the next
    /// event.
    pub fn step<T, E, Os>(
        &self,
        vmi: &VmiState<'_, Os>,
        operation: impl FnMut(&SuppressedPages) -> Result<T, E>,
    ) -> Step<T, E>
    where
        E: FaultError,
        Os: VmiOs,
        Os::Driver: VmiRead,
    {
        self.queue
            .advance(vmi, self.operation(), operation, &as_they_are())
    }

    /// Takes a [`step`](Self::step), with the answer that
    /// [`FaultQueue::run`] gives.
    ///
    /// # Errors
    ///
    /// Those of [`FaultQueue::run`]. After a batch behind [`VmiError::Os`] the
    /// job goes on at the next event.
    pub fn run<T, E, Os>(
        &self,
        vmi: &VmiState<'_, Os>,
        operation: impl FnMut(&SuppressedPages) -> Result<T, E>,
    ) -> Result<T, VmiError>
    where
        E: RunError,
        Os: VmiOs,
        Os::Driver: VmiRead,
    {
        self.queue
            .advance(vmi, self.operation(), operation, &as_vmi_errors())
            .into_result()
    }

    /// Takes a [`step`](Self::step), with the answer that
    /// [`FaultQueue::run_or_skip`] gives: `Ok(None)` where this event cannot
    /// help, and where the operation needs a page that is suppressed.
    ///
    /// # Errors
    ///
    /// Those of [`FaultQueue::run_or_skip`].
    pub fn run_or_skip<T, E, Os>(
        &self,
        vmi: &VmiState<'_, Os>,
        operation: impl FnMut(&SuppressedPages) -> Result<T, E>,
    ) -> Result<Option<T>, VmiError>
    where
        E: RunError,
        Os: VmiOs,
        Os::Driver: VmiRead,
    {
        self.queue
            .advance(vmi, self.operation(), operation, &as_vmi_errors())
            .into_result_or_skip()
    }

    fn operation(&self) -> Operation {
        Operation {
            waiter: Waiter::Job(self.number),
            place: None,
        }
    }
}

/// Forgets what it waits for.
impl Drop for Job {
    fn drop(&mut self) {
        // An operation may drop it.
        if let Ok(mut state) = self.queue.0.state.try_borrow_mut() {
            state.end(&self.operation());
            state.waiters.remove_job(self.number);
        }
    }
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job")
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
}
