use std::{error::Error, io, iter::successors, sync::Arc};

use vmi_core::{AddressContext, VmiError};

use crate::{PageFaults, ProbeError, ProbeLimit, Unavailable};

/// An error that can carry page faults: they can be taken out of it, and put
/// into it (`From<ProbeError>`).
///
/// By this trait `#[probed]`, `probe!`, [`retry`](crate::retry) and
/// [`FaultQueue`](crate::FaultQueue) find the faults in an error. For an error
/// type of your own derive it, together with what gives it `From<ProbeError>`
/// (thiserror, for instance):
///
/// ```
/// use prober::{FaultError, Missing, ProbeError};
/// use vmi_core::VmiError;
///
/// #[derive(Debug, thiserror::Error, FaultError)]
/// enum AppError {
///     #[error(transparent)]
///     Probe(#[from] ProbeError),
///     #[error("reading the guest")]
///     Vmi(#[from] VmiError),
///     #[error("reading the configuration")]
///     Io(#[from] std::io::Error),
///     #[error("not an image: it begins with {magic:#x}")]
///     BadMagic { magic: u16 },
/// }
///
/// let fault = vmi_core::AddressContext::new(vmi_core::Va(0x40_0000), vmi_core::Pa(0x1000));
/// let error = AppError::from(VmiError::Translation(fault));
/// assert!(matches!(error.missing(), Some(Missing::PageFault(found)) if found == fault));
/// assert!(AppError::BadMagic { magic: 7 }.missing().is_none());
/// ```
///
/// The derive asks the error that a variant holds: the field that `#[from]` or
/// `#[source]` marks or that is called `source`, else its only field. A type
/// that cannot carry faults (`std::io::Error`) is skipped; a type that depends
/// on a type parameter must implement `FaultError`. `#[fault_error(skip)]` on a
/// variant or a field leaves it out, and `#[fault_error(crate = PATH)]` on the type names a
/// renamed crate. By hand it is a `match` over the variants that calls
/// [`missing`](Self::missing) of what they hold.
///
/// # `anyhow::Error`
///
/// With the feature `anyhow` the faults are found in an `anyhow::Error`, also
/// under `context`. Without it such an error is opaque, as below. Features unify:
/// if any crate of the build turns it on, it is on for all. A function then
/// merges the batches of callees that return `anyhow::Error`, and turns a
/// suppressed page in them into [`Unavailable`]; its own batch is returned the
/// same way in both cases. Turn it on where you use `anyhow::Error` with this
/// crate, so that nothing depends on others.
///
/// # Opaque errors
///
/// A `?` inside a probe cannot require a trait. There, faults are found in the
/// errors of vmi-core and of this crate, in boxed errors and in
/// `anyhow::Error`; any other error leaves the function, and takes its faults
/// with it. Bind such a call with `probe!(..)?` first.
///
/// An error type that has only `From<ProbeError>` can also be the error of a
/// `#[probed]` function, but is opaque: the function's own batch is returned
/// through it, but the batch of a callee that failed with it is not merged.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot carry page faults",
    label = "page faults cannot be found in a `{Self}`",
    note = "`VmiError`, `ProbeError`, boxed errors and, with the feature `anyhow` of `prober`, `anyhow::Error` can carry them; \
            for an error type of your own, write `#[derive(prober::FaultError)]` on it, and `#[from] ProbeError` on a variant"
)]
pub trait FaultError: From<ProbeError> {
    /// What the error says about missing data; `None` if it says nothing
    /// about that.
    fn missing(&self) -> Option<Missing<'_>>;
}

/// What a [`FaultError`] says about missing data.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Missing<'e> {
    /// One page fault, at this address.
    PageFault(AddressContext),

    /// A batch of page faults.
    PageFaults(&'e PageFaults),

    /// A needed value is unavailable.
    Unavailable(&'e Unavailable),

    /// Too many probes missed.
    ProbeLimit(ProbeLimit),
}

impl Missing<'_> {
    /// The faults as a batch; `None` where bringing in pages would not help.
    ///
    /// # Examples
    ///
    /// ```
    /// use prober::{FaultError, Missing};
    /// use vmi_core::{AddressContext, Pa, Va, VmiError};
    ///
    /// let fault = AddressContext::new(Va(0x40_0000), Pa(0x1000));
    /// let faults = |error: &VmiError| error.missing().and_then(Missing::into_faults);
    ///
    /// let batch = faults(&VmiError::Translation(fault)).expect("a fault");
    /// assert_eq!(batch.first(), Some(&fault));
    /// assert!(faults(&VmiError::Timeout).is_none());
    /// ```
    #[must_use]
    pub fn into_faults(self) -> Option<PageFaults> {
        match self {
            Self::PageFault(fault) => Some(PageFaults::from_iter([fault])),
            Self::PageFaults(faults) => Some(faults.clone()),
            Self::Unavailable(_) | Self::ProbeLimit(_) => None,
        }
    }

    /// Whether nothing is missing: a function failed because its caller's run
    /// is doomed.
    pub(crate) fn is_by_doom(&self) -> bool {
        matches!(self, Self::Unavailable(unavailable) if unavailable.is_by_doom())
    }

    /// The limit of probes, where that is why data is missing.
    pub(crate) fn limit(&self) -> Option<ProbeLimit> {
        match self {
            Self::Unavailable(unavailable) => unavailable.limit(),
            Self::ProbeLimit(limit) => Some(*limit),
            Self::PageFault(_) | Self::PageFaults(_) => None,
        }
    }
}

