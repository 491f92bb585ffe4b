use prober::{probe, probed};
use vmi_core::{Va, VmiError, VmiOs, VmiRead, VmiState};

#[probed(options)]
fn id<Os: VmiOs<Driver: VmiRead>>(vmi: &VmiState<'_, Os>, process: Va) -> Result<Option<u32>, VmiError> {
    Ok(probe!(vmi.read_u32(process)?)?)
}

fn main() {}
