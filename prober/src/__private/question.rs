//! The `?` in a function.

use core::panic::Location;

use crate::{ProbeError, VmiProber, sealed::Sealed};

/// `EXPR?` inside a probe: `as_operand(match question_mark_in_probe(EXPR,
/// prober) { .. })`.
///
/// A call, so that the `match` is an operand wherever it stands.
#[inline]
pub fn as_operand<T>(value: T) -> T {
    value
}

/// The outcome of a `?` inside a probe.
#[derive(Debug)]
pub enum Part<T, F> {
    /// The value.
    Value(T),
    /// The probe misses.
    Missing,
    /// The function is left, with an error.
    Failed(F),
}

/// What can stand before `?`.
#[diagnostic::on_unimplemented(
    message = "the `?` operator can only be applied to an `Option` or a `Result`, not to a `{Self}`",
    label = "neither an `Option` nor a `Result`",
    note = "remove the `?`: this is a value already"
)]
pub trait OptionOrResult: Sealed {
    type Result;
    type Part;

    /// `EXPR?` outside a probe: `question_mark(EXPR, prober)?`.
    ///
    /// # Errors
    ///
    /// The error of a `Result`, its faults recorded; for a `None`,
    /// [`Unavailable`](crate::Unavailable).
    // rustc shows the line to those who use a value after its `?`.
    #[track_caller]
    #[rustfmt::skip]
    fn question_mark(self, prober: &VmiProber<'_>) -> Self::Result; // write `value.as_ref()?` to keep the value

    /// Looks at the operand of a `?` inside a probe.
    #[track_caller]
    #[rustfmt::skip]
    fn question_mark_in_probe(self, prober: &VmiProber<'_>) -> Self::Part; // write `value.as_ref()?` to keep the value
}

#[diagnostic::do_not_recommend]
impl<T> OptionOrResult for Option<T> {
    type Result = Result<T, ProbeError>;
    type Part = Part<T, NoFailure>;

    #[track_caller]
    #[inline]
    fn question_mark(self, prober: &VmiProber<'_>) -> Result<T, ProbeError> {
        match self {
            Some(value) => Ok(value),
            None => Err(prober.left_early(Location::caller())),
        }
    }

    #[inline]
    fn question_mark_in_probe(self, _: &VmiProber<'_>) -> Part<T, NoFailure> {
        match self {
            Some(value) => Part::Value(value),
            None => Part::Missing,
        }
    }
}

#[diagnostic::do_not_recommend]
impl<T, X> OptionOrResult for Result<T, X> {
    type Result = Self;
    type Part = Part<T, Failure<X>>;

    #[track_caller]
    #[inline]
    fn question_mark(self, prober: &VmiProber<'_>) -> Self {
        match self {
            Ok(value) => Ok(value),
            Err(error) => Err(super::faults_in_errors::record(
                error,
                prober,
                Location::caller(),
            )),
        }
    }

    #[track_caller]
    #[inline]
    fn question_mark_in_probe(self, prober: &VmiProber<'_>) -> Part<T, Failure<X>> {
        match self {
            Ok(value) => Part::Value(value),
            Err(error)
                if super::faults_in_errors::is_missing(&error, prober, Location::caller()) =>
            {
                Part::Missing
            }
            Err(error) => Part::Failed(Failure(error)),
        }
    }
}

/// Uninhabited, but not visibly so: otherwise rustc would call the arm in the
/// expansion unreachable.
#[derive(Debug)]
pub struct NoFailure(core::convert::Infallible);

impl Sealed for NoFailure {}

/// An error that leaves the function from inside a probe.
#[derive(Debug)]
pub struct Failure<X>(X);

impl<X> Sealed for Failure<X> {}

/// What a `?` inside a probe can leave `R` with.
#[diagnostic::on_unimplemented(
    message = "`?` couldn't convert the error for a function that returns `{R}`",
    label = "cannot leave with this error",
    note = "an error that is not a page fault leaves the function, even from inside a probe; \
            implement `From` for it, or convert it with `map_err`"
)]
pub trait LeaveWith<R>: Sealed {
    /// `return leave_with(error)`: leaves a function or a closure as `?` would.
    fn leave_with(self) -> R;
}

impl<R> LeaveWith<R> for NoFailure {
    fn leave_with(self) -> R {
        match self.0 {}
    }
}

#[diagnostic::do_not_recommend]
impl<T, X, E: From<X>> LeaveWith<Result<T, E>> for Failure<X> {
    #[inline]
    fn leave_with(self) -> Result<T, E> {
        Err(E::from(self.0))
    }
}
