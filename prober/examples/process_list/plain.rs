//! With plain `?`: the first missing page ends the run.

use super::list::{
    BLOCK, LINKS, NAME, NAME_SIZE, PARAMETERS, PATH, PID, Process, ROOT, UnicodeString,
};
use prober::SuppressedPages;
use vmi_core::{Pa, Va, VmiError, VmiOs, VmiRead, VmiState};

/// All processes, in the order of the list.
pub(crate) fn processes<Os>(
    vmi: &VmiState<'_, Os>,
    head: Va,
    suppressed: &SuppressedPages,
) -> Result<Vec<Process>, VmiError>
where
    Os: VmiOs,
    Os::Driver: VmiRead,
{
    let mut processes = Vec::new();
    let mut link = vmi.read_va(head)?;
    while link != head {
        processes.push(process(vmi, link - LINKS, suppressed)?);
        link = vmi.read_va(link)?;
    }
    Ok(processes)
}

fn process<Os>(
    vmi: &VmiState<'_, Os>,
    entry: Va,
    suppressed: &SuppressedPages,
) -> Result<Process, VmiError>
where
    Os: VmiOs,
    Os::Driver: VmiRead,
{
    let pid = vmi.read_u32(entry + PID)?;
    let name = vmi.read_string_limited(entry + NAME, NAME_SIZE)?;
    let root = vmi.read_u64(entry + ROOT)?;
    let block = vmi.read_va(entry + BLOCK)?;
    let path = match image_path(vmi, block, Pa(root)) {
        Ok(path) => Some(path),
        // Nothing backs the page: do without.
        Err(VmiError::Translation(fault)) if suppressed.contains(&fault) => None,
        Err(error) => return Err(error),
    };
    Ok(Process { pid, name, path })
}

fn image_path<Os>(vmi: &VmiState<'_, Os>, block: Va, root: Pa) -> Result<String, VmiError>
where
    Os: VmiOs,
    Os::Driver: VmiRead,
{
    let parameters = vmi.read_va_in((block + PARAMETERS, root))?;
    let path = vmi.read_struct_in::<UnicodeString>((parameters + PATH, root))?;
    vmi.read_string_utf16_limited_in((Va(path.buffer), root), path.length.into())
}
