use std::collections::HashMap;

use vmi_core::VmiError;

use crate::{
    FaultError, Missing, PageFaults, PageIn, ProbeError, SuppressedPages, Unavailable, page::Page,
};

/// Runs an operation, has the pages that it missed brought in, and runs it
/// again, until it has what it needs.
///
/// For a pager that can serve a whole batch while we wait. An event loop, in
/// which the guest must run between two injections, takes a
/// [`FaultQueue`](crate::FaultQueue) instead. Limits other than the defaults are
/// set on a [`Retry`].
///
/// What the pager refuses, and a page that was handed over three times and is
/// still missing, is added to `suppressed`.
///
/// # Errors
///
/// An error without page faults comes back at once, as does [`Unavailable`],
/// which also takes the place of a batch of which every page is suppressed;
/// so does an error of the pager.
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
#[derive(Debug, Clone)]
#[must_use]
pub struct Retry {
    max_hand_overs: u32,
    max_runs: u32,
}

impl Retry {
    /// The defaults: a page is handed over at most 3 times, and the operation
    /// runs at most 100,000 times.
    pub const fn new() -> Self {
        Self {
            max_hand_overs: 3,
            max_runs: 100_000,
        }
    }

    /// How often a page is handed to the pager before it is suppressed.
    pub const fn max_hand_overs(mut self, per_page: u32) -> Self {
        self.max_hand_overs = per_page;
        self
    }

    /// How often the operation runs at most, and at least once. The error of
    /// the last run comes back.
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
        let mut handed_over = HashMap::<Page, u32>::new();
        let mut runs = 1;
        loop {
            let error = match operation(suppressed) {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            let mut batch = match error.missing() {
                Some(Missing::PageFault(fault)) => PageFaults::from_iter([fault]),
                Some(Missing::PageFaults(faults)) => faults.clone(),
                Some(Missing::Unavailable(_) | Missing::ProbeLimit(_)) | None => return Err(error),
            };

            let met = batch.clone();
            batch.retain(|fault| !suppressed.contains(fault));
            if batch.is_empty() {
                let unavailable = Unavailable::new(met, None);
                return Err(ProbeError::from(unavailable).into());
            }
            if runs >= self.max_runs {
                return Err(error);
            }

            batch.retain(|fault| {
                let times = handed_over.entry(Page::from(fault)).or_default();
                *times += 1;
                let again = *times <= self.max_hand_overs;
                if !again {
                    tracing::debug!(va = %fault.va, root = %fault.root, "page does not come in");
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
