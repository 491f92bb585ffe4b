//! With `#[probed]`: plain functions, one line more each.

use prober::{probe, probed};
use prober_tests::windows::{HandleRow, ProcessRow, RegionRow};
use vmi_arch_amd64::Amd64;
use vmi_core::{
    VmiRead, VmiState,
    os::{
        VmiOsMapped as _, VmiOsProcess as _, VmiOsRegion as _, VmiOsRegionKind,
        VmiOsUserModule as _,
    },
};
use vmi_os_windows::{WindowsOs, WindowsProcess};

/// All processes, in the order of the kernel's list.
#[probed]
pub(crate) fn processes<Driver>(
    vmi: &VmiState<'_, WindowsOs<Driver>>,
) -> prober::Result<Vec<ProcessRow>>
where
    Driver: VmiRead<Architecture = Amd64>,
{
    let mut rows = Vec::new();
    for process in vmi.os().processes()? {
        let process = process?;
        let row = row(&process, suppressed)?;
        rows.push(row);
    }
    Ok(rows)
}

#[probed]
fn row<Driver>(process: &WindowsProcess<'_, Driver>) -> prober::Result<ProcessRow>
where
    Driver: VmiRead<Architecture = Amd64>,
{
    let line = match process.peb()? {
        Some(peb) => probe!(peb.command_line())?,
        None => Some(String::new()),
    };
    Ok(ProcessRow {
        id: process.id()?.0,
        name: process.name()?,
        line,
        modules: modules(process, suppressed)?,
        handles: handles(process, suppressed)?,
        regions: regions(process, suppressed)?,
    })
}

#[probed]
fn modules<Driver>(process: &WindowsProcess<'_, Driver>) -> prober::Result<Vec<Option<String>>>
where
    Driver: VmiRead<Architecture = Amd64>,
{
    let mut names = Vec::new();
    for module in process.user_modules()? {
        let module = module?;
        let name = probe!(module.name())?;
        names.push(name);
    }
    Ok(names)
}

#[probed]
fn handles<Driver>(process: &WindowsProcess<'_, Driver>) -> prober::Result<Vec<HandleRow>>
where
    Driver: VmiRead<Architecture = Amd64>,
{
    let mut rows = Vec::new();
    let Some(table) = process.handle_table()? else {
        return Ok(rows);
    };
    for handle in table.iter()? {
        let (value, entry) = handle?;
        let Some(object) = entry.object()? else {
            continue;
        };
        let kind = object.type_name()?;
        let name = match object.as_file()? {
            Some(file) => Some(file.filename()?),
            None => object.name()?,
        };
        rows.push(HandleRow { value, kind, name });
    }
    Ok(rows)
}

#[probed]
fn regions<Driver>(process: &WindowsProcess<'_, Driver>) -> prober::Result<Vec<RegionRow>>
where
    Driver: VmiRead<Architecture = Amd64>,
{
    let mut rows = Vec::new();
    for region in process.regions()? {
        let region = region?;
        let range = region.start()?..region.end()?;
        let path = match region.kind()? {
            VmiOsRegionKind::Private => None,
            VmiOsRegionKind::MappedImage(mapped) | VmiOsRegionKind::MappedData(mapped) => {
                mapped.path()?
            }
        };
        rows.push(RegionRow { range, path });
    }
    Ok(rows)
}
