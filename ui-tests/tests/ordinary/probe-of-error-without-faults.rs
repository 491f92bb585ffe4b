use prober::{probe, probed};
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed]
fn pid(vmi: &Vmi, process: &str) -> Result<Option<u32>, Box<dyn std::error::Error>> {
    let process = probe!(process.parse::<u64>())?;
    Ok(Some(vmi.read_u32(Va(process?))?))
}

fn main() {}
