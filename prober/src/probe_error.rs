use std::{error::Error, fmt};

use vmi_core::VmiError;

use crate::{FaultError, Missing, PageFaults, Unavailable};

/// The error of a `#[probed]` function that does not declare another.
///
/// Converts from and to [`VmiError`]. There the batch shrinks to its first
/// fault, which is all that [`VmiError::Translation`] can hold, and
/// [`Unavailable`] becomes [`VmiError::Os`].
#[derive(Debug)]
#[non_exhaustive]
pub enum ProbeError {
    /// The missing pages: all that one run could find. Never empty.
    PageFaults(PageFaults),

    /// A needed value is unavailable.
    Unavailable(Unavailable),

    /// Any other error.
    Vmi(VmiError),
}

/// A [`Result`](core::result::Result) whose error is [`ProbeError`] unless
/// another is named.
pub type Result<T, E = ProbeError> = core::result::Result<T, E>;

impl ProbeError {
    /// The missing pages, if that is what the error says: all that the run
    /// found.
    ///
    /// # Examples
    ///
    /// ```
    /// use prober::ProbeError;
    /// use vmi_core::{AddressContext, Pa, Va, VmiError};
    ///
    /// let fault = AddressContext::new(Va(0x40_0000), Pa(0x1000));
    /// let error = ProbeError::from(VmiError::Translation(fault));
    /// assert_eq!(error.page_faults().map(|faults| faults.len()), Some(1));
    /// assert!(error.is_page_faults() && error.unavailable().is_none());
    /// ```
    #[must_use]
    pub fn page_faults(&self) -> Option<&PageFaults> {
        match self {
            Self::PageFaults(faults) => Some(faults),
            _ => None,
        }
    }

    /// The missing pages by value, or the error as it was.
    ///
    /// # Errors
    ///
    /// The error itself, if it is not about missing pages.
    pub fn into_page_faults(self) -> Result<PageFaults> {
        match self {
            Self::PageFaults(faults) => Ok(faults),
            error => Err(error),
        }
    }

    /// Whether pages are missing that can be brought in: then the operation is
    /// worth another run.
    #[must_use]
    pub fn is_page_faults(&self) -> bool {
        self.page_faults().is_some()
    }

    /// Why a needed value is unavailable, if that is what the error says.
    #[must_use]
    pub fn unavailable(&self) -> Option<&Unavailable> {
        match self {
            Self::Unavailable(unavailable) => Some(unavailable),
            _ => None,
        }
    }

    /// Whether a needed value is unavailable: then no further run helps.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        self.unavailable().is_some()
    }

    /// The error of vmi-core, if it is neither of the two.
    #[must_use]
    pub fn vmi(&self) -> Option<&VmiError> {
        match self {
            Self::Vmi(error) => Some(error),
            _ => None,
        }
    }
}

impl fmt::Display for ProbeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PageFaults(faults) => faults.fmt(f),
            Self::Unavailable(unavailable) => unavailable.fmt(f),
            Self::Vmi(error) => error.fmt(f),
        }
    }
}

impl Error for ProbeError {
    /// The batch or the [`Unavailable`], so that they are found behind boxed
    /// errors too, or the source of the error of vmi-core.
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::PageFaults(faults) => Some(faults),
            Self::Unavailable(unavailable) => Some(unavailable),
            Self::Vmi(error) => error.source(),
        }
    }
}

impl From<PageFaults> for ProbeError {
    fn from(faults: PageFaults) -> Self {
        Self::PageFaults(faults)
    }
}

impl From<Unavailable> for ProbeError {
    fn from(unavailable: Unavailable) -> Self {
        Self::Unavailable(unavailable)
    }
}

impl From<VmiError> for ProbeError {
    fn from(error: VmiError) -> Self {
        match error.missing() {
            Some(Missing::Unavailable(unavailable)) => Self::Unavailable(unavailable.clone()),
            missing => match missing.and_then(Missing::into_faults) {
                Some(faults) => Self::PageFaults(faults),
                None => Self::Vmi(error),
            },
        }
    }
}

impl From<ProbeError> for VmiError {
    fn from(error: ProbeError) -> Self {
        match error {
            ProbeError::PageFaults(faults) => match faults.first() {
                Some(first) => Self::Translation(*first),
                None => Self::os(faults),
            },
            ProbeError::Unavailable(unavailable) => Self::os(unavailable),
            ProbeError::Vmi(error) => error,
        }
    }
}
