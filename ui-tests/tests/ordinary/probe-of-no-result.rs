use prober::{probe, probed};
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed]
fn pid(vmi: &Vmi, process: Va) -> prober::Result<u32> {
    let address = probe!(process + 8)?;
    Ok(vmi.read_u32(address?)?)
}

fn main() {}
