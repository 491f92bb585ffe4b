//! What the expansion of `#[probed]` calls. Not for use by hand: it may
//! change in any release.
//!
//! The expansion stays short, and everything that can live in a function
//! lives here. It imports this module alone: imports take rustc long, and of a
//! path to the crate that leads nowhere one import gives one error.

use core::panic::Location;

pub use core::{
    compile_error,
    option::Option::{self, None, Some},
    result::Result::{self, Err, Ok},
};
pub use vmi_core::VmiError;

mod keep;

pub use self::keep::*;
pub use crate::reads::at;
use crate::{FaultError, ProbeError, SuppressedPages, VmiProber, probe_limit::ProbeLimit};

/// How many probes may miss in a row.
pub const LIMIT: u32 = ProbeLimit::DEFAULT;

/// Begins a probed function.
#[inline]
pub fn start(suppressed: &SuppressedPages, limit: u32) -> VmiProber<'_> {
    VmiProber::inheriting(suppressed, limit)
}

/// The value of `#[probed(suppressed = EXPR)]`, cloned at entry.
#[inline]
pub fn own<S: AsSuppressed + ?Sized>(suppressed: &S) -> SuppressedPages {
    suppressed.as_suppressed().clone()
}

/// What `#[probed(suppressed = EXPR)]` takes.
#[diagnostic::on_unimplemented(
    message = "`#[probed(suppressed = ...)]` takes a `SuppressedPages` or a reference to one, not a `{Self}`",
    label = "not a `SuppressedPages`"
)]
pub trait AsSuppressed {
    fn as_suppressed(&self) -> &SuppressedPages;
}

impl AsSuppressed for SuppressedPages {
    #[inline]
    fn as_suppressed(&self) -> &SuppressedPages {
        self
    }
}

#[diagnostic::do_not_recommend]
impl<S: AsSuppressed + ?Sized> AsSuppressed for &S {
    #[inline]
    fn as_suppressed(&self) -> &SuppressedPages {
        (**self).as_suppressed()
    }
}

#[diagnostic::do_not_recommend]
impl<S: AsSuppressed + ?Sized> AsSuppressed for &mut S {
    #[inline]
    fn as_suppressed(&self) -> &SuppressedPages {
        (**self).as_suppressed()
    }
}

/// Runs the body of a function.
///
/// The bound makes the closure one that is called once, so that a body may
/// return what it borrows from a `&mut` parameter.
#[inline]
pub fn run<'p, 's, R>(prober: &'p VmiProber<'s>, body: impl FnOnce() -> R) -> Outcome<'p, 's, R> {
    outcome(prober, body())
}

/// What the body of a function came to.
#[inline]
pub fn outcome<'p, 's, R>(prober: &'p VmiProber<'s>, result: R) -> Outcome<'p, 's, R> {
    Outcome { prober, result }
}

/// What a probed function returns.
#[diagnostic::on_unimplemented(
    message = "`#[probed]` needs a function that returns a `Result`, not a `{Self}`",
    label = "not a `Result`",
    note = "page faults leave it as its error, so return `prober::Result<..>`"
)]
pub trait Returned {
    type Error;

    fn is_err(&self) -> bool;
    fn err(error: Self::Error) -> Self;
}

impl<T, E> Returned for Result<T, E> {
    type Error = E;

    #[inline]
    fn is_err(&self) -> bool {
        self.is_err()
    }

    fn err(error: E) -> Self {
        Err(error)
    }
}

/// What the body of a function came to, before the gate.
#[derive(Debug)]
#[must_use]
pub struct Outcome<'p, 's, R> {
    prober: &'p VmiProber<'s>,
    result: R,
}

/// The gate of a function whose error can carry page faults. It takes the
/// place of [`Finish::finish`] wherever its bound holds.
impl<T, E: FaultError> Outcome<'_, '_, Result<T, E>> {
    /// # Errors
    ///
    /// The batch, if faults are pending; else [`Unavailable`](crate::Unavailable),
    /// if missing data was needed; else the body's own error.
    #[track_caller]
    #[inline]
    pub fn finish(self) -> Result<T, E> {
        match self.result {
            Ok(value) if !self.prober.is_doomed() => Ok(value),
            result => gate(self.prober, result, Location::caller()),
        }
    }
}

