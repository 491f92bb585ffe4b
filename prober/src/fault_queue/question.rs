//! What the OS layer says about the interrupted process.

use vmi_core::{
    AddressContext, VmiError, VmiOs, VmiRead, VmiState,
    os::{VmiOsProcess as _, VmiOsRegion as _},
};

use crate::page::frame;

/// Whether the guest could serve a fault.
pub(super) enum Answer {
    Perhaps,
    Never,

    /// The question itself met this fault.
    Missing(AddressContext),
}

/// The two roots of the interrupted process, where one of them is `root`.
pub(super) fn roots<Os>(vmi: &VmiState<'_, Os>, root: u64) -> Option<[u64; 2]>
where
    Os: VmiOs,
    Os::Driver: VmiRead,
{
    let roots = || {
        let process = vmi.os().current_process()?;
        let kernel = process.translation_root()?;
        let user = process.user_translation_root()?;
        Ok::<_, VmiError>([kernel, user].map(frame))
    };
    roots().ok().filter(|roots| roots.contains(&root))
}

/// Whether the interrupted process could have a page of the user half brought
/// in.
pub(super) fn can_serve<Os>(vmi: &VmiState<'_, Os>, fault: &AddressContext) -> Answer
where
    Os: VmiOs,
    Os::Driver: VmiRead,
{
    match is_invalid(vmi, fault) {
        Ok(true) => Answer::Never,
        Err(VmiError::Translation(fault)) => Answer::Missing(fault),
        Ok(false) | Err(_) => Answer::Perhaps,
    }
}

fn is_invalid<Os>(vmi: &VmiState<'_, Os>, fault: &AddressContext) -> Result<bool, VmiError>
where
    Os: VmiOs,
    Os::Driver: VmiRead,
{
    let process = vmi.os().current_process()?;
    let root = frame(process.translation_root()?);
    // The layer walks the tables of the current root.
    if frame(vmi.translation_root(fault.va)) != root {
        return Ok(false);
    }
    if frame(fault.root) != root && frame(fault.root) != frame(process.user_translation_root()?) {
        return Ok(false);
    }
    if process.is_valid_address(fault.va)? != Some(false) {
        return Ok(false);
    }
    // The layer says so of mapped data, too, although a fault brings that in.
    match process.lookup_region(fault.va)? {
        None => Ok(true),
        Some(region) => Ok(region.kind()?.is_private()),
    }
}
