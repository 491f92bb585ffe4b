use prober::probe;
use prober_ui_tests::Vmi;
use vmi_core::{Va, VmiError};

fn pid(vmi: &Vmi, process: Va) -> Result<Option<u32>, VmiError> {
    let pid = probe!(vmi.read_u32(process))?;
    Ok(pid)
}

fn main() {}
