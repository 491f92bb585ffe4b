//! With `#[probed(options)]`: each accessor in a `probe!`, which gives an `Option`.

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
use vmi_os_windows::{WindowsObject, WindowsOs, WindowsProcess, WindowsRegion};

/// All processes, in the order of the kernel's list.
#[probed(options)]
pub(crate) fn processes<Driver>(
    vmi: &VmiState<'_, WindowsOs<Driver>>,
) -> prober::Result<Vec<ProcessRow>>
where
    Driver: VmiRead<Architecture = Amd64>,
{
    let mut rows = Vec::new();
    for process in probe!(vmi.os().processes())?? {
        // `??`: the iterator ends after an error, so nothing is known of what comes behind.
        let process = probe!(process)??;
        // Goes on to the next process, whatever this one misses.
        let row = probe!(row(&process, suppressed))?;
        rows.push(row);
    }
    // Needs each of them.
    let rows: Option<_> = rows.into_iter().collect();
    Ok(rows?)
}

#[probed(options)]
fn row<Driver>(process: &WindowsProcess<'_, Driver>) -> prober::Result<ProcessRow>
where
    Driver: VmiRead<Architecture = Amd64>,
{
    let id = probe!(process.id())?;
    let name = probe!(process.name())?;
    let line = match probe!(process.peb())? {
        Some(Some(peb)) => probe!(peb.command_line())?,
        Some(None) => Some(String::new()),
        None => None,
    };
    let modules = probe!(modules(process, suppressed))?;
    let handles = probe!(handles(process, suppressed))?;
    let regions = probe!(regions(process, suppressed))?;
    Ok(ProcessRow {
        id: id?.0,
        name: name?,
        line,
        modules: modules?,
        handles: handles?,
        regions: regions?,
    })
}

#[probed(options)]
fn modules<Driver>(process: &WindowsProcess<'_, Driver>) -> prober::Result<Vec<Option<String>>>
where
    Driver: VmiRead<Architecture = Amd64>,
{
    let mut names = Vec::new();
    for module in probe!(process.user_modules())?? {
        let module = probe!(module)??;
        let name = probe!(module.name())?;
        names.push(name);
    }
    Ok(names)
}

#[probed(options)]
fn handles<Driver>(process: &WindowsProcess<'_, Driver>) -> prober::Result<Vec<HandleRow>>
where
    Driver: VmiRead<Architecture = Amd64>,
{
    let Some(table) = probe!(process.handle_table())?? else {
        return Ok(Vec::new());
    };
    let mut rows = Vec::new();
    for handle in probe!(table.iter())?? {
        let (value, entry) = probe!(handle)??;
        if let Some(object) = probe!(entry.object())?? {
            let row = probe!(handle_row(value, &object, suppressed))?;
            rows.push(row);
        }
    }
    let rows: Option<_> = rows.into_iter().collect();
    Ok(rows?)
}

#[probed(options)]
fn handle_row<Driver>(value: u64, object: &WindowsObject<'_, Driver>) -> prober::Result<HandleRow>
where
    Driver: VmiRead<Architecture = Amd64>,
{
    let kind = probe!(object.type_name())?;
    let name = match probe!(object.as_file())?? {
        Some(file) => Some(probe!(file.filename())??),
        None => probe!(object.name())??,
    };
    let kind = kind?;
    Ok(HandleRow { value, kind, name })
}

#[probed(options)]
fn regions<Driver>(process: &WindowsProcess<'_, Driver>) -> prober::Result<Vec<RegionRow>>
where
    Driver: VmiRead<Architecture = Amd64>,
{
    let mut rows = Vec::new();
    for region in probe!(process.regions())?? {
        let region = probe!(region)??;
        let row = probe!(region_row(&region, suppressed))?;
        rows.push(row);
    }
    let rows: Option<_> = rows.into_iter().collect();
    Ok(rows?)
}

#[probed(options)]
fn region_row<Driver>(region: &WindowsRegion<'_, Driver>) -> prober::Result<RegionRow>
where
    Driver: VmiRead<Architecture = Amd64>,
{
    let start = probe!(region.start())?;
    let end = probe!(region.end())?;
    let path = match probe!(region.kind())?? {
        VmiOsRegionKind::Private => None,
        VmiOsRegionKind::MappedImage(mapped) | VmiOsRegionKind::MappedData(mapped) => {
            probe!(mapped.path())??
        }
    };
    let range = start?..end?;
    Ok(RegionRow { range, path })
}
