use prober::{SuppressedPages, probed};
use prober_ui_tests::Vmi;
use vmi_core::Va;

type Outcome = Vec<u32>;

#[probed]
fn pids(vmi: &Vmi, process: Va) -> Outcome {
    vmi.read_u32(process).into_iter().collect()
}

fn caller(vmi: &Vmi, suppressed: &SuppressedPages) {
    let _ = pids(vmi, Va(0x1000), suppressed);
}

fn main() {}
