use vmi_core::{AddressContext, VmiError};

use crate::{PageFaults, Unavailable};

/// What an event loop does next: the answer of a
/// [`FaultQueue`](crate::FaultQueue) or a [`Job`](crate::Job).
///
/// # Examples
///
/// ```
/// use std::error::Error;
///
/// use prober::{FaultQueue, Step, SuppressedPages};
/// use vmi_core::{AddressContext, VmiOs, VmiRead, VmiState};
///
/// /// The fault to inject before the guest is resumed, if any.
/// fn event<Os>(
///     faults: &FaultQueue,
///     vmi: &VmiState<'_, Os>,
///     look: impl FnMut(&SuppressedPages) -> Result<u64, Box<dyn Error>>,
/// ) -> Result<Option<AddressContext>, Box<dyn Error>>
/// where
///     Os: VmiOs,
///     Os::Driver: VmiRead,
/// {
///     match faults.step(vmi, look) {
///         Step::Done(value) => println!("{value}"),
///         Step::Inject(fault) => return Ok(Some(fault)),
///         Step::NotNow(pages) => println!("{} pages of other processes", pages.len()),
///         Step::Unavailable(reason) => println!("{reason}"),
///         Step::Failed(error) => return Err(error),
///         _ => {}
///     }
///     Ok(None)
/// }
/// ```
#[derive(Debug)]
#[must_use]
#[non_exhaustive]
pub enum Step<T, E> {
    /// The operation returned this value.
    Done(T),

    /// Inject this fault, resume the guest, and come back at its next event.
    Inject(AddressContext),

    /// What is missing cannot be injected at this event: it belongs to other
    /// translation roots, or the veto says
    /// [`NotNow`](crate::MayInject::NotNow). Never empty. The roots of these
    /// pages are those whose events are wanted.
    ///
    /// A thread's operation has ended with it. A [`Job`](crate::Job) goes on
    /// at the next event; it names up to 512 of its pages, of each address
    /// space in turn.
    NotNow(PageFaults),

    /// The operation needs a page that is suppressed.
    Unavailable(Unavailable),

    /// Any other error of the operation, as it was.
    Failed(E),
}

impl<T> Step<T, VmiError> {
    /// As [`FaultQueue::run`](crate::FaultQueue::run) returns it.
    pub(super) fn into_result(self) -> Result<T, VmiError> {
        match self {
            Self::Done(value) => Ok(value),
            Self::Inject(fault) => Err(VmiError::Translation(fault)),
            Self::NotNow(faults) => Err(VmiError::os(faults)),
            Self::Unavailable(unavailable) => Err(VmiError::os(unavailable)),
            Self::Failed(error) => Err(error),
        }
    }

    /// As [`FaultQueue::run_or_skip`](crate::FaultQueue::run_or_skip) returns
    /// it.
    pub(super) fn into_result_or_skip(self) -> Result<Option<T>, VmiError> {
        match self {
            Self::NotNow(faults) => {
                tracing::debug!(%faults, "skipped");
                Ok(None)
            }
            Self::Unavailable(unavailable) => {
                tracing::debug!(%unavailable, "skipped");
                Ok(None)
            }
            step => step.into_result().map(Some),
        }
    }
}
