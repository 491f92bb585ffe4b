use prober::{SuppressedPages, probed};
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed]
fn pid(vmi: &Vmi, (process, suppressed): (Va, bool)) -> prober::Result<u32> {
    Ok(vmi.read_u32(process)? + u32::from(suppressed))
}

fn caller(vmi: &Vmi, suppressed: &SuppressedPages) {
    let _ = pid(vmi, (Va(0x1000), true), suppressed);
}

fn main() {}
