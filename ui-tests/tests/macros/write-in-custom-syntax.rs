use prober::probed;
use vmi_core::{Va, VmiError, VmiOs, VmiRead, VmiState, VmiWrite};

#[allow(unused_macros)]
macro_rules! when {
    ($condition:expr => $act:expr) => { if $condition { $act } };
}

#[probed(options)]
fn set_pid<Os>(vmi: &VmiState<'_, Os>, process: Va, copy: Va) -> Result<(), VmiError>
where
    Os: VmiOs,
    Os::Driver: VmiRead + VmiWrite,
{
    let pid = vmi.read_u32(process)?;
    when!(pid.is_some() => vmi.write_u32(copy, 4)?);
    Ok(())
}

fn main() {}
