// Independent mistakes are reported together.
use prober::{SuppressedPages, probed};
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed(limit = 0)]
#[track_caller]
const fn pid(vmi: &Vmi, process: Va) -> Option<u32> {
    vmi.read_u32(process).ok()?
}

fn caller(vmi: &Vmi, suppressed: &SuppressedPages) {
    let _ = pid(vmi, Va(0x1000), suppressed);
}

fn main() {}
