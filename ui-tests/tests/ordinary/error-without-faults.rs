use prober::{SuppressedPages, probed};
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[derive(Debug)]
enum ScanError {
    NotFound,
}

#[probed]
fn pid(vmi: &Vmi, process: Va) -> Result<u32, ScanError> {
    let Ok(pid) = vmi.read_u32(process) else {
        return Err(ScanError::NotFound);
    };
    Ok(pid)
}

fn caller(vmi: &Vmi, suppressed: &SuppressedPages) {
    let _ = pid(vmi, Va(0x1000), suppressed);
}

fn main() {}
