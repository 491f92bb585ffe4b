// What a tool reads, as ordinary functions. This file is included twice: as it
// is, and with `#[probed]` in the place of `tool!`'s marker.

tool! {
/// Every process, with its command line.
pub(crate) fn processes<Driver>(vmi: &State<'_, Driver>) -> prober::Result<Vec<ProcessRow>>
where
    Driver: VmiRead<Architecture = Amd64>,
{
    let mut rows = Vec::new();
    for process in vmi.os().processes()? {
        let process = process?;
        let id = process.id()?.0;
        let parent = process.parent_id()?.0;
        let name = process.name()?;
        let mut line = None;
        if let Some(peb) = process.peb()? {
            let text = peb.command_line()?;
            line = Some(text);
        }
        rows.push(ProcessRow { id, parent, name, line });
    }
    Ok(rows)
}
}

tool! {
/// The modules of the current process: name, path, base and size.
pub(crate) fn modules<Driver>(vmi: &State<'_, Driver>) -> prober::Result<Vec<ModuleRow>>
where
    Driver: VmiRead<Architecture = Amd64>,
{
    let process = vmi.os().current_process()?;
    let mut rows = Vec::new();
    for module in process.user_modules()? {
        let module = module?;
        let name = module.name()?;
        let path = module.full_name()?;
        let base = module.base_address()?;
        let size = module.size()?;
        rows.push((name, path, base, size));
    }
    Ok(rows)
}
}

tool! {
/// The modules of the kernel: name, path, base and size.
pub(crate) fn drivers<Driver>(vmi: &State<'_, Driver>) -> prober::Result<Vec<ModuleRow>>
where
    Driver: VmiRead<Architecture = Amd64>,
{
    let mut rows = Vec::new();
    for module in vmi.os().modules()? {
        let module = module?;
        let name = module.name()?;
        let path = module.full_name()?;
        let base = module.base_address()?;
        let size = module.size()?;
        rows.push((name, path, base, size));
    }
    Ok(rows)
}
}

tool! {
/// The threads of the current process, with the PEB that their TEB names.
pub(crate) fn threads<Driver>(vmi: &State<'_, Driver>) -> prober::Result<Vec<ThreadRow>>
where
    Driver: VmiRead<Architecture = Amd64>,
{
    let process = vmi.os().current_process()?;
    let mut rows = Vec::new();
    for thread in process.threads()? {
        let thread = thread?;
        let id = thread.id()?.0;
        let teb = thread.native_teb()?;
        let mut peb = None;
        if let Some(teb) = teb {
            let block = teb.peb()?;
            peb = block.map(|block| block.va());
        }
        rows.push((id, peb));
    }
    Ok(rows)
}
}

tool! {
/// The handles of the current process: value, type, name and access.
pub(crate) fn handles<Driver>(vmi: &State<'_, Driver>) -> prober::Result<Vec<HandleRow>>
where
    Driver: VmiRead<Architecture = Amd64>,
{
    let process = vmi.os().current_process()?;
    let mut rows = Vec::new();
    if let Some(table) = process.handle_table()? {
        for handle in table.iter()? {
            let (value, entry) = handle?;
            let access = entry.granted_access()?;
            let object = entry.object()?;
            if let Some(object) = object {
                let kind = object.type_name()?;
                let file = object.as_file()?;
                let name = match &file {
                    Some(file) => Some(file.filename()?),
                    None => object.name()?,
                };
                rows.push((value, kind, name, access));
            }
        }
    }
    Ok(rows)
}
}

tool! {
/// The regions of the current process: start, end, protection and path.
pub(crate) fn regions<Driver>(vmi: &State<'_, Driver>) -> prober::Result<Vec<RegionRow>>
where
    Driver: VmiRead<Architecture = Amd64>,
{
    let process = vmi.os().current_process()?;
    let mut rows = Vec::new();
    for region in process.regions()? {
        let region = region?;
        let start = region.start()?;
        let end = region.end()?;
        let protection = region.protection()?;
        let path = match region.kind()? {
            VmiOsRegionKind::Private => None,
            VmiOsRegionKind::MappedImage(mapped) | VmiOsRegionKind::MappedData(mapped) => {
                mapped.path()?
            }
        };
        rows.push((start, end, protection, path));
    }
    Ok(rows)
}
}
