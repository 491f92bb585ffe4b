//! The macros that `#[probed]` reads in a body.
//!
//! The attribute puts `@probed` before the arguments, and then they expand to
//! what it wrote there. Without `@probed` they are used where no attribute sees
//! them. They are real macros so that their imports count as used.

/// Probes any fallible expression in a `#[probed]` function:
/// `probe!(EXPR)?` gives `Some(value)`, or `None` when it faulted.
///
/// The expression is of type `Result<T, E>` whose error can carry page faults
/// ([`FaultError`](crate::FaultError)). All faults of a batch are recorded.
///
/// # Examples
///
/// ```
/// use prober::{probe, probed};
/// # use vmi_core::{VmiError, VmiOs, VmiRead, VmiState, Va};
/// # fn name<Os: VmiOs>(vmi: &VmiState<Os>, object: Va) -> Result<String, VmiError> { unimplemented!() }
///
/// #[probed(options)]
/// fn names<Os>(vmi: &VmiState<Os>, a: Va, b: Va) -> prober::Result<[Option<String>; 2]>
/// where
///     Os: VmiOs,
///     Os::Driver: VmiRead,
/// {
///     let a = probe!(name(vmi, a))?;
///     let b = probe!(name(vmi, b))?;
///     Ok([a, b])
/// }
/// ```
#[macro_export]
macro_rules! probe {
    (@probed $($expr:tt)*) => { $($expr)* };
    ($($expr:tt)*) => {
        $crate::__private::compile_error!(
            "`probe!` can only be used directly in the body of a `#[probed]` function"
        )
    };
}

/// Leaves a `#[probed]` function now if any fault is pending.
///
/// Use it before an action that must not happen without the data. What
/// follows it is repeated when a later probe faults, so it belongs after the
/// last probe. Calls on a known receiver that change the guest settle by
/// themselves.
///
/// # Examples
///
/// ```
/// use prober::{probed, settle};
/// # use vmi_core::{VmiOs, VmiRead, VmiState, Va};
///
/// #[probed(options)]
/// fn record<Os>(vmi: &VmiState<Os>, a: Va, b: Va, log: &mut Vec<u64>) -> prober::Result<()>
/// where
///     Os: VmiOs,
///     Os::Driver: VmiRead,
/// {
///     let a = vmi.read_u64(a)?;
///     let b = vmi.read_u64(b)?;
///     settle!();
///     log.extend([a, b].into_iter().flatten());
///     Ok(())
/// }
/// ```
#[macro_export]
macro_rules! settle {
    (@probed $($expr:tt)*) => { $($expr)* };
    ($($expr:tt)*) => {
        $crate::__private::compile_error!(
            "`settle!` can only be used directly in the body of a `#[probed]` function"
        )
    };
}

/// Leaves an expression in a `#[probed]` function as it is written.
///
/// # Examples
///
/// ```
/// use prober::{probed, unprobed};
/// # use vmi_core::{VmiOs, VmiRead, VmiState, Va};
///
/// #[probed(options)]
/// fn is_there<Os>(vmi: &VmiState<Os>, a: Va, b: Va) -> prober::Result<Option<u8>>
/// where
///     Os: VmiOs,
///     Os::Driver: VmiRead,
/// {
///     // Not worth a page-in.
///     if unprobed!(vmi.read_u8(a)).is_err() {
///         return Ok(None);
///     }
///     Ok(vmi.read_u8(b)?)
/// }
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! unprobed {
    (@probed $($expr:tt)*) => { $($expr)* };
    ($($expr:tt)*) => {
        $crate::__private::compile_error!(
            "`unprobed!` can only be used directly in the body of a `#[probed]` function"
        )
    };
}
