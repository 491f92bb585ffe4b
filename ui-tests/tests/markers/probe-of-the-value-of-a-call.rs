use prober::{probe, probed};
use prober_ui_tests::Vmi;
use vmi_core::{Va, VmiError};

fn id(vmi: &Vmi, process: Va) -> Result<u32, VmiError> {
    vmi.read_u32(process)
}

#[probed(options)]
fn pid(vmi: &Vmi, process: Va) -> prober::Result<Option<u32>> {
    let pid = probe!(id(vmi, process)?)?;
    Ok(pid)
}

fn main() {}
