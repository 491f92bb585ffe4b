//! With `vmi_core::VmiProber`: each read wrapped by hand, and each value looked at before the next read.

use super::list::{
    BLOCK, LINKS, NAME, NAME_SIZE, PARAMETERS, PATH, PID, Process, ROOT, UnicodeString,
};
use indexmap::IndexSet;
use vmi_core::{AddressContext, Pa, Va, VmiError, VmiOs, VmiProber, VmiRead, VmiState, vmi_probe};

/// All processes, in the order of the list.
pub(crate) fn processes<Os>(
    vmi: &VmiState<'_, Os>,
    head: Va,
    suppressed: &IndexSet<AddressContext>,
) -> Result<Vec<Process>, VmiError>
where
    Os: VmiOs,
    Os::Driver: VmiRead,
{
    let prober = VmiProber::new(suppressed);
    let mut processes = Vec::new();
    let mut next = vmi_probe!(prober, vmi.read_va(head))?;
    while let Some(link) = next
        && link != head
    {
        processes.extend(process(vmi, link - LINKS, &prober)?);
        next = vmi_probe!(prober, vmi.read_va(link))?;
    }
    prober.error_for_page_faults()?;
    match next {
        Some(_) => Ok(processes),
        None => Err(VmiError::Other(
            "a link of the process list is unserviceable",
        )),
    }
}

fn process<Os>(
    vmi: &VmiState<'_, Os>,
    entry: Va,
    prober: &VmiProber,
) -> Result<Option<Process>, VmiError>
where
    Os: VmiOs,
    Os::Driver: VmiRead,
{
    let pid = vmi_probe!(prober, vmi.read_u32(entry + PID))?;
    let name = vmi_probe!(prober, vmi.read_string_limited(entry + NAME, NAME_SIZE))?;
    let root = vmi_probe!(prober, vmi.read_u64(entry + ROOT))?;
    let block = vmi_probe!(prober, vmi.read_va(entry + BLOCK))?;
    let path = match (block, root) {
        (Some(block), Some(root)) => image_path(vmi, block, Pa(root), prober)?,
        _ => None,
    };
    match (pid, name) {
        (Some(pid), Some(name)) => Ok(Some(Process { pid, name, path })),
        _ => Ok(None),
    }
}

fn image_path<Os>(
    vmi: &VmiState<'_, Os>,
    block: Va,
    root: Pa,
    prober: &VmiProber,
) -> Result<Option<String>, VmiError>
where
    Os: VmiOs,
    Os::Driver: VmiRead,
{
    let Some(parameters) = vmi_probe!(prober, vmi.read_va_in((block + PARAMETERS, root)))? else {
        return Ok(None);
    };
    let path = parameters + PATH;
    let Some(path) = vmi_probe!(prober, vmi.read_struct_in::<UnicodeString>((path, root)))? else {
        return Ok(None);
    };
    let (buffer, length) = (Va(path.buffer), path.length.into());
    vmi_probe!(
        prober,
        vmi.read_string_utf16_limited_in((buffer, root), length)
    )
}
