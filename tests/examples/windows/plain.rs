//! With plain `?`: the first missing page ends the run.

use prober::SuppressedPages;
use prober_tests::windows::{HandleRow, ProcessRow, RegionRow};
use vmi_arch_amd64::Amd64;
use vmi_core::{
    VmiError, VmiRead, VmiState,
    os::{
        VmiOsMapped as _, VmiOsProcess as _, VmiOsRegion as _, VmiOsRegionKind,
        VmiOsUserModule as _,
    },
};
use vmi_os_windows::{WindowsOs, WindowsProcess};

/// All processes, in the order of the kernel's list.
pub(crate) fn processes<Driver>(
    vmi: &VmiState<'_, WindowsOs<Driver>>,
    suppressed: &SuppressedPages,
) -> Result<Vec<ProcessRow>, VmiError>
where
    Driver: VmiRead<Architecture = Amd64>,
{
    let mut rows = Vec::new();
    for process in vmi.os().processes()? {
        let process = process?;
        rows.push(row(&process, suppressed)?);
    }
    Ok(rows)
}

fn row<Driver>(
    process: &WindowsProcess<'_, Driver>,
    suppressed: &SuppressedPages,
) -> Result<ProcessRow, VmiError>
where
    Driver: VmiRead<Architecture = Amd64>,
{
    let line = match process.peb()? {
        Some(peb) => optional(peb.command_line(), suppressed)?,
        None => Some(String::new()),
    };
    Ok(ProcessRow {
        id: process.id()?.0,
        name: process.name()?,
        line,
        modules: modules(process, suppressed)?,
        handles: handles(process)?,
        regions: regions(process)?,
    })
}

/// `None` if nothing backs the page: then the listing does without.
fn optional<T>(
    result: Result<T, VmiError>,
    suppressed: &SuppressedPages,
) -> Result<Option<T>, VmiError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(VmiError::Translation(fault)) if suppressed.contains(&fault) => Ok(None),
        Err(error) => Err(error),
    }
}

fn modules<Driver>(
    process: &WindowsProcess<'_, Driver>,
    suppressed: &SuppressedPages,
) -> Result<Vec<Option<String>>, VmiError>
where
    Driver: VmiRead<Architecture = Amd64>,
{
    let mut names = Vec::new();
    for module in process.user_modules()? {
        let module = module?;
        names.push(optional(module.name(), suppressed)?);
    }
    Ok(names)
}

fn handles<Driver>(process: &WindowsProcess<'_, Driver>) -> Result<Vec<HandleRow>, VmiError>
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

fn regions<Driver>(process: &WindowsProcess<'_, Driver>) -> Result<Vec<RegionRow>, VmiError>
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
