use prober::probed;
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed(options)]
fn pid(vmi: &Vmi, process: &str) -> prober::Result<Option<u32>> {
    let pid = vmi.read_u32(Va(process.parse::<u64>()?))?;
    Ok(pid)
}

fn main() {}
