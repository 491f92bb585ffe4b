use prober::{probe, probed};
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed(options)]
fn pid(vmi: &Vmi, process: Va) -> prober::Result<Option<u32>> {
    let address = probe!(process + 8)?;
    Ok(vmi.read_u32(address?)?)
}

fn main() {}
