//! What an expansion that keeps types calls: each `?` is a question, and the
//! first one that misses dooms the run.

use core::panic::Location;

use super::{FromFaults, Returned, absorb};
use crate::{FaultError, ProbeError, SuppressedPages, VmiProber, sealed::Sealed};

/// The answer to a `?`.
#[derive(Debug)]
pub enum Asked<T, F> {
    /// The value.
    Value(Value<T>),

    /// The data is missing. The fault is recorded, and the run is doomed.
    Missing,

    /// The function is left, by rustc's own `?`.
    Failed(Value<F>),
}

/// A value in a field, whose span the expansion can set.
#[derive(Debug)]
pub struct Value<T>(pub T);

/// `EXPR?`: `match ask(EXPR, prober) { .. }`.
#[track_caller]
#[inline]
pub fn ask<Q: Ask>(operand: Q, prober: &VmiProber<'_>) -> Asked<Q::Value, Q::Failed> {
    operand.ask(prober)
}

/// [`ask`] before a call that makes another error, such as `map_err`.
#[track_caller]
#[inline]
pub fn ask_before<Q: Ask>(operand: Q, prober: &VmiProber<'_>) -> Asked<Q::Value, Q::Unadapted> {
    operand.ask_before(prober)
}

/// [`ask`] of a probe, `probe!(..)?`: it has counted itself as a miss or a hit.
#[track_caller]
#[inline]
pub fn ask_probe<Q: Ask>(operand: Q, prober: &VmiProber<'_>) -> Asked<Q::Value, Q::Failed> {
    let missed = prober.missed_in_a_row();
    let asked = operand.ask(prober);
    if matches!(asked, Asked::Value(_)) {
        prober.set_missed_in_a_row(missed);
    }
    asked
}

/// What can stand before `?`.
#[diagnostic::on_unimplemented(
    message = "the `?` operator can only be applied to an `Option` or a `Result`, not to a `{Self}`",
    label = "neither an `Option` nor a `Result`",
    note = "`#[probed]` keeps types: one `?` gives the value; for an `Option` write `probe!(..)?`, or `#[probed(options)]`"
)]
pub trait Ask: Sealed {
    type Value;

    /// What `?` leaves with.
    type Failed;

    /// What an adapter is called on.
    type Unadapted;

