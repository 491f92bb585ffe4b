
fn image_path<Os>(vmi: &VmiState<Os>, eprocess: Va) -> prober::Result<Process>
where Os: VmiOs, Os::Driver: VmiRead,
{
    let pid    = vmi.read_u32(eprocess + PID)??;
    let peb    = vmi.read_va(eprocess + PEB)?;
    let params = vmi.read_va(peb? + PARAMS)?;
    let path   = vmi.read_struct::<UnicodeString>(params? + PATH)?;
    let path   = vmi.read_string_utf16_limited(path?.buffer.into(), LIMIT)?;
    let owner  = probe!(vmi.os().process(eprocess.into())?.parent_id())?;
    Ok(Process { pid, path, owner })
}
