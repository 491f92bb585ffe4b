use prober::{SuppressedPages, probe, probed};
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed(options)]
fn pid(vmi: &Vmi, process: Va) -> prober::Result<Option<u32>> {
    let pid = probe!(vmi.);
    pid
}

fn caller(vmi: &Vmi, suppressed: &SuppressedPages) {
    let _ = pid(vmi, Va(0x1000), suppressed);
}

fn main() {}
