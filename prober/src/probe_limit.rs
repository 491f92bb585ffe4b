//! The error at the limit of misses, which `VmiProber::count_miss` counts.

use std::{error::Error, fmt};

/// Too many probes missed in one call of a `#[probed]` function: in a row, or
/// in all.
///
/// A loop over missing data might never end. The next probe after the limit
/// fails with this error behind [`VmiError::Os`](vmi_core::VmiError::Os), so
/// `?` leaves the function, which returns the batch so far, or
/// [`Unavailable`](crate::Unavailable). It does so even if the body swallows
/// the error: a function whose probe was cut off never returns `Ok`.
///
/// # Examples
///
/// ```
/// use prober::{ProbeLimit, probed};
/// use vmi_core::{Va, VmiOs, VmiRead, VmiState};
///
/// /// Adds up entries that lie on a page each, until one is 0. Where the guest
/// /// has lost them all, it ends after three misses.
/// #[probed(options, limit = 3)]
/// fn sum<Os>(vmi: &VmiState<'_, Os>, mut at: Va) -> prober::Result<u64>
/// where
///     Os: VmiOs,
///     Os::Driver: VmiRead,
/// {
///     let mut sum = 0;
///     loop {
///         match vmi.read_u64(at)? {
///             Some(0) => return Ok(sum),
///             value => sum += value.unwrap_or(0),
///         }
///         at = at + 0x1000;
///     }
/// }
///
/// assert_eq!(ProbeLimit::DEFAULT, 1024);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProbeLimit {
    limit: u32,
    in_all: bool,
}

impl ProbeLimit {
    /// How many probes may miss in a row unless the attribute says otherwise
    /// (`#[probed(limit = N)]`).
    pub const DEFAULT: u32 = 1024;

    /// How many probes may miss in all.
    pub const IN_ALL: u32 = 1_048_576;

    pub(crate) fn in_a_row(limit: u32) -> Self {
        let in_all = false;
        Self { limit, in_all }
    }

    pub(crate) fn in_all() -> Self {
        Self {
            limit: Self::IN_ALL,
            in_all: true,
        }
    }

    /// How many probes were allowed to miss.
    #[must_use]
    pub fn limit(self) -> u32 {
        self.limit
    }

    /// Whether so many missed in all, not in a row.
    #[must_use]
    pub fn is_in_all(self) -> bool {
        self.in_all
    }
}

impl fmt::Display for ProbeLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limit = self.limit;
        if self.in_all {
            write!(f, "more than {limit} probes missed in one call")
        } else {
            write!(
                f,
                "more than {limit} probes missed in a row; if this is not a runaway loop, allow more \
                 with `#[probed(limit = N)]`"
            )
        }
    }
}

impl Error for ProbeLimit {}
