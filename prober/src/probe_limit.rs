use std::{error::Error, fmt};

/// Too many probes missed in a row in one call of a `#[probed]` function.
///
/// A loop that runs on data that is missing would never end. The probe after
/// the last one allowed gives this error behind
/// [`VmiError::Os`](vmi_core::VmiError::Os), so `?` leaves the function, and
/// the function returns the batch so far, or
/// [`Unavailable`](crate::Unavailable).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProbeLimit(u32);

impl ProbeLimit {
    /// How many probes may miss in a row unless the attribute says otherwise
    /// (`#[probed(limit = N)]`).
    pub const DEFAULT: u32 = 1024;

    pub(crate) fn new(limit: u32) -> Self {
        Self(limit)
    }

    /// How many probes were allowed to miss in a row.
    #[must_use]
    pub fn limit(self) -> u32 {
        self.0
    }
}

impl fmt::Display for ProbeLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "more than {} probes missed in a row", self.0)
    }
}

impl Error for ProbeLimit {}
