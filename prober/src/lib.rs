#![doc = "Reads of guest memory that may be paged out."]

// The expansion in our own documentation names the crate.
extern crate self as prober;

mod absorb;
mod fault_error;
mod fault_queue;
mod markers;
mod page;
mod page_faults;
mod page_in;
mod page_set;
mod probe_error;
mod probe_limit;
#[allow(missing_docs)] // Reached through `__private` alone.
mod reads;
mod retry;
mod suppressed_pages;
mod unavailable;
mod vmi_prober;

#[cfg(feature = "testing")]
pub mod testing;

#[doc(hidden)]
#[allow(missing_docs)] // Hidden; documented where a word helps.
pub mod __private;

pub use prober_macros::probed;

pub use self::{
    fault_error::{FaultError, Missing},
    fault_queue::{FaultQueue, MayInject, Stats},
    page_faults::{Iter, PageFaults},
    page_in::PageIn,
    page_set::PageSet,
    probe_error::{ProbeError, Result},
    probe_limit::ProbeLimit,
    retry::{Retry, retry},
    suppressed_pages::SuppressedPages,
    unavailable::Unavailable,
    vmi_prober::VmiProber,
};
