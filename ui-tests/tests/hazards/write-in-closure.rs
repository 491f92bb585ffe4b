use prober::probed;
use vmi_core::{Va, VmiError, VmiOs, VmiRead, VmiState, VmiWrite};

#[probed(options)]
fn set_pids<Os>(vmi: &VmiState<'_, Os>, process: Va, copies: &[Va]) -> Result<(), VmiError>
where
    Os: VmiOs,
    Os::Driver: VmiRead + VmiWrite,
{
    let pid = vmi.read_u32(process)?.unwrap_or(0);
    copies.iter().try_for_each(|copy| vmi.write_u32(*copy, pid))
}

fn main() {}
