use prober::{SuppressedPages, probed};
use vmi_core::{Va, VmiDriver, VmiError, VmiOs, VmiRead, VmiState};

#[probed]
fn os<Os>(vmi: VmiState<Os>, process: Va) -> Result<&Os, VmiError>
where
    Os: VmiOs,
    Os::Driver: VmiRead + VmiDriver,
{
    vmi.read_u64(process)?;
    Ok(vmi.underlying_os())
}

fn caller<Os>(vmi: VmiState<Os>, suppressed: &SuppressedPages)
where
    Os: VmiOs,
    Os::Driver: VmiRead + VmiDriver,
{
    let _ = os(vmi, Va(0x1000), suppressed);
}

fn main() {}
