use prober::probed;
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed(options)]
fn is_there(vmi: &Vmi, process: Va) -> prober::Result<bool> {
    Ok(matches!(vmi.read_u32(process), Ok(_)))
}

fn main() {}
