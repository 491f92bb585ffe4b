use prober::{probe, probed};
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed(options)]
fn pid(vmi: &Vmi, process: Va) -> prober::Result<u32> {
    Ok((probe!(vmi.read_u32(process))?).expect("the pid is resident"))
}

fn main() {}
