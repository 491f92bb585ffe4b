use prober::probed;
use vmi_core::{Va, VmiError, VmiOs, VmiRead, VmiState, VmiWrite};

#[allow(unused_macros)]
macro_rules! when {
    (if $condition:ident do ($act:expr) end) => { if $condition { $act } };
}

#[probed(options)]
fn set_pid<Os>(vmi: &VmiState<'_, Os>, process: Va, copy: Va) -> Result<(), VmiError>
where
    Os: VmiOs,
    Os::Driver: VmiRead + VmiWrite,
{
    let pid = vmi.read_u32(process)?;
    let is_there = pid.is_some();
    when!(if is_there do (vmi.write_u32(copy, 4)?) end);
    Ok(())
}

fn main() {}
