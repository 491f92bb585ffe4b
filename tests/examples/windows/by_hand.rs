//! With `vmi_core::VmiProber`: each accessor wrapped by hand, and each value looked at before the next.

use indexmap::IndexSet;
use prober_tests::windows::{HandleRow, ProcessRow, RegionRow};
use vmi_arch_amd64::Amd64;
use vmi_core::{
    AddressContext, VmiError, VmiProber, VmiRead, VmiState,
    os::{
        VmiOsMapped as _, VmiOsProcess as _, VmiOsRegion as _, VmiOsRegionKind,
        VmiOsUserModule as _,
    },
    vmi_probe,
};
use vmi_os_windows::{WindowsObject, WindowsOs, WindowsProcess, WindowsRegion};

/// Nothing is pending, but a part of a list is not to be had.
const UNAVAILABLE: VmiError = VmiError::Other("a part of the listing is unserviceable");

/// All processes, in the order of the kernel's list.
pub(crate) fn processes<Driver>(
    vmi: &VmiState<'_, WindowsOs<Driver>>,
    suppressed: &IndexSet<AddressContext>,
) -> Result<Vec<ProcessRow>, VmiError>
where
    Driver: VmiRead<Architecture = Amd64>,
{
    let prober = VmiProber::new(suppressed);
    let rows = listed(vmi, &prober)?;
    prober.error_for_page_faults()?;
    rows.ok_or(UNAVAILABLE)
}

/// `None`, here and below, if something that is needed is missing.
fn listed<Driver>(
    vmi: &VmiState<'_, WindowsOs<Driver>>,
    prober: &VmiProber,
) -> Result<Option<Vec<ProcessRow>>, VmiError>
where
    Driver: VmiRead<Architecture = Amd64>,
{
    let Some(processes) = vmi_probe!(prober, vmi.os().processes())? else {
        return Ok(None);
    };
    let mut rows = Some(Vec::new());
    for process in processes {
        let Some(process) = prober.check_result(process)? else {
            return Ok(None);
        };
        push(&mut rows, row(&process, prober)?);
    }
    Ok(rows)
}

/// Adds a row; a list that lacks one is missing.
fn push<T>(rows: &mut Option<Vec<T>>, row: Option<T>) {
    match (rows.as_mut(), row) {
        (Some(rows), Some(row)) => rows.push(row),
        _ => *rows = None,
    }
}

fn row<Driver>(
    process: &WindowsProcess<'_, Driver>,
    prober: &VmiProber,
) -> Result<Option<ProcessRow>, VmiError>
where
    Driver: VmiRead<Architecture = Amd64>,
{
    let id = vmi_probe!(prober, process.id())?;
    let name = vmi_probe!(prober, process.name())?;
    let line = match vmi_probe!(prober, process.peb())? {
        Some(Some(peb)) => vmi_probe!(prober, peb.command_line())?,
        Some(None) => Some(String::new()),
        None => None,
    };
    let modules = modules(process, prober)?;
    let handles = handles(process, prober)?;
    let regions = regions(process, prober)?;
    match (id, name, modules, handles, regions) {
        (Some(id), Some(name), Some(modules), Some(handles), Some(regions)) => {
            Ok(Some(ProcessRow {
                id: id.0,
                name,
                line,
                modules,
                handles,
                regions,
            }))
        }
        _ => Ok(None),
    }
}

fn modules<Driver>(
    process: &WindowsProcess<'_, Driver>,
    prober: &VmiProber,
) -> Result<Option<Vec<Option<String>>>, VmiError>
where
    Driver: VmiRead<Architecture = Amd64>,
{
    let Some(modules) = vmi_probe!(prober, process.user_modules())? else {
        return Ok(None);
    };
    let mut names = Vec::new();
    for module in modules {
        let Some(module) = prober.check_result(module)? else {
            return Ok(None);
        };
        names.push(vmi_probe!(prober, module.name())?);
    }
    Ok(Some(names))
}

fn handles<Driver>(
    process: &WindowsProcess<'_, Driver>,
    prober: &VmiProber,
) -> Result<Option<Vec<HandleRow>>, VmiError>
where
    Driver: VmiRead<Architecture = Amd64>,
{
    let table = match vmi_probe!(prober, process.handle_table())? {
        Some(Some(table)) => table,
        Some(None) => return Ok(Some(Vec::new())),
        None => return Ok(None),
    };
    let Some(handles) = vmi_probe!(prober, table.iter())? else {
        return Ok(None);
    };
    let mut rows = Some(Vec::new());
    for handle in handles {
        let Some((value, entry)) = prober.check_result(handle)? else {
            return Ok(None);
        };
        match vmi_probe!(prober, entry.object())? {
            Some(Some(object)) => push(&mut rows, handle_row(value, &object, prober)?),
            Some(None) => {}
            None => rows = None,
        }
    }
    Ok(rows)
}

fn handle_row<Driver>(
    value: u64,
    object: &WindowsObject<'_, Driver>,
    prober: &VmiProber,
) -> Result<Option<HandleRow>, VmiError>
where
    Driver: VmiRead<Architecture = Amd64>,
{
    let kind = vmi_probe!(prober, object.type_name())?;
    let name = match vmi_probe!(prober, object.as_file())? {
        Some(Some(file)) => vmi_probe!(prober, file.filename())?.map(Some),
        Some(None) => vmi_probe!(prober, object.name())?,
        None => None,
    };
    match (kind, name) {
        (Some(kind), Some(name)) => Ok(Some(HandleRow { value, kind, name })),
        _ => Ok(None),
    }
}

fn regions<Driver>(
    process: &WindowsProcess<'_, Driver>,
    prober: &VmiProber,
) -> Result<Option<Vec<RegionRow>>, VmiError>
where
    Driver: VmiRead<Architecture = Amd64>,
{
    let Some(regions) = vmi_probe!(prober, process.regions())? else {
        return Ok(None);
    };
    let mut rows = Some(Vec::new());
    for region in regions {
        // The iterator gives the same error for ever.
        let Some(region) = prober.check_result(region)? else {
            return Ok(None);
        };
        push(&mut rows, region_row(&region, prober)?);
    }
    Ok(rows)
}

fn region_row<Driver>(
    region: &WindowsRegion<'_, Driver>,
    prober: &VmiProber,
) -> Result<Option<RegionRow>, VmiError>
where
    Driver: VmiRead<Architecture = Amd64>,
{
    let start = vmi_probe!(prober, region.start())?;
    let end = vmi_probe!(prober, region.end())?;
    let path = match vmi_probe!(prober, region.kind())? {
        Some(VmiOsRegionKind::Private) => Some(None),
        Some(VmiOsRegionKind::MappedImage(mapped) | VmiOsRegionKind::MappedData(mapped)) => {
            vmi_probe!(prober, mapped.path())?
        }
        None => None,
    };
    match (start, end, path) {
        (Some(start), Some(end), Some(path)) => Ok(Some(RegionRow {
            range: start..end,
            path,
        })),
        _ => Ok(None),
    }
}
