use prober::{probe, probed};
use prober_ui_tests::Vmi;
use vmi_core::{Va, VmiError};

fn parent(vmi: &Vmi, process: Option<Va>) -> Result<u32, VmiError> {
    vmi.read_u32(process.unwrap_or_default())
}

#[probed]
fn pid(vmi: &Vmi, process: Va) -> prober::Result<Option<u32>> {
    let pid = probe!(parent(vmi, probe!(vmi.read_va(process))?))?;
    Ok(pid)
}

fn main() {}
