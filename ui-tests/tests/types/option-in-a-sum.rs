use prober::probed;
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed(options)]
fn next(vmi: &Vmi, process: Va) -> prober::Result<u64> {
    Ok(vmi.read_u64(process)? + 1)
}

fn main() {}
