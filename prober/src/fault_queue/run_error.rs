use vmi_core::VmiError;

use crate::FaultError;

/// An error of an operation that [`FaultQueue::run`](super::FaultQueue::run)
/// can return: any [`FaultError`] that converts into [`VmiError`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not convert into `VmiError`, which `run` and `run_or_skip` return",
    label = "an operation with this error can be run by `step`",
    note = "`step` gives any error back as it was; for `run` map the error, `.map_err(|error| VmiError::Os(error.into()))`, \
            or, if it is your own, write `impl From<..> for VmiError`"
)]
pub trait RunError: FaultError + Into<VmiError> {}

#[diagnostic::do_not_recommend]
impl<E: FaultError + Into<VmiError>> RunError for E {}
