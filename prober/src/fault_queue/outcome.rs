//! What a call of an operation returned, as the queue sees it.

use vmi_core::VmiError;

use crate::{FaultError, Missing, PageFaults, ProbeLimit, Unavailable};

/// How a call of an operation ended.
pub(super) enum Outcome<T, X> {
    Value(T),

    /// These pages are missing. `one` says that the error can hold no more than
    /// one.
    Missing {
        faults: PageFaults,
        one: bool,
    },
    Unavailable(Unavailable),
    Failed(X),
}

/// How the other errors of an operation are returned.
pub(super) struct Report<E, X> {
    /// An error that says nothing about missing data: as it is returned, or
    /// the faults that its type overlooks.
    pub(super) failed: fn(E) -> Result<X, PageFaults>,

    /// Any error of a run within another one.
    pub(super) within: fn(E) -> X,
}

/// Returns errors as they are.
pub(super) fn as_they_are<E>() -> Report<E, E> {
    Report {
        failed: Ok,
        within: |error| error,
    }
}

/// Returns errors of vmi-core that are never a fault: that must not be injected
/// past the queue.
pub(super) fn as_vmi_errors<E: FaultError + Into<VmiError>>() -> Report<E, VmiError> {
    Report {
        failed: |error| match error.into() {
            VmiError::Translation(fault) => Err(PageFaults::from_iter([fault])),
            error => Ok(error),
        },
        within: |error| match error.missing().and_then(Missing::into_faults) {
            Some(faults) => VmiError::os(faults),
            None => error.into(),
        },
    }
}

impl<T, X> Outcome<T, X> {
    #[inline]
    pub(super) fn of<E: FaultError>(result: Result<T, E>, report: &Report<E, X>) -> Self {
        let error = match result {
            Ok(value) => return Self::Value(value),
            Err(error) => error,
        };
        match error.missing() {
            Some(Missing::Unavailable(unavailable)) => Self::Unavailable(unavailable.clone()),
            Some(Missing::ProbeLimit(limit)) => Self::limit(limit),
            Some(Missing::PageFault(fault)) => Self::one(PageFaults::from_iter([fault])),
            Some(Missing::PageFaults(faults)) => Self::Missing {
                faults: faults.clone(),
                one: false,
            },
            None => (report.failed)(error).map_or_else(Self::one, Self::Failed),
        }
    }

    fn one(faults: PageFaults) -> Self {
        Self::Missing { faults, one: true }
    }

    fn limit(limit: ProbeLimit) -> Self {
        Self::Unavailable(Unavailable::new(PageFaults::new(), Some(limit)))
    }
}
