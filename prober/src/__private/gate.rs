//! The frame of a function: how it begins, and the gate that it leaves through.
//! The batch of a callee has been merged before, at its `?` (`faults_in_errors`,
//! `VmiProber::note`).

use core::panic::Location;

use crate::{
    FaultError, ProbeError, SuppressedPages, VmiProber, probe_limit::ProbeLimit, sealed::Sealed,
};

/// How many probes may miss in a row.
pub const LIMIT: u32 = ProbeLimit::DEFAULT;

/// Begins a probed function.
#[inline]
pub fn start(suppressed: &SuppressedPages, limit: u32) -> VmiProber<'_> {
    VmiProber::inheriting(suppressed, limit)
}

/// Runs the body of a function.
///
/// The bound says that the closure is called once, so that a body may return
/// what it borrows from a `&mut` parameter.
#[inline]
pub fn run<'p, 's, R>(prober: &'p VmiProber<'s>, body: impl FnOnce() -> R) -> Outcome<'p, 's, R> {
    outcome(prober, body())
}

/// The outcome of the body of a function.
#[inline]
pub fn outcome<'p, 's, R>(prober: &'p VmiProber<'s>, result: R) -> Outcome<'p, 's, R> {
    Outcome { prober, result }
}

/// The body of an async function.
#[inline]
pub fn async_body<F: AsyncBody>(body: F) -> F {
    body
}

/// The body of an async function.
#[diagnostic::on_unimplemented(
    message = "an attribute below `#[probed]` removes the `async`",
    label = "put `#[probed]` below that attribute"
)]
pub trait AsyncBody: Future {}

#[diagnostic::do_not_recommend]
impl<F: Future> AsyncBody for F {}

/// The return type of a probed function.
#[diagnostic::on_unimplemented(
    message = "`#[probed]` needs a function that returns a `Result`, not a `{Self}`",
    label = "not a `Result`",
    note = "page faults are returned as its error, so return `prober::Result<..>`"
)]
pub trait ReturnedResult: Sealed {
    type Error;

    fn is_err(&self) -> bool;
    fn err(error: Self::Error) -> Self;
}

#[diagnostic::do_not_recommend]
impl<T, E> ReturnedResult for Result<T, E> {
    type Error = E;

    #[inline]
    fn is_err(&self) -> bool {
        self.is_err()
    }

    fn err(error: E) -> Self {
        Err(error)
    }
}

/// The outcome of the body of a function, before the gate.
#[derive(Debug)]
#[must_use]
pub struct Outcome<'p, 's, R> {
    prober: &'p VmiProber<'s>,
    result: R,
}

/// The gate of a function whose error can carry page faults. It takes the
/// place of [`PageFaultGate::through_gate`] wherever its bound holds.
impl<T, E: FaultError> Outcome<'_, '_, Result<T, E>> {
    /// # Errors
    ///
    /// The batch, if faults are pending; else [`Unavailable`](crate::Unavailable),
    /// if missing data was needed; else the body's own error.
    #[track_caller]
    #[inline]
    pub fn through_gate(self) -> Result<T, E> {
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
        // The caller is doomed, or the body swallowed the error of a probe that
        // was cut off.
        None if result.is_ok() => Err(prober.left_doomed().into()),
        None => result,
        Some(missing) => Err(prober.unavailable_as(missing).into()),
    }
}

/// The gate of a function whose error is opaque: it cannot be looked into.
///
/// The bounds are on the method, which returns the type that it takes: so a
/// wrong type is one error, without follow-up errors.
pub trait PageFaultGate<R>: Sealed {
    /// # Errors
    ///
    /// Those of [`Outcome::through_gate`], except that a callee's batch is not merged.
    fn through_gate(self) -> R
    where
        R: ReturnedResult,
        R::Error: FromPageFaults;
}

impl<R> Sealed for Outcome<'_, '_, R> {}

impl<R> PageFaultGate<R> for Outcome<'_, '_, R> {
    fn through_gate(self) -> R
    where
        R: ReturnedResult,
        R::Error: FromPageFaults,
    {
        if let Err(error) = self.prober.take_page_faults() {
            return R::err(FromPageFaults::from_faults(error));
        }
        let limit = self.prober.cut_off();
        if self.prober.is_doomed()
            || self.result.is_err() && (limit.is_some() || self.prober.was_needed())
        {
            R::err(FromPageFaults::from_faults(self.prober.unavailable(limit)))
        } else {
            self.result
        }
    }
}

/// What the error of a probed function must at least implement.
#[diagnostic::on_unimplemented(
    message = "the error of a `#[probed]` function must be able to carry page faults, and `{Self}` cannot",
    label = "`From<ProbeError>` is missing for this error",
    note = "implement `From<prober::ProbeError>` for it, for instance by a variant `Probe(#[from] prober::ProbeError)` \
            with thiserror; or return `prober::Result<..>`"
)]
pub trait FromPageFaults: From<ProbeError> {
    fn from_faults(error: ProbeError) -> Self;
}

#[diagnostic::do_not_recommend]
impl<E: From<ProbeError>> FromPageFaults for E {
    fn from_faults(error: ProbeError) -> Self {
        Self::from(error)
    }
}

/// Gives an async block its type, in a branch that is never taken.
#[cold]
#[must_use]
pub fn unreachable_value<R>() -> R {
    unreachable!("a branch of the expansion that is never taken")
}
