#![doc = include_str!("../README.md")]

// The expansion in our own documentation names the crate.
extern crate self as prober;

mod fault_error;
mod fault_queue;
mod markers;
mod page;
pub mod page_faults;
mod page_in;
mod page_set;
mod probe_error;
mod probe_limit;
mod retry;
pub mod suppressed_pages;
mod unavailable;
mod vmi_prober;

#[cfg(feature = "testing")]
pub mod testing;

#[doc(hidden)]
#[allow(missing_docs)] // Hidden; documented where a word helps.
pub mod __private;

/// Makes the reads of a function probes, and returns all missing pages at once.
///
/// See the [crate documentation](crate) for the rules and the arguments.
///
/// # Examples
///
/// ```
/// use prober::{probe, probed};
/// use vmi_core::{Va, VmiOs, VmiRead, VmiState};
///
/// #[probed(options)]
/// fn path_length<Os>(vmi: &VmiState<Os>, process: Va) -> prober::Result<Option<u16>>
/// where
///     Os: VmiOs,
///     Os::Driver: VmiRead,
/// {
///     let block = vmi.read_va(process + 0x550)?;
///     let parameters = vmi.read_va(block? + 0x20)?;
///     Ok(vmi.read_u16(parameters? + 0x60)?)
/// }
///
/// #[probed(options)]
/// fn lengths<Os>(vmi: &VmiState<Os>, processes: &[Va]) -> prober::Result<Vec<Option<u16>>>
/// where
///     Os: VmiOs,
///     Os::Driver: VmiRead,
/// {
///     let mut lengths = Vec::new();
///     for process in processes {
///         // All the pages that the processes miss end up in one batch.
///         let length = probe!(path_length(vmi, *process, suppressed))?;
///         lengths.push(length.flatten());
///     }
///     Ok(lengths)
/// }
/// ```
pub use prober_macros::probed;

pub use prober_macros::FaultError;

pub use self::{
    fault_error::{FaultError, Missing},
    fault_queue::{FaultQueue, MayInject, Stats},
    page_faults::PageFaults,
    page_in::PageIn,
    page_set::PageSet,
    probe_error::{ProbeError, Result},
    probe_limit::ProbeLimit,
    retry::{Retry, retry},
    suppressed_pages::SuppressedPages,
    unavailable::Unavailable,
    vmi_prober::VmiProber,
};
