use prober::{SuppressedPages, probe, probed};
use prober_ui_tests::Vmi;
use vmi_core::{Va, VmiError};

#[probed]
fn pid(vmi: &Vmi, process: Va) -> prober::Result<u32> {
    fn name(vmi: &Vmi, process: Va) -> Result<Option<String>, VmiError> {
        probe!(vmi.read_string(process))
    }
    name(vmi, process)?;
    Ok(vmi.read_u32(process)?)
}

fn caller(vmi: &Vmi, suppressed: &SuppressedPages) {
    let _ = pid(vmi, Va(0x1000), suppressed);
}

fn main() {}
