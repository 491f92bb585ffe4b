use std::{error::Error, fmt};

use vmi_core::{AddressContext, VmiError};

use crate::{PageFaults, ProbeLimit, SuppressedPages};

/// A needed value is unavailable, although no fault is pending.
///
/// Injecting a fault and trying again does not help. Converted to a
/// [`VmiError`] it is [`VmiError::Os`], never a translation error, so that a
/// suppressed page is not injected again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unavailable {
    pages: PageFaults,
    limit: Option<ProbeLimit>,

    /// Whether nothing was needed: the run of the caller was doomed before,
    /// and what it called could only fail.
    by_doom: bool,
}

impl Unavailable {
    pub(crate) fn new(pages: PageFaults, limit: Option<ProbeLimit>) -> Self {
        Self {
            pages,
            limit,
            by_doom: false,
        }
    }

    /// The same of a function that fails because its caller's run is doomed,
    /// and for nothing else.
    pub(crate) fn by_doom(pages: PageFaults) -> Self {
        Self {
            by_doom: true,
            ..Self::new(pages, None)
        }
    }

    /// The pages of a batch that can still come in: those that are not
    /// suppressed.
    ///
    /// # Errors
    ///
    /// If all are suppressed, the operation needs one of them.
    pub(crate) fn unless_pending(
        mut batch: PageFaults,
        suppressed: &SuppressedPages,
    ) -> Result<PageFaults, Self> {
        if batch.iter().all(|fault| suppressed.contains(fault)) {
            return Err(Self::new(batch, None));
        }
        batch.retain(|fault| !suppressed.contains(fault));
        Ok(batch)
    }

    pub(crate) fn is_by_doom(&self) -> bool {
        self.by_doom
    }

    /// The suppressed pages that the operation met, one of which was needed.
    ///
    /// Empty if the operation met none: then it needed a value that is `None`
    /// for another reason.
    #[must_use]
    pub fn pages(&self) -> &PageFaults {
        &self.pages
    }

    /// Finds an `Unavailable` behind [`VmiError::Os`].
    ///
    /// # Examples
    ///
    /// ```
    /// use prober::Unavailable;
    /// use vmi_core::{AddressContext, VmiError};
    ///
    /// fn worth_a_retry(error: &VmiError) -> bool {
    ///     Unavailable::of(error).is_none()
    /// }
    /// # assert!(worth_a_retry(&VmiError::Timeout));
    /// # assert!(!worth_a_retry(&VmiError::os(Unavailable::default())));
    /// ```
    #[must_use]
    pub fn of(error: &VmiError) -> Option<&Self> {
        match error {
            VmiError::Os(error) => error.downcast_ref(),
            _ => None,
        }
    }

    pub(crate) fn limit(&self) -> Option<ProbeLimit> {
        self.limit
    }
}

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(limit) = self.limit {
            write!(f, "{limit}; ")?;
        }
        match (self.pages.first(), self.pages.len()) {
            (None, _) if self.limit.is_some() => return f.write_str("no page was missing"),
            (None, _) => {
                return f.write_str(
                    "a needed value is `None`, although no page is missing or suppressed",
                );
            }
            (Some(first), 1) => write!(f, "needs the page of {first}, which cannot be brought in")?,
            (Some(first), pages) => write!(
                f,
                "needs one of {pages} pages that cannot be brought in (first: {first})"
            )?,
        }
        if self.pages.iter().any(is_in_first_64_kib) {
            f.write_str(
                ": the first 64 KiB hold null pointers, so `SuppressedPages::new()` suppresses \
                 them; in a test, map pages from 0x10000 on, or use `SuppressedPages::empty()`",
            )?;
        }
        Ok(())
    }
}

fn is_in_first_64_kib(page: &AddressContext) -> bool {
    page.va.0 < 0x1_0000
}

impl Error for Unavailable {}
