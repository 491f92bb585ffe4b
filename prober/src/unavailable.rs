use std::{error::Error, fmt};

use vmi_core::VmiError;

use crate::{PageFaults, ProbeLimit};

/// A value was needed that is not to be had, although no fault is pending.
///
/// Nothing is gained by injecting a fault and trying again. Behind a
/// [`VmiError`] it stands as [`VmiError::Os`], never as a translation error:
/// a suppressed page is not injected again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unavailable {
    pages: PageFaults,
    limit: Option<ProbeLimit>,
}

impl Unavailable {
    pub(crate) fn new(pages: PageFaults, limit: Option<ProbeLimit>) -> Self {
        Self { pages, limit }
    }

    /// The suppressed pages that the operation met, one of which was needed.
    ///
    /// Empty when the operation met none: then a `None` of its own was
    /// needed.
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
    /// use vmi_core::VmiError;
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
            (None, _) if self.limit.is_some() => f.write_str("no page was missing"),
            (None, _) => f.write_str(
                "a value that was needed is `None`, though no page was missing or suppressed",
            ),
            (Some(first), 1) => write!(f, "the page of {first} was needed and is unserviceable"),
            (Some(first), pages) => write!(
                f,
                "one of {pages} unserviceable pages was needed, the first of them that of {first}"
            ),
        }
    }
}

impl Error for Unavailable {}
