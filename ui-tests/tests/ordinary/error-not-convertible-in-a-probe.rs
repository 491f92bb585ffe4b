use prober::probed;
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed]
fn pid(vmi: &Vmi, process: &str) -> prober::Result<u32> {
    let pid = vmi.read_u32(Va(process.parse::<u64>()?))?;
    Ok(pid)
}

fn main() {}
