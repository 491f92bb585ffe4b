//! What an expansion that keeps types calls: each `?` is a question, and the
//! first one that misses dooms the run.

use core::panic::Location;

use super::{
    faults_in_errors,
    gate::{FromPageFaults, ReturnedResult},
};
use crate::{FaultError, ProbeError, SuppressedPages, VmiProber, known::Known, sealed::Sealed};

/// A value in a field, whose span the expansion can set.
#[derive(Debug)]
pub struct Value<T>(pub T);

/// What can stand before `?`.
#[diagnostic::on_unimplemented(
    message = "the `?` operator can only be applied to an `Option` or a `Result`, not to a `{Self}`",
    label = "neither an `Option` nor a `Result`",
    note = "`#[probed]` keeps types: one `?` gives the value, `.await?` that of a future; for an `Option` write `probe!(..)?`, or `#[probed(options)]`"
)]
pub trait ResultOrOption: Sealed + Sized {
    type Asked;
    type AskedBefore;
    type Waits;
    type WaitsBefore;
    type Left;

    // They take no `self`: for a method with `self` rustc adds a note where a
    // moved value is used again, but only the first time, so the search and what
    // runs would be two different errors.

    /// `EXPR?`: `match ask(EXPR, prober)? { Some(value) => value.0, None => .. }`.
    /// There is no value where the data is missing: the fault is recorded, and
    /// the run is doomed. What fails leaves the function by rustc's own `?`.
    #[track_caller]
    fn ask(operand: Self, prober: &VmiProber<'_>) -> Self::Asked;

    /// [`ask`](Self::ask) before a call that makes another error, such as
    /// `map_err`.
    #[track_caller]
    fn ask_before(operand: Self, prober: &VmiProber<'_>) -> Self::AskedBefore;

    /// [`ask`](Self::ask) of a probe, `probe!(..)?`: it has counted itself as a
    /// miss or a hit.
    #[track_caller]
    #[inline]
    fn ask_probe(operand: Self, prober: &VmiProber<'_>) -> Self::Asked {
        let missed = prober.missed_in_a_row();
        let asked = Self::ask(operand, prober);
        if prober.missed_in_a_row() == 0 {
            prober.set_missed_in_a_row(missed);
        }
        asked
    }

    /// `EXPR?` whose value waits: `let SLOT = wait(EXPR, prober)?`. The slot is
    /// empty where the data is missing.
    #[track_caller]
    fn wait(operand: Self, prober: &VmiProber<'_>) -> Self::Waits;

    /// A question of a search, whose answer nobody needs: `if sought(EXPR,
    /// prober) { return leave_doomed(prober) }`. Returns whether the search
    /// ends: with what fails, and where nothing can be brought in.
    #[track_caller]
    #[must_use]
    fn sought(operand: Self, prober: &VmiProber<'_>) -> bool;

    /// [`wait`](Self::wait) before a call that makes another error.
    #[track_caller]
    fn wait_before(operand: Self, prober: &VmiProber<'_>) -> Self::WaitsBefore;

    /// `EXPR?` that leaves the function where the data is missing:
    /// `ask_or_leave(EXPR, prober)?`. The gate returns the batch.
    #[track_caller]
    fn ask_or_leave(operand: Self, prober: &VmiProber<'_>) -> Self::Left;

    /// [`ask_or_leave`](Self::ask_or_leave) before a call that makes another
    /// error.
    #[track_caller]
    #[must_use]
    fn ask_or_leave_before(operand: Self, prober: &VmiProber<'_>) -> Self;
}

#[diagnostic::do_not_recommend]
impl<T, X> ResultOrOption for Result<T, X> {
    type Asked = Result<Option<Value<T>>, X>;
    type AskedBefore = Self::Asked;
    type Waits = Result<Option<T>, X>;
    type WaitsBefore = Self::Waits;
    type Left = Self;

    #[track_caller]
    #[inline]
    fn ask(operand: Self, prober: &VmiProber<'_>) -> Self::Asked {
        match operand {
            Ok(value) => {
                prober.hit();
                Ok(Some(Value(value)))
            }
            Err(error) => faults_in_errors::miss(error, prober, Location::caller()).map(|()| None),
        }
    }

    #[track_caller]
    #[inline]
    fn ask_before(operand: Self, prober: &VmiProber<'_>) -> Self::Asked {
        Self::ask(operand, prober)
    }

    #[track_caller]
    #[inline]
    fn wait(operand: Self, prober: &VmiProber<'_>) -> Self::Waits {
        match operand {
            Ok(value) => {
                prober.hit();
                Ok(Some(value))
            }
            Err(error) => faults_in_errors::miss(error, prober, Location::caller()).map(|()| None),
        }
    }

    #[track_caller]
    #[inline]
    fn wait_before(operand: Self, prober: &VmiProber<'_>) -> Self::Waits {
        Self::wait(operand, prober)
    }

    #[track_caller]
    fn sought(operand: Self, prober: &VmiProber<'_>) -> bool {
        let ends = Self::wait(operand, prober).is_err();
        if ends {
            prober.end_search();
        }
        ends
    }

    #[track_caller]
    #[inline]
    fn ask_or_leave(operand: Self, prober: &VmiProber<'_>) -> Self {
        match operand {
            Ok(value) => {
                prober.hit();
                Ok(value)
            }
            Err(error) => Err(faults_in_errors::leave(error, prober, Location::caller())),
        }
    }

    #[track_caller]
    #[inline]
    fn ask_or_leave_before(operand: Self, prober: &VmiProber<'_>) -> Self {
        Self::ask_or_leave(operand, prober)
    }
}

/// A `None` leaves the function, and nothing is brought in for it.
#[diagnostic::do_not_recommend]
impl<T> ResultOrOption for Option<T> {
    type Asked = Result<Option<Value<T>>, ProbeError>;
    type AskedBefore = Option<Option<Value<T>>>;
    type Waits = Result<Self, ProbeError>;
    type WaitsBefore = Option<Self>;
    type Left = Result<T, ProbeError>;

    #[inline]
    fn ask(operand: Self, prober: &VmiProber<'_>) -> Self::Asked {
        Self::ask_or_leave(operand, prober).map(|value| Some(Value(value)))
    }

    #[inline]
    fn ask_before(operand: Self, _: &VmiProber<'_>) -> Self::AskedBefore {
        operand.map(|value| Some(Value(value)))
    }

    #[inline]
    fn wait(operand: Self, prober: &VmiProber<'_>) -> Self::Waits {
        Self::ask_or_leave(operand, prober).map(Some)
    }

    #[inline]
    fn wait_before(operand: Self, _: &VmiProber<'_>) -> Self::WaitsBefore {
        operand.map(Some)
    }

    fn sought(operand: Self, prober: &VmiProber<'_>) -> bool {
        if operand.is_none() {
            prober.end_search();
        }
        operand.is_none()
    }

    #[inline]
    fn ask_or_leave(operand: Self, prober: &VmiProber<'_>) -> Self::Left {
        match operand {
            Some(value) => Ok(value),
            None => Err(prober.unavailable(None)),
        }
    }

    #[inline]
    fn ask_or_leave_before(operand: Self, _: &VmiProber<'_>) -> Self {
        operand
    }
}

/// The value that waits in a slot, in a run that is not doomed: it has them
/// all.
///
/// # Panics
///
/// When the slot is empty.
#[inline]
pub fn filled<T>(slot: Option<T>) -> T {
    match slot {
        Some(value) => value,
        None => empty(),
    }
}

#[cold]
fn empty() -> ! {
    unreachable!("a run that is not doomed has all its values")
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
    R: ReturnedResult,
    R::Error: FromPageFaults,
{
    R::err(FromPageFaults::from_faults(prober.left_doomed()))
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
            faults_in_errors::note(error, prober, Location::caller());
        }
        self.0
    }

    /// [`note`](Self::note) of what a method gives that may take a value out of
    /// an `Option` or a list. It says nothing of the type in an `Option`: code
    /// behind may tell that.
    #[track_caller]
    #[inline]
    pub fn note_result(self, prober: &VmiProber<'_>) -> Result<T, X> {
        self.note(prober)
    }
}

/// What an iterator gives: `Some(Ok(item))`.
impl<T, X> Taken<Option<Result<T, X>>> {
    /// Records the faults of a result, which stays as it is.
    #[track_caller]
    #[inline]
    pub fn note(self, prober: &VmiProber<'_>) -> Option<Result<T, X>> {
        if let Some(Err(error)) = &self.0 {
            faults_in_errors::note(error, prober, Location::caller());
        }
        self.0
    }
}

/// An item of a loop.
impl<T, X> Taken<&Result<T, X>> {
    /// Records the faults of an item. Returns whether the loop may go on. It may
    /// not at the limit of probes: some iterators repeat an error for ever.
    #[track_caller]
    #[inline]
    pub fn seen(&self, prober: &VmiProber<'_>) -> bool {
        match self.0 {
            Ok(_) => {
                prober.hit();
                true
            }
            Err(error) => {
                !faults_in_errors::note(error, prober, Location::caller())
                    || prober.count_miss::<ProbeError>().is_ok()
            }
        }
    }
}

/// An item with its number, or with that of another list.
impl<A, T, X> Taken<&(A, Result<T, X>)> {
    /// Records the faults of an item. Returns whether the loop may go on.
    #[track_caller]
    #[inline]
    pub fn seen(&self, prober: &VmiProber<'_>) -> bool {
        Taken(&self.0.1).seen(prober)
    }
}

/// What is unwrapped.
impl<T, X> Taken<&Result<T, X>> {
    /// Whether it holds no value, so that `unwrap` panics.
    #[inline]
    #[must_use]
    pub fn panics(&self) -> bool {
        self.0.is_err()
    }
}

/// What is unwrapped.
impl<T> Taken<&Option<T>> {
    /// Whether it holds no value, so that `unwrap` panics.
    #[inline]
    #[must_use]
    pub fn panics(&self) -> bool {
        self.0.is_none()
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
    fn note_result(self, prober: &VmiProber<'_>) -> R;

    #[inline]
    fn seen(&self, _: &VmiProber<'_>) -> bool {
        true
    }

    #[inline]
    fn panics(&self) -> bool {
        false
    }
}

impl<R> Sealed for Taken<R> {}

impl<R> Note<R> for Taken<R> {
    #[inline]
    fn note(self, _: &VmiProber<'_>) -> R {
        self.0
    }

    #[inline]
    fn note_result(self, _: &VmiProber<'_>) -> R {
        self.0
    }
}

/// The error that a function declares, as far as its type can be seen: its
/// faults are found at each `?`.
#[derive(Debug)]
pub struct DeclaredError<E>(core::marker::PhantomData<fn() -> E>);

impl<E> DeclaredError<E> {
    /// Needs no trait in scope.
    #[inline]
    #[must_use]
    #[allow(clippy::new_without_default, reason = "only expansions make one")]
    pub fn new() -> Self {
        Self(core::marker::PhantomData)
    }
}

impl<E: FaultError> DeclaredError<E> {
    /// How to find the faults in it.
    #[inline]
    #[must_use]
    pub fn known(&self) -> Option<Known> {
        Some(Known::of::<E>())
    }
}

/// An error that cannot be looked into.
pub trait Opaque: Sealed {
    fn known(&self) -> Option<Known>;
}

impl<E> Sealed for DeclaredError<E> {}

impl<E> Opaque for DeclaredError<E> {
    #[inline]
    fn known(&self) -> Option<Known> {
        None
    }
}

/// Begins a function whose own error is looked into.
#[inline]
pub fn with_declared_error(prober: VmiProber<'_>, known: Option<Known>) -> VmiProber<'_> {
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
