//! Calls that change the guest.

use core::panic::Location;

use crate::{ProbeError, VmiProber};

/// `settle!()`: `settle(prober)?`.
///
/// # Errors
///
/// The batch, if faults are pending.
#[track_caller]
#[inline]
pub fn settle(prober: &VmiProber<'_>) -> Result<(), ProbeError> {
    prober.error_for_page_faults()?;
    if prober.is_doomed() {
        return Err(prober.needed(Location::caller()));
    }
    Ok(())
}

/// The last argument of a call that acts on the guest:
/// `settled(ARG, settle(prober)?)`, which settles after all arguments are
/// evaluated.
#[inline]
pub fn settled<T>(argument: T, (): ()) -> T {
    argument
}

/// A call without arguments that acts on the guest:
/// `settle_then(settle(prober)?, CALL)`.
#[inline]
pub fn settle_then<T>((): (), result: T) -> T {
    result
}
