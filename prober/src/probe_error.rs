use std::{error::Error, fmt};

use vmi_core::VmiError;

use crate::{FaultError, Missing, PageFaults, Unavailable};

/// What a `#[probed]` function returns unless it declares another error.
///
/// Converts from and to [`VmiError`]. There the batch shrinks to its first
/// fault, which is all that [`VmiError::Translation`] can hold, and
/// [`Unavailable`] becomes [`VmiError::Os`].
#[derive(Debug)]
#[non_exhaustive]
pub enum ProbeError {
    /// Pages were missing: all that one run could find, never none.
    PageFaults(PageFaults),

    /// A value was needed that is not to be had.
    Unavailable(Unavailable),

    /// Any other error.
    Vmi(VmiError),
}

/// A [`Result`](core::result::Result) whose error is [`ProbeError`] unless
/// another is named.
pub type Result<T, E = ProbeError> = core::result::Result<T, E>;

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
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::PageFaults(_) | Self::Unavailable(_) => None,
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
            Some(Missing::PageFault(fault)) => Self::PageFaults(PageFaults::from_iter([fault])),
            Some(Missing::PageFaults(faults)) => Self::PageFaults(faults.clone()),
            Some(Missing::Unavailable(unavailable)) => Self::Unavailable(unavailable.clone()),
            Some(Missing::ProbeLimit(_)) | None => Self::Vmi(error),
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
