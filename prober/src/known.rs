//! The error that a function declares, as far as the prober must look into it.

use std::any::TypeId;

use crate::{FaultError, Missing, ProbeError};

/// How to look into an error of one type, known by its type id.
#[derive(Debug, Clone, Copy)]
pub struct Known {
    id: TypeId,
    missing: unsafe fn(*const ()) -> Option<Missing<'static>>,
    replace: unsafe fn(*mut (), ProbeError),
}

impl Known {
    /// For one error type.
    #[must_use]
    pub fn of<E: FaultError>() -> Self {
        unsafe fn missing<E: FaultError>(error: *const ()) -> Option<Missing<'static>> {
            // SAFETY: The caller has an `E` there, except for its lifetimes,
            // which `missing` cannot depend on. It does not use the result for
            // longer than the error.
            unsafe {
                let missing = (*error.cast::<E>()).missing();
                std::mem::transmute::<Option<Missing<'_>>, Option<Missing<'static>>>(missing)
            }
        }
        unsafe fn replace<E: FaultError>(error: *mut (), by: ProbeError) {
            // SAFETY: The caller has an `E` there.
            unsafe { *error.cast::<E>() = E::from(by) };
        }
        Self {
            id: typeid::of::<E>(),
            missing: missing::<E>,
            replace: replace::<E>,
        }
    }

    /// What an error says about missing data, if it is of this type.
    pub(crate) fn missing_in<'e, X>(&self, error: &'e X) -> Option<Missing<'e>> {
        if self.id != typeid::of::<X>() {
            return None;
        }
        let error: *const X = error;
        // SAFETY: `X` has the type id for which the function was made.
        unsafe { (self.missing)(error.cast()) }
    }

    /// Puts another error in the place of one, if that is of this type.
    pub(crate) fn replace<X>(&self, error: &mut X, by: ProbeError) {
        if self.id == typeid::of::<X>() {
            let error: *mut X = error;
            // SAFETY: `X` has the type id for which the function was made.
            unsafe { (self.replace)(error.cast(), by) };
        }
    }
}
