use prober::{SuppressedPages, probed};
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[track_caller]
#[probed]
fn pid(vmi: &Vmi, process: Va) -> prober::Result<u32> {
    Ok(vmi.read_u32(process)?)
}

fn caller(vmi: &Vmi, suppressed: &SuppressedPages) {
    let _ = pid(vmi, Va(0x1000), suppressed);
}

fn main() {}
