use prober::{FaultQueue, SuppressedPages};
use vmi_core::{VmiError, VmiOs, VmiRead, VmiState};

fn look(_: &SuppressedPages) -> anyhow::Result<u64> {
    Ok(1)
}

fn handle<Os>(faults: &FaultQueue, vmi: &VmiState<'_, Os>) -> Result<Option<u64>, VmiError>
where
    Os: VmiOs,
    Os::Driver: VmiRead,
{
    faults.run_or_skip(vmi, look)
}

fn main() {}