#[cold]
fn gate<T, E: FaultError>(
    prober: &VmiProber<'_>,
    result: Result<T, E>,
    place: &Location<'_>,
) -> Result<T, E> {
    let missing = result.as_ref().err().and_then(FaultError::missing);
    if let Some(missing) = missing {
        prober.note(missing, place);
    }
    prober.take_page_faults()?;

    match missing {
        None if result.is_ok() => Err(prober.needed().into()),
        None => result,
        Some(missing) => Err(prober.unavailable(missing.limit()).into()),
    }
}

/// The gate of a function whose error is opaque: what leaves with it cannot
/// be looked into.
///
/// Its bounds are those of the method, and it gives back what it took: so of a
/// type that will not do they say one thing, and nothing follows from it.
pub trait Finish<R> {
    /// # Errors
    ///
    /// As [`Outcome::finish`], but that a callee's batch stays its own.
    fn finish(self) -> R
    where
        R: Returned,
        R::Error: Carrier;
}

impl<R> Finish<R> for Outcome<'_, '_, R> {
    fn finish(self) -> R
    where
        R: Returned,
        R::Error: Carrier,
    {
        if let Err(error) = self.prober.take_page_faults() {
            return R::err(Carrier::carry(error));
        }
        let limit = self.prober.limit_exceeded();
        if self.prober.is_doomed()
            || self.result.is_err() && (limit.is_some() || self.prober.was_needed())
        {
            R::err(Carrier::carry(self.prober.unavailable(limit)))
        } else {
            self.result
        }
    }
}

/// The least that the error of a probed function must be able to do.
#[diagnostic::on_unimplemented(
    message = "the error of a `#[probed]` function must be able to carry page faults, and `{Self}` cannot",
    label = "`From<ProbeError>` is missing for this error",
    note = "implement `From<prober::ProbeError>` for it, or return `prober::Result`"
)]
pub trait Carrier {
    fn carry(error: ProbeError) -> Self;
}

#[diagnostic::do_not_recommend]
impl<E: From<ProbeError>> Carrier for E {
    fn carry(error: ProbeError) -> Self {
        Self::from(error)
    }
}

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

/// A probe whose value is needed, `EXPR??`: `need(EXPR, prober)?`.
///
/// # Errors
///
/// Those of [`read`]; for a missing value, [`Unavailable`](crate::Unavailable).
#[track_caller]
#[inline]
pub fn need<T, E: FaultError>(result: Result<T, E>, prober: &VmiProber<'_>) -> Result<T, E> {
    read(result, prober)?.ok_or_else(|| prober.needed().into())
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
    read_if(result, prober)?.ok_or_else(|| prober.needed().into())
}

/// The value of a probe that a statement throws away: warns.
#[must_use = "where the data is missing nothing was read, so a buffer may hold what was there before; \
              write `??` to need the value, or `let _ = ..` to do without it"]
#[inline]
pub fn value_of_a_probe<T>(value: T) -> T {
    value
}

/// `EXPR?` outside a probe: `value(EXPR, prober)?`.
///
/// # Errors
///
/// The error of a `Result`, its faults recorded; for a `None`,
/// [`Unavailable`](crate::Unavailable).
#[track_caller]
#[inline]
pub fn value<Q: Question>(operand: Q, prober: &VmiProber<'_>) -> Q::Result {
    operand.value(prober)
}

/// `EXPR?` inside a probe: `got(match part(EXPR, prober) { .. })`.
///
/// The call keeps the `match` an operand wherever it stands.
#[inline]
pub fn got<T>(value: T) -> T {
    value
}

/// What a `?` inside a probe came to.
#[track_caller]
#[inline]
pub fn part<Q: Question>(operand: Q, prober: &VmiProber<'_>) -> Q::Part {
    operand.part(prober)
}

