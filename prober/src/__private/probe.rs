//! Probes.

use core::panic::Location;

use crate::{FaultError, VmiProber, sealed::Sealed};

/// A probe: `read(EXPR, prober)`.
///
/// # Errors
///
/// Any error that is not about missing data.
#[track_caller]
#[inline]
pub fn read<T, E: FaultError>(
    result: Result<T, E>,
    prober: &VmiProber<'_>,
) -> Result<Option<T>, E> {
    prober.check(result)
}

/// A probe in which a `?` may find a value missing: the block around its
/// expression ends with `None` then.
///
/// # Errors
///
/// Any error that is not about missing data.
#[track_caller]
#[inline]
pub fn read_if<T, E: FaultError>(
    result: Option<Result<T, E>>,
    prober: &VmiProber<'_>,
) -> Result<Option<T>, E> {
    match result {
        Some(result) => read(result, prober),
        None => prober.count_miss().map(|()| None),
    }
}

/// What `probe!(EXPR)` takes: `can_be_probed(EXPR)`.
#[diagnostic::on_unimplemented(
    message = "`probe!` takes a `Result`, and this is of type `{Self}`",
    label = "not a `Result`",
    note = "write it around the call that can fail, and the `?` behind it: `probe!(f())?`"
)]
pub trait CanBeProbed: Sealed {
    type Result;

    fn can_be_probed(self) -> Self::Result;
}

impl<T, E: FaultError> CanBeProbed for Result<T, E> {
    type Result = Self;

    #[inline]
    fn can_be_probed(self) -> Self {
        self
    }
}

/// What `probe!(EXPR?)` takes: a `Result` all the same.
#[diagnostic::on_unimplemented(
    message = "`probe!` takes the `Result` itself, and the `?` in it takes the value out, of type `{Self}`",
    label = "not a `Result`",
    note = "write the `?` behind `probe!` instead: `probe!(f())?`"
)]
pub trait AnswerCanBeProbed: Sealed {
    type Result;

    fn can_be_probed(self) -> Self::Result;
}

impl<T, E: FaultError> AnswerCanBeProbed for Result<T, E> {
    type Result = Self;

    #[inline]
    fn can_be_probed(self) -> Self {
        self
    }
}

/// A probe whose value is needed, `EXPR??`: `need(EXPR, prober)?`.
///
/// # Errors
///
/// Those of [`read`]; for a missing value, [`Unavailable`](crate::Unavailable).
#[track_caller]
#[inline]
pub fn need<T, E: FaultError>(result: Result<T, E>, prober: &VmiProber<'_>) -> Result<T, E> {
    let place = Location::caller();
    read(result, prober)?.ok_or_else(|| prober.needed(place).into())
}

/// [`read_if`] whose value is needed.
///
/// # Errors
///
/// Those of [`need`].
#[track_caller]
#[inline]
pub fn need_if<T, E: FaultError>(
    result: Option<Result<T, E>>,
    prober: &VmiProber<'_>,
) -> Result<T, E> {
    let place = Location::caller();
    read_if(result, prober)?.ok_or_else(|| prober.needed(place).into())
}

/// The value of a probe that a statement discards: warns.
#[must_use = "where the data is missing nothing was read, so a buffer may hold what was there before; \
              write `??` to need the value, or `let _ = ..` to do without it"]
#[inline]
pub fn value_of_a_probe<T>(value: T) -> T {
    value
}
