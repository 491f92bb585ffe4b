//! With `#[probed(options)]`: each read gives an `Option`.

use super::list::{
    BLOCK, LINKS, NAME, NAME_SIZE, PARAMETERS, PATH, PID, Process, ROOT, UnicodeString,
};
use prober::{probe, probed};
use vmi_core::{Pa, Va, VmiOs, VmiRead, VmiState};

/// All processes, in the order of the list.
#[probed(options)]
pub(crate) fn processes<Os>(vmi: &VmiState<'_, Os>, head: Va) -> prober::Result<Vec<Process>>
where
    Os: VmiOs,
    Os::Driver: VmiRead,
{
    let mut processes = Vec::new();

    // `??`: without a link there is nothing behind it. What the processes before it miss leaves with it.
    let mut link = vmi.read_va(head)??;
    while link != head {
        // Goes on to the next process, whatever this one misses.
        let process = probe!(process(vmi, link - LINKS, suppressed))?;
        processes.extend(process);
        link = vmi.read_va(link)??;
    }
    Ok(processes)
}

#[probed(options)]
fn process<Os>(vmi: &VmiState<'_, Os>, entry: Va) -> prober::Result<Process>
where
    Os: VmiOs,
    Os::Driver: VmiRead,
{
    let pid = vmi.read_u32(entry + PID)?;
    let name = vmi.read_string_limited(entry + NAME, NAME_SIZE)?;
    let root = vmi.read_u64(entry + ROOT)?;
    let block = vmi.read_va(entry + BLOCK)?;

    // Missing where `block` or `root` is; `None` for good where a page of its own is unserviceable.
    let path = probe!(image_path(vmi, block?, Pa(root?), suppressed))?;

    // A process without number and name is none.
    Ok(Process {
        pid: pid?,
        name: name?,
        path,
    })
}

/// The path of a process's image, which lies in the process's own address space.
#[probed(options)]
fn image_path<Os>(vmi: &VmiState<'_, Os>, block: Va, root: Pa) -> prober::Result<String>
where
    Os: VmiOs,
    Os::Driver: VmiRead,
{
    let parameters = vmi.read_va_in((block + PARAMETERS, root))?;
    let path = vmi.read_struct_in::<UnicodeString>((parameters? + PATH, root))??;
    let text = vmi.read_string_utf16_limited_in((Va(path.buffer), root), path.length.into())?;
    Ok(text?)
}