    #[track_caller]
    fn ask(self, prober: &VmiProber<'_>) -> Asked<Self::Value, Self::Failed>;

    #[track_caller]
    fn ask_before(self, prober: &VmiProber<'_>) -> Asked<Self::Value, Self::Unadapted>;
}

impl<T, X> Ask for Result<T, X> {
    type Value = T;
    type Failed = Result<Absurd, X>;
    type Unadapted = Result<Absurd, X>;

    #[track_caller]
    #[inline]
    fn ask(self, prober: &VmiProber<'_>) -> Asked<T, Result<Absurd, X>> {
        match self {
            Ok(value) => {
                prober.hit();
                Asked::Value(Value(value))
            }
            Err(error) => missed(error, prober, Location::caller()),
        }
    }

    #[track_caller]
    #[inline]
    fn ask_before(self, prober: &VmiProber<'_>) -> Asked<T, Result<Absurd, X>> {
        self.ask(prober)
    }
}

#[cold]
fn missed<T, X>(
    error: X,
    prober: &VmiProber<'_>,
    place: &Location<'_>,
) -> Asked<T, Result<Absurd, X>> {
    match absorb::miss(error, prober, place) {
        Ok(()) => Asked::Missing,
        Err(error) => Asked::Failed(Value(Err(error))),
    }
}

impl<T> Ask for Option<T> {
    type Value = T;
    type Failed = Result<Absurd, ProbeError>;
    type Unadapted = Option<Absurd>;

    #[inline]
    fn ask(self, prober: &VmiProber<'_>) -> Asked<T, Result<Absurd, ProbeError>> {
        match self {
            Some(value) => Asked::Value(Value(value)),
            None => Asked::Failed(Value(Err(prober.unavailable(None)))),
        }
    }

    #[inline]
    fn ask_before(self, _: &VmiProber<'_>) -> Asked<T, Option<Absurd>> {
        match self {
            Some(value) => Asked::Value(Value(value)),
            None => Asked::Failed(Value(None)),
        }
    }
}

/// The value of a failure: there is none. Uninhabited, but not visibly so:
/// otherwise rustc would call the code after it unreachable.
#[derive(Debug, Clone, Copy)]
pub struct Absurd(core::convert::Infallible);

/// Stands in for a value that cannot exist.
#[inline]
#[must_use]
pub fn absurd<T>(never: Absurd) -> T {
    match never.0 {}
}

/// Discards the answer to a question.
#[inline]
pub fn asked<T>(_: T) {}

/// Whether a fault was recorded in this run, or the caller's run is doomed.
#[inline]
#[must_use]
pub fn doomed(prober: &VmiProber<'_>) -> bool {
    prober.is_doomed()
}

/// Leaves a function whose run is doomed: the gate returns the batch.
#[cold]
#[must_use]
pub fn leave_doomed<R>(prober: &VmiProber<'_>) -> R
where
    R: Returned,
    R::Error: FromFaults,
{
    R::err(FromFaults::from_faults(prober.left_doomed()))
}

/// A value that the body handles itself: `Taken(EXPR).note(prober)`.
#[derive(Debug)]
pub struct Taken<R>(pub R);

impl<T, X> Taken<Result<T, X>> {
    /// Records the faults of a result, which stays as it is.
    #[track_caller]
    #[inline]
    pub fn note(self, prober: &VmiProber<'_>) -> Result<T, X> {
        if let Err(error) = &self.0 {
            absorb::note(error, prober, Location::caller());
        }
        self.0
    }
}

/// What an iterator gives: `Some(Ok(item))`.
impl<T, X> Taken<Option<Result<T, X>>> {
    /// Records the faults of a result, which stays as it is.
    #[track_caller]
    #[inline]
    pub fn note(self, prober: &VmiProber<'_>) -> Option<Result<T, X>> {
        if let Some(Err(error)) = &self.0 {
            absorb::note(error, prober, Location::caller());
        }
        self.0
    }
}

/// An item of a loop.
impl<T, X> Taken<&Result<T, X>> {
    /// Records the faults of an item, and says whether the loop may go on. It
    /// may not at the limit of probes: some iterators repeat an error for ever.
    #[track_caller]
    #[inline]
    pub fn seen(&self, prober: &VmiProber<'_>) -> bool {
        match self.0 {
            Ok(_) => {
                prober.hit();
                true
            }
            Err(error) => {
                !absorb::note(error, prober, Location::caller())
                    || prober.count_miss::<ProbeError>().is_ok()
            }
        }
    }
}

/// The items of a loop whose body takes them apart: `watched(EXPR, |item|
/// Taken(item).seen(prober))`.
#[inline]
pub fn watched<I, F>(items: I, seen: F) -> Watched<I::IntoIter, F>
where
    I: IntoIterator,
    F: FnMut(&I::Item) -> bool,
{
    let items = items.into_iter();
    Watched { items, seen }
}

/// See [`watched`].
#[derive(Debug)]
pub struct Watched<I, F> {
    items: I,
    seen: F,
}

impl<I, F> Iterator for Watched<I, F>
where
    I: Iterator,
    F: FnMut(&I::Item) -> bool,
{
    type Item = I::Item;

    #[inline]
    fn next(&mut self) -> Option<I::Item> {
        let item = self.items.next()?;
        (self.seen)(&item).then_some(item)
    }
}

/// Any other value: there is nothing to record.
pub trait Note<R>: Sealed {
    fn note(self, prober: &VmiProber<'_>) -> R;

    #[inline]
    fn seen(&self, _: &VmiProber<'_>) -> bool {
        true
    }
}

impl<R> Sealed for Taken<R> {}

impl<R> Note<R> for Taken<R> {
    #[inline]
    fn note(self, _: &VmiProber<'_>) -> R {
        self.0
    }
}

/// The error that a function declares, as far as its type can be seen: its
/// faults are found at each `?`.
#[derive(Debug)]
pub struct DeclaredError<E>(core::marker::PhantomData<fn() -> E>);

impl<E> Default for DeclaredError<E> {
    fn default() -> Self {
        Self(core::marker::PhantomData)
    }
}

impl<E: FaultError> DeclaredError<E> {
    /// How to find the faults in it.
    #[inline]
    #[must_use]
    pub fn known(&self) -> Option<absorb::Known> {
        Some(absorb::Known::of::<E>())
    }
}

/// An error that cannot be looked into.
pub trait Opaque: Sealed {
    fn known(&self) -> Option<absorb::Known>;
}

impl<E> Sealed for DeclaredError<E> {}

impl<E> Opaque for DeclaredError<E> {
    #[inline]
    fn known(&self) -> Option<absorb::Known> {
        None
    }
}

/// Begins a function whose own error is looked into.
#[inline]
pub fn with_declared_error(prober: VmiProber<'_>, known: Option<absorb::Known>) -> VmiProber<'_> {
    prober.with_declared_error(known)
}

/// Begins a function that passes its set on.
#[inline]
pub fn start_sharing(suppressed: &SuppressedPages, limit: u32) -> VmiProber<'_> {
    VmiProber::inheriting(suppressed, limit).sharing(suppressed)
}

/// The type of a variable, by which a search and what runs agree on it.
#[derive(Debug)]
pub struct TypeOf<T>(core::marker::PhantomData<fn(T) -> T>);

/// The type of a variable.
#[inline]
#[must_use]
pub fn type_of<T>(_: &T) -> TypeOf<T> {
    TypeOf(core::marker::PhantomData)
}

/// The type of a variable whose value waits in a slot.
#[inline]
#[must_use]
pub fn type_of_slot<T>(_: &Option<T>) -> TypeOf<T> {
    TypeOf(core::marker::PhantomData)
}
