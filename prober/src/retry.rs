mod hand_overs;

use vmi_core::VmiError;

use self::hand_overs::HandOvers;
use crate::{
    FaultError, Missing, PageIn, ProbeError, SuppressedPages, Unavailable,
    fault_error::warn_of_single_faults,
};

/// Runs an operation, brings in the pages that it missed, and runs it again,
/// until it has what it needs.
///
/// For a pager that can serve a whole batch while the caller waits. An event
/// loop, in which the guest must run between two injections, uses a
/// [`FaultQueue`](crate::FaultQueue) instead. Limits other than the defaults are
/// set on a [`Retry`].
///
/// What the pager refuses is added to `suppressed`. So is a page that was handed
/// over three times in a row and is still missing. A page that a run in between
/// did not miss has been served: its count starts anew. It is given up only
/// after 64 hand-overs, so that pages which evict one another end, too.
///
/// An error type that can hold only one fault, such as [`VmiError`], needs a run
/// for each page. A warning about that is logged once.
///
/// # Errors
///
/// An error without page faults is returned at once, as is [`Unavailable`]. It
/// is also returned instead of a batch whose pages are all suppressed. An error
/// of the pager is returned at once, too.
///
/// # Examples
///
/// ```
/// use prober::{PageFaults, SuppressedPages, VmiProber, retry};
/// use vmi_core::{AddressContext, Pa, Va, VmiError};
///
/// let page = AddressContext::new(Va(0x40_0000), Pa(0x1000));
/// let resident = std::cell::Cell::new(false);
/// let mut pager = |faults: &PageFaults, _: &mut SuppressedPages| {
///     resident.set(faults.contains(&page));
///     Ok(())
/// };
///
/// let mut suppressed = SuppressedPages::new();
/// let value = retry(&mut pager, &mut suppressed, |_| match resident.get() {
///     true => Ok(42),
///     false => Err(VmiError::Translation(page)),
/// })?;
///
/// assert_eq!(value, 42);
/// # Ok::<(), VmiError>(())
/// ```
pub fn retry<T, E: FaultError>(
    pager: &mut (impl PageIn + ?Sized),
    suppressed: &mut SuppressedPages,
    operation: impl FnMut(&SuppressedPages) -> Result<T, E>,
) -> Result<T, E> {
    Retry::new().run(pager, suppressed, operation)
}

/// The limits of a [`retry`].
///
/// # Examples
///
/// ```
/// use prober::{PageFaults, ProbeError, Retry, SuppressedPages};
/// use vmi_core::{AddressContext, Pa, Va, VmiError};
///
/// let page = AddressContext::new(Va(0x40_0000), Pa(0x1000));
/// let mut batches = 0;
/// let mut pager = |_: &PageFaults, _: &mut SuppressedPages| {
///     batches += 1;
///     Ok(())
/// };
///
/// let mut suppressed = SuppressedPages::new();
/// let result = Retry::new().max_hand_overs(5).run(&mut pager, &mut suppressed, |_| {
///     Err::<(), _>(ProbeError::from(VmiError::Translation(page)))
/// });
/// assert!(matches!(result, Err(ProbeError::Unavailable(_))));
/// assert_eq!(batches, 5);
/// assert!(suppressed.contains(&page));
/// ```
#[derive(Debug, Clone)]
#[must_use]
#[allow(clippy::struct_field_names)] // They are all limits.
pub struct Retry {
    max_hand_overs: u32,
    max_hand_overs_in_all: u32,
    max_runs: u32,
}

impl Retry {
    /// The defaults: a page is handed over at most 3 times in a row and 64
    /// times in all, and the operation runs at most 100,000 times.
    pub const fn new() -> Self {
        Self {
            max_hand_overs: 3,
            max_hand_overs_in_all: 64,
            max_runs: 100_000,
        }
    }

    /// How often in a row a page is handed to the pager before it is
    /// suppressed.
    pub const fn max_hand_overs(mut self, per_page: u32) -> Self {
        self.max_hand_overs = per_page;
        self
    }

    /// How often in all a page is handed to the pager before it is suppressed,
    /// also if it came in and went out again each time.
    pub const fn max_hand_overs_in_all(mut self, per_page: u32) -> Self {
        self.max_hand_overs_in_all = per_page;
        self
    }

    /// How often the operation runs at most; it runs at least once. The error
    /// of the last run is returned.
    pub const fn max_runs(mut self, runs: u32) -> Self {
        self.max_runs = runs;
        self
    }

    /// Runs an operation as [`retry`] does.
    ///
    /// # Errors
    ///
    /// Those of [`retry`].
    pub fn run<T, E: FaultError>(
        &self,
        pager: &mut (impl PageIn + ?Sized),
        suppressed: &mut SuppressedPages,
        mut operation: impl FnMut(&SuppressedPages) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut hand_overs = HandOvers::default();
        let (mut runs, mut single_faults) = (1, 0_u32);
        loop {
            let error = match operation(suppressed) {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            let missing = error.missing();
            if let Some(Missing::PageFault(_)) = missing {
                single_faults = single_faults.saturating_add(1);
                // One such run costs nothing; with the second it is slow.
                if single_faults == 2 {
                    warn_of_single_faults(std::any::type_name::<E>());
                }
            }
            let Some(batch) = missing.and_then(Missing::into_faults) else {
                return Err(error);
            };
            let mut batch = Unavailable::unless_pending(batch, suppressed)
                .map_err(|unavailable| E::from(ProbeError::from(unavailable)))?;
            if runs >= self.max_runs {
                return Err(error);
            }

            hand_overs.next_batch();
            batch.retain(|fault| {
                let times = hand_overs.count(fault);
                let again = times.in_a_row <= self.max_hand_overs
                    && times.in_all <= self.max_hand_overs_in_all;
                if !again {
                    tracing::debug!(va = %fault.va, root = %fault.root, "giving up on a page");
                    suppressed.insert(*fault);
                }
                again
            });
            if !batch.is_empty() {
                tracing::debug!(pages = batch.len(), "paging in");
                pager
                    .page_in(&batch, suppressed)
                    .map_err(|error: VmiError| E::from(ProbeError::from(error)))?;
            }
            runs += 1;
        }
    }
}

impl Default for Retry {
    fn default() -> Self {
        Self::new()
    }
}
