use prober::{probe, probed};
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed]
fn pid(vmi: &Vmi, processes: &[Va]) -> prober::Result<u32> {
    let process = probe!(processes.first())?;
    Ok(vmi.read_u32(*process?)?)
}

fn main() {}
