//! With `#[probed]`: plain functions, one line more each.

use super::list::{
    BLOCK, LINKS, NAME, NAME_SIZE, PARAMETERS, PATH, PID, Process, ROOT, UnicodeString,
};
use prober::{probe, probed};
use vmi_core::{Pa, Va, VmiOs, VmiRead, VmiState};

/// All processes, in the order of the list.
#[probed]
pub(crate) fn processes<Os>(vmi: &VmiState<'_, Os>, head: Va) -> prober::Result<Vec<Process>>
where
    Os: VmiOs,
    Os::Driver: VmiRead,
{
    let entries = entries(vmi, head, suppressed)?;
    let mut processes = Vec::new();
    // A `for` goes on to the next process, whatever this one misses.
    for entry in entries {
        let process = process(vmi, entry, suppressed)?;
        processes.push(process);
    }
    Ok(processes)
}

/// The addresses of the entries: each is only found through the one before.
#[probed]
fn entries<Os>(vmi: &VmiState<'_, Os>, head: Va) -> prober::Result<Vec<Va>>
where
    Os: VmiOs,
    Os::Driver: VmiRead,
{
    let mut entries = Vec::new();
    let mut link = vmi.read_va(head)?;
    while link != head {
        entries.push(link - LINKS);
        link = vmi.read_va(link)?;
    }
    Ok(entries)
}

#[probed]
fn process<Os>(vmi: &VmiState<'_, Os>, entry: Va) -> prober::Result<Process>
where
    Os: VmiOs,
    Os::Driver: VmiRead,
{
    let pid = vmi.read_u32(entry + PID)?;
    let name = vmi.read_string_limited(entry + NAME, NAME_SIZE)?;
    let root = vmi.read_u64(entry + ROOT)?;
    let block = vmi.read_va(entry + BLOCK)?;
    // Optional: `None` for good where a page of its own is unserviceable.
    let path = probe!(image_path(vmi, block, Pa(root), suppressed))?;
    Ok(Process { pid, name, path })
}

/// The path of a process's image, which lies in the process's own address space.
#[probed]
fn image_path<Os>(vmi: &VmiState<'_, Os>, block: Va, root: Pa) -> prober::Result<String>
where
    Os: VmiOs,
    Os::Driver: VmiRead,
{
    let parameters = vmi.read_va_in((block + PARAMETERS, root))?;
    let path = vmi.read_struct_in::<UnicodeString>((parameters + PATH, root))?;
    Ok(vmi.read_string_utf16_limited_in((Va(path.buffer), root), path.length.into())?)
}
