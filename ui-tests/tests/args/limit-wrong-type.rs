use prober::probed;
use prober_ui_tests::Vmi;
use vmi_core::Va;

const LIMIT: u64 = 16;

#[probed(options, limit = LIMIT)]
fn pid(vmi: &Vmi, process: Va) -> prober::Result<Option<u32>> {
    Ok(vmi.read_u32(process)?)
}

fn main() {}
