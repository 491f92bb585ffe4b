//! The types and functions of the runtime, each by what comes out.

mod auto_traits;
mod conversions;
mod derive;
mod kernel_half;
mod page_faults;
mod retry;
mod suppressed_pages;
mod vmi_prober;

use vmi_core::{AddressContext, Pa, Va};

const ROOT: Pa = Pa(0x1000);
const OTHER_ROOT: Pa = Pa(0x2000);
const KERNEL: u64 = 0xffff_8000_0000_0000;

/// A fault under `ROOT`.
fn fault(va: u64) -> AddressContext {
    AddressContext::new(Va(va), ROOT)
}

/// A fault under `OTHER_ROOT`.
fn other(va: u64) -> AddressContext {
    AddressContext::new(Va(va), OTHER_ROOT)
}