/// What a `?` inside a probe came to.
#[derive(Debug)]
pub enum Part<T, H> {
    /// The value.
    Value(T),
    /// The probe misses.
    Missing,
    /// The function is left with an error.
    Hard(H),
}

/// What can stand before `?`.
#[diagnostic::on_unimplemented(
    message = "`?` in a `#[probed]` function takes an `Option` or a `Result`, not a `{Self}`",
    label = "neither an `Option` nor a `Result`"
)]
pub trait Question {
    type Result;
    type Part;

    #[track_caller]
    fn value(self, prober: &VmiProber<'_>) -> Self::Result;

    #[track_caller]
    fn part(self, prober: &VmiProber<'_>) -> Self::Part;
}

impl<T> Question for Option<T> {
    type Result = Result<T, ProbeError>;
    type Part = Part<T, Never>;

    #[inline]
    fn value(self, prober: &VmiProber<'_>) -> Result<T, ProbeError> {
        match self {
            Some(value) => Ok(value),
            None => Err(prober.unavailable(None)),
        }
    }

    #[inline]
    fn part(self, _: &VmiProber<'_>) -> Part<T, Never> {
        match self {
            Some(value) => Part::Value(value),
            None => Part::Missing,
        }
    }
}

impl<T, X> Question for Result<T, X> {
    type Result = Self;
    type Part = Part<T, Hard<X>>;

    #[track_caller]
    #[inline]
    fn value(self, prober: &VmiProber<'_>) -> Self {
        match self {
            Ok(value) => Ok(value),
            Err(error) => Err(crate::absorb::absorb(error, prober, Location::caller())),
        }
    }

    #[track_caller]
    #[inline]
    fn part(self, prober: &VmiProber<'_>) -> Part<T, Hard<X>> {
        match self {
            Ok(value) => Part::Value(value),
            Err(error) if crate::absorb::is_missing(&error, prober, Location::caller()) => {
                Part::Missing
            }
            Err(error) => Part::Hard(Hard(error)),
        }
    }
}

/// The error that an `Option` does not have. That it cannot be made is kept
/// private: the arm of the expansion that takes it would be blamed for it.
#[derive(Debug)]
pub struct Never(core::convert::Infallible);

/// An error that leaves the function from inside a probe.
#[derive(Debug)]
pub struct Hard<X>(X);

/// `return leave(error)`: leaves a function or a closure as `?` would.
#[inline]
pub fn leave<L: Leave<R>, R>(error: L) -> R {
    error.leave()
}

/// What a `?` inside a probe can leave `R` with.
#[diagnostic::on_unimplemented(
    message = "`?` couldn't convert the error for a function that returns `{R}`",
    label = "cannot leave with this error",
    note = "an error that is no page fault leaves the function, also from inside a probe; \
            implement `From` for it, or convert it with `map_err`"
)]
pub trait Leave<R> {
    fn leave(self) -> R;
}

impl<R> Leave<R> for Never {
    fn leave(self) -> R {
        match self.0 {}
    }
}

#[diagnostic::do_not_recommend]
impl<T, X, E: From<X>> Leave<Result<T, E>> for Hard<X> {
    #[inline]
    fn leave(self) -> Result<T, E> {
        Err(E::from(self.0))
    }
}

/// `settle!()`: `settle(prober)?`.
///
/// # Errors
///
/// The batch, if faults are pending.
#[inline]
pub fn settle(prober: &VmiProber<'_>) -> Result<(), ProbeError> {
    prober.error_for_page_faults()?;
    if prober.is_doomed() {
        return Err(prober.needed());
    }
    Ok(())
}

/// The last argument of a call that acts on the guest:
/// `settled(ARG, settle(prober)?)`, which settles when all arguments are
/// there.
#[inline]
pub fn settled<T>(argument: T, (): ()) -> T {
    argument
}

/// A call without arguments that acts on the guest:
/// `then(settle(prober)?, CALL)`.
#[inline]
pub fn then<T>((): (), result: T) -> T {
    result
}

/// Gives an async block its type, in a branch that is never taken.
#[cold]
#[must_use]
pub fn never<R>() -> R {
    unreachable!("a branch of the expansion that is never taken")
}
