use prober::{SuppressedPages, probed};
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed]
fn pid(vmi: &Vmi, process: Va) -> Option<u32> {
    vmi.read_u32(process).ok()?
}

fn caller(vmi: &Vmi, suppressed: &SuppressedPages) {
    let _: Option<u32> = pid(vmi, Va(0x1000), suppressed);
}

fn main() {}
