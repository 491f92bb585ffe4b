use prober::{SuppressedPages, probed};
use vmi_core::{Va, VmiError, VmiOs, VmiState};

fn pid_of<Os: VmiOs>(_: &VmiState<'_, Os>, _: Va) -> Result<u32, VmiError> {
    Ok(4)
}

#[probed]
fn pid<Os: VmiOs>(guest: &VmiState<'_, Os>, process: Va) -> Result<u32, VmiError> {
    pid_of(guest, process)
}

fn caller<Os: VmiOs>(guest: &VmiState<'_, Os>, suppressed: &SuppressedPages) {
    let _ = pid(guest, Va(0x1000), suppressed);
}

fn main() {}
