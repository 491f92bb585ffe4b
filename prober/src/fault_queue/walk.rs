//! Whether a page came in: a walk of the page tables by vmi-core.

use vmi_core::{AddressContext, Architecture as _, VmiError, VmiOs, VmiRead, VmiState};

/// What the page tables say about a page.
pub(super) enum Walk {
    There,
    Missing,
    Failed,
}

impl Walk {
    /// Walks past the V2P cache, so that an entry that outlived its page is
    /// not believed.
    pub(super) fn to<Os>(vmi: &VmiState<'_, Os>, fault: &AddressContext) -> Self
    where
        Os: VmiOs,
        Os::Driver: VmiRead,
    {
        match Os::Architecture::translate_address(vmi.core(), fault.va, fault.root) {
            Ok(_) => Self::There,
            Err(VmiError::Translation(_)) => Self::Missing,
            Err(_) => Self::Failed,
        }
    }
}
