//! Reads of guest memory that may be paged out: all missing pages of a pass, in one batch.
//!
//! A tool on [`vmi_core`] that reads a page which the guest has paged out gets an error, injects a page fault, lets the
//! guest run, and does everything again: once for every missing page. [`#[probed]`](macro@probed) makes ordinary
//! sequential code find all the missing pages of a pass, and return them together.
//!
//! ```
//! use prober::probed;
//! use vmi_core::{Va, VmiOs, VmiRead, VmiState};
//!
//! #[probed]
//! fn owner<Os>(vmi: &VmiState<'_, Os>, object: Va) -> prober::Result<(u32, u64)>
//! where
//!     Os: VmiOs,
//!     Os::Driver: VmiRead,
//! {
//!     let pid = vmi.read_u32(object)?;
//!     let link = vmi.read_va(object + 0x1000)?; // asked for, too, when `pid` is missing
//!     let token = vmi.read_u64(link + 8)?;      // needs `link`: no address is made up
//!     Ok((pid, token))
//! }
//! ```
//!
//! | you have | use |
//! |---|---|
//! | a function that reads | [`#[probed]`](macro@probed): the [`guide`] begins with [ordinary functions](guide::ordinary) |
//! | a pager that serves a batch while you wait | [`retry`] |
//! | an event loop that injects one fault at a time | [`FaultQueue`] |
//! | an error type of your own | [`FaultError`], and the chapter on [errors](guide::errors) |
//! | code for `vmi_core::VmiProber` | [`VmiProber`] and [`vmi_probe!`] |
//!
//! # Features
//!
//! - `amd64`: the module `amd64`, for event loops: when a page fault may be injected into a Windows or Linux guest, and
//!   which.
//! - `anyhow`: faults are found in an `anyhow::Error`, also under `context`.
//! - `testing`: the module `testing`, a guest in memory with real page tables.
//! - `testing-windows`: a Windows 10 on that guest, which vmi-os-windows reads.

/// What the README shows compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

// Lets the expansions in our own documentation resolve `::prober`.
extern crate self as prober;

#[cfg(feature = "amd64")]
pub mod amd64;
mod fault_error;
mod fault_queue;
pub mod guide;
mod known;
mod markers;
mod page;
pub mod page_faults;
mod page_in;
mod page_set;
mod probe_error;
mod probe_limit;
mod retry;
mod sealed;
pub mod suppressed_pages;
mod unavailable;
mod vmi_prober;

#[cfg(feature = "testing")]
pub mod testing;

#[doc(hidden)]
#[allow(missing_docs)] // Hidden; documented where a word helps.
pub mod __private;

// What rustc names in errors. Reached by a path that is not through a hidden
// module, it is named without its path.
#[doc(hidden)]
pub use self::{__private::words as __words, fault_queue::RunError};

/// Makes a function find all the missing pages of a pass, and return them at once.
///
/// The function stays as it is; a last parameter, `suppressed: &SuppressedPages`, is added. Each `?` whose error can
/// carry page faults is a question. When one misses, the run is doomed: it goes on to ask what needs nothing missing,
/// does nothing that acts, and returns all the faults in one error. See the guide on [ordinary functions](guide::ordinary).
///
/// # Arguments
///
/// | argument | meaning |
/// |---|---|
/// | `options` | each read gives an `Option`: see [the chapter on it](guide::options) |
/// | `suppressed = EXPR` | takes the set from an expression, a [`SuppressedPages`] or a reference to one, and adds no parameter. It is cloned at entry, which is O(1) |
/// | `vmi = RECEIVER`, `vmi = (a, self.vmi)` | further receivers of reads, besides `vmi` |
/// | `limit = N` | how many probes may miss in a row; 1,024 if not given |
/// | `crate = PATH` | where this crate is, if it was renamed |
///
/// # Markers
///
/// | marker | meaning |
/// |---|---|
/// | [`probe!(EXPR)?`](probe) | the value as an `Option`, `None` where it is missing |
/// | [`settle!();`](settle) | leaves the function now if a page is missing |
/// | [`unprobed!(EXPR)`](unprobed) | leaves an expression alone |
///
/// # Examples
///
/// ```
/// use prober::{SuppressedPages, probe, probed};
/// use vmi_core::{Va, VmiError, VmiOs, VmiRead, VmiState};
///
/// #[probed]
/// fn path_length<Os>(vmi: &VmiState<Os>, process: Va) -> prober::Result<u16>
/// where
///     Os: VmiOs,
///     Os::Driver: VmiRead,
/// {
///     let block = vmi.read_va(process + 0x550)?;
///     let parameters = vmi.read_va(block + 0x20)?;
///     Ok(vmi.read_u16(parameters + 0x60)?)
/// }
///
/// #[probed]
/// fn lengths<Os>(vmi: &VmiState<Os>, processes: &[Va]) -> prober::Result<Vec<Option<u16>>>
/// where
///     Os: VmiOs,
///     Os::Driver: VmiRead,
/// {
///     let mut lengths = Vec::new();
///     for process in processes {
///         // All the pages that the processes miss end up in one batch.
///         let length = probe!(path_length(vmi, *process, suppressed))?;
///         lengths.push(length);
///     }
///     Ok(lengths)
/// }
///
/// struct Monitor {
///     suppressed: SuppressedPages,
///     seen: Vec<u64>,
/// }
///
/// impl Monitor {
///     #[probed(suppressed = self.suppressed, vmi = ctx, limit = 16)]
///     fn look<Os>(&mut self, ctx: &VmiState<'_, Os>, at: Va) -> Result<(), VmiError>
///     where
///         Os: VmiOs,
///         Os::Driver: VmiRead,
///     {
///         let value = ctx.read_u64(at)?;
///         self.seen.push(value);
///         Ok(())
///     }
/// }
/// ```
pub use prober_macros::probed;

/// # Examples
///
/// ```
/// use prober::{FaultError, ProbeError};
///
/// #[derive(Debug, thiserror::Error, FaultError)]
/// enum ListError {
///     #[error(transparent)]
///     Probe(#[from] ProbeError),
///     #[error("the list is empty")]
///     Empty,
/// }
///
/// assert!(ListError::Empty.missing().is_none());
/// ```
pub use prober_macros::FaultError;

pub use self::{
    fault_error::{FaultError, Missing},
    fault_queue::{FaultQueue, Job, MayInject, Stats, Step},
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
