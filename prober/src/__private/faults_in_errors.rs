//! Finds the faults in an error of any type at a `?`: in the errors of this
//! crate and of vmi-core, by type id. `VmiProber::note` records them, and
//! merges the batch of a callee.
//!
//! A trait bound or method lookup would require more than `?` does: the error
//! may be of any type, may borrow, and may not be inferred yet.

use std::{any::TypeId, error::Error, panic::Location};

use vmi_core::VmiError;

use crate::{FaultError, Missing, ProbeError, VmiProber};

/// Calls a macro with each error type in which faults are found.
macro_rules! for_each_carrier {
    ($call:ident) => {
        $call!(VmiError);
        $call!(ProbeError);
        $call!(Box<dyn Error + Send + Sync>);
        $call!(Box<dyn Error>);
        #[cfg(feature = "anyhow")]
        $call!(anyhow::Error);
    };
}

/// Records the faults of an error that leaves a function.
///
/// If no fault is pending the error becomes
/// [`Unavailable`](crate::Unavailable), so that a suppressed page is not
/// injected again, even where the gate cannot look into the function's error.
#[cold]
pub(crate) fn record<X>(mut error: X, prober: &VmiProber<'_>, place: &Location<'_>) -> X {
    macro_rules! record_as {
        ($carrier:ty) => {
            if let Some(error) = downcast_mut::<$carrier, X>(&mut error) {
                if let Some(missing) = error.missing() {
                    prober.note(missing, place);
                    if !prober.is_pending() {
                        *error = prober.unavailable_as(missing).into();
                    }
                }
            }
        };
    }
    for_each_carrier!(record_as);
    error
}

/// Records the faults of an error inside a probe. Returns whether they make the
/// probe miss.
#[cold]
pub(crate) fn is_missing<X>(error: &X, prober: &VmiProber<'_>, place: &Location<'_>) -> bool {
    macro_rules! look_into {
        ($carrier:ty) => {
            if let Some(error) = downcast_ref::<$carrier, X>(error) {
                let missing = error.missing();
                if let Some(missing) = missing {
                    prober.note(missing, place);
                }
                return missing.is_some();
            }
        };
    }
    for_each_carrier!(look_into);
    false
}

/// Takes the faults of an error at a `?` that keeps types: records them, and
/// dooms the run.
///
/// # Errors
///
/// The error itself, if it says nothing about missing data;
/// [`Unavailable`](crate::Unavailable), if nothing can be brought in.
#[cold]
pub(crate) fn miss<X>(mut error: X, prober: &VmiProber<'_>, place: &Location<'_>) -> Result<(), X> {
    if take(&mut error, prober, place) {
        Ok(())
    } else {
        Err(error)
    }
}

/// [`miss`] where the function is left in any case: the error goes on, and the
/// gate returns the batch in its place.
#[cold]
pub(crate) fn leave<X>(mut error: X, prober: &VmiProber<'_>, place: &Location<'_>) -> X {
    take(&mut error, prober, place);
    error
}

/// Takes the faults of an error. Says whether a page can be brought in.
fn take<X>(error: &mut X, prober: &VmiProber<'_>, place: &Location<'_>) -> bool {
    macro_rules! take {
        ($carrier:ty) => {
            if let Some(carrier) = downcast_mut::<$carrier, X>(error) {
                let Some(missing) = carrier.missing() else {
                    return false;
                };
                return match take_missing(missing, prober, place) {
                    Ok(()) => true,
                    Err(None) => false,
                    Err(Some(unavailable)) => {
                        *carrier = unavailable.into();
                        false
                    }
                };
            }
        };
    }
    for_each_carrier!(take);
    if let Some(known) = prober.known()
        && let Some(missing) = known.missing_in(error)
    {
        return match take_missing(missing, prober, place) {
            Ok(()) => true,
            Err(None) => false,
            Err(Some(unavailable)) => {
                known.replace(error, unavailable);
                false
            }
        };
    }
    false
}

/// Records what is missing. Returns `Ok` if a page can be brought in, else the
/// error that replaces the original one, if any.
fn take_missing(
    missing: Missing<'_>,
    prober: &VmiProber<'_>,
    place: &Location<'_>,
) -> Result<(), Option<ProbeError>> {
    let by_doom = missing.is_by_doom() && prober.is_doomed();
    let counted = if by_doom {
        prober.count_doomed()
    } else {
        prober.count_miss()
    };
    if let Err(limit) = counted {
        prober.note(missing, place);
        return Err(Some(limit));
    }
    if prober.note_new(missing, place) || by_doom {
        return Ok(());
    }
    Err((!prober.is_pending()).then(|| prober.unavailable(missing.limit())))
}

/// Records the faults of an error that the body handles itself: they doom the
/// run. Returns whether the error says anything about missing data.
#[cold]
pub(crate) fn note<X>(error: &X, prober: &VmiProber<'_>, place: &Location<'_>) -> bool {
    if is_missing(error, prober, place) {
        return true;
    }
    if let Some(known) = prober.known()
        && let Some(missing) = known.missing_in(error)
    {
        prober.note(missing, place);
        return true;
    }
    false
}

/// Whether `X` is the carrier `C`. Only asked for carriers that hold no
/// borrowed data, so that an erased lifetime makes no difference.
fn is<C: 'static, X>() -> bool {
    typeid::of::<X>() == TypeId::of::<C>()
}

fn downcast_ref<C: 'static, X>(error: &X) -> Option<&C> {
    // SAFETY: `X` and `C` have the same type id, so they differ in lifetimes at
    // most. `VmiError`, `ProbeError` and `anyhow::Error` have none. A boxed
    // `dyn Error + 'a` is only asked whether it is a type without lifetimes.
    is::<C, X>().then(|| unsafe { &*std::ptr::from_ref(error).cast::<C>() })
}

fn downcast_mut<C: 'static, X>(error: &mut X) -> Option<&mut C> {
    // SAFETY: As in `downcast_ref`. A boxed `dyn Error + 'a` is only replaced
    // by one that lives for `'static`.
    is::<C, X>().then(|| unsafe { &mut *std::ptr::from_mut(error).cast::<C>() })
}
