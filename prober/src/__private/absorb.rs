//! What `?` does with an error of any type: it finds the faults in the errors
//! of this crate's and vmi-core's, by type id.
//!
//! By a trait bound or by method lookup it would ask for more than `?` does:
//! the error may be any type, may borrow, and may not be inferred yet.

use std::{any::TypeId, error::Error, panic::Location};

use vmi_core::VmiError;

use crate::{FaultError, ProbeError, VmiProber};

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
/// Where none is to be served the error becomes
/// [`Unavailable`](crate::Unavailable): a suppressed page is not injected
/// again, also where the gate cannot look into the function's error.
#[cold]
pub(crate) fn absorb<X>(mut error: X, prober: &VmiProber<'_>, place: &Location<'_>) -> X {
    macro_rules! absorb_as {
        ($carrier:ty) => {
            if let Some(error) = downcast_mut::<$carrier, X>(&mut error) {
                if let Some(missing) = error.missing() {
                    prober.note(missing, place);
                    if !prober.is_pending() {
                        *error = prober.unavailable(missing.limit()).into();
                    }
                }
            }
        };
    }
    for_each_carrier!(absorb_as);
    error
}

/// Records the faults of an error inside a probe, and says whether they make
/// the probe miss.
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