/// Says that an operation is slower than it need be.
pub(crate) fn warn_of_single_faults(error: &str) {
    tracing::warn!(
        error,
        "the error of this operation holds one page fault only, so each missing page needs a run; \
         return `prober::Result`, which holds all of them"
    );
}

#[diagnostic::do_not_recommend]
impl FaultError for VmiError {
    #[inline]
    fn missing(&self) -> Option<Missing<'_>> {
        match self {
            Self::Translation(fault) => Some(Missing::PageFault(*fault)),
            Self::Os(error) => missing_in(&**error),
            _ => None,
        }
    }
}

#[diagnostic::do_not_recommend]
impl FaultError for ProbeError {
    fn missing(&self) -> Option<Missing<'_>> {
        match self {
            Self::PageFaults(faults) => Some(Missing::PageFaults(faults)),
            Self::Unavailable(unavailable) => Some(Missing::Unavailable(unavailable)),
            Self::Vmi(error) => error.missing(),
        }
    }
}

macro_rules! boxed {
    ($($error:ty),*) => {$(
        #[diagnostic::do_not_recommend]
        impl FaultError for $error {
            fn missing(&self) -> Option<Missing<'_>> {
                missing_in(lasting(&**self))
            }
        }
    )*};
}
boxed!(Box<dyn Error + '_>, Box<dyn Error + Send + Sync + '_>);

/// Extends the lifetime of an error that may borrow, so that it can be asked
/// for its type.
///
/// Method lookup does not see lifetimes: the gate of a function that returns
/// such an error takes the trait for it, so the trait must be there.
fn lasting<'e>(error: &'e (dyn Error + '_)) -> &'e (dyn Error + 'static) {
    // SAFETY: The two differ in a lifetime alone. `missing_in` asks for the
    // type id, and takes the error for a type that has no lifetimes if it has
    // the id of that.
    unsafe { std::mem::transmute(error) }
}

/// Finds the faults also under `context`.
#[diagnostic::do_not_recommend]
#[cfg(feature = "anyhow")]
impl FaultError for anyhow::Error {
    fn missing(&self) -> Option<Missing<'_>> {
        self.downcast_ref::<ProbeError>()
            .and_then(FaultError::missing)
            .or_else(|| self.downcast_ref::<VmiError>()?.missing())
            .or_else(|| self.chain().find_map(missing_in_itself))
    }
}

/// What an error of any type, or one behind it, says about missing data.
///
/// An `anyhow::Error` that became a boxed error cannot be asked for its type,
/// only for its source.
fn missing_in<'e>(error: &'e (dyn Error + 'static)) -> Option<Missing<'e>> {
    successors(Some(error), |&error| error.source()).find_map(missing_in_itself)
}

fn missing_in_itself<'e>(error: &'e (dyn Error + 'static)) -> Option<Missing<'e>> {
    if let Some(error) = error.downcast_ref::<VmiError>() {
        error.missing()
    } else if let Some(error) = error.downcast_ref::<Box<VmiError>>() {
        // One that is boxed gives the source of what is in the box as its own.
        error.missing()
    } else if let Some(error) = error.downcast_ref::<Arc<VmiError>>() {
        error.missing()
    } else if let Some(error) = error.downcast_ref::<io::Error>() {
        // So does this one.
        missing_in(error.get_ref()?)
    } else if let Some(error) = error.downcast_ref::<ProbeError>() {
        error.missing()
    } else if let Some(faults) = error.downcast_ref::<PageFaults>() {
        Some(Missing::PageFaults(faults))
    } else if let Some(unavailable) = error.downcast_ref::<Unavailable>() {
        Some(Missing::Unavailable(unavailable))
    } else {
        error
            .downcast_ref::<ProbeLimit>()
            .map(|limit| Missing::ProbeLimit(*limit))
    }
}
