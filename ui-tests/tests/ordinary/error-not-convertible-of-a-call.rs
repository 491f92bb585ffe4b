use prober::{SuppressedPages, probed};
use prober_ui_tests::Vmi;
use vmi_core::{Va, VmiError};

#[derive(Debug)]
enum ScanError {
    NotFound,
    Vmi(VmiError),
}

fn find(vmi: &Vmi, process: Va) -> Result<Va, ScanError> {
    let next = vmi.read_va(process).map_err(ScanError::Vmi)?;
    if next == process { Err(ScanError::NotFound) } else { Ok(next) }
}

#[probed]
fn pid(vmi: &Vmi, process: Va) -> prober::Result<Va> {
    let next = find(vmi, process)?;
    Ok(next)
}

fn caller(vmi: &Vmi, suppressed: &SuppressedPages) {
    let _ = pid(vmi, Va(0x1000), suppressed);
}

fn main() {}
