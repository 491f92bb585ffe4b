use prober::probed;
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed]
fn pid(vmi: &Vmi, process: &str) -> prober::Result<u32> {
    let process: u64 = process.parse()?;
    Ok(vmi.read_u32(Va(process))?)
}

fn main() {}
