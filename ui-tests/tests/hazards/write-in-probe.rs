use prober::{probe, probed};
use vmi_core::{Va, VmiError, VmiOs, VmiRead, VmiState, VmiWrite};

#[probed(options)]
fn set_pid<Os>(vmi: &VmiState<'_, Os>, process: Va, copy: Va) -> Result<(), VmiError>
where
    Os: VmiOs,
    Os::Driver: VmiRead + VmiWrite,
{
    let pid = vmi.read_u32(process)?;
    let _ = probe!(vmi.write_u32(copy, pid?))?;
    Ok(())
}

fn main() {}
