use prober::probed;
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed(options)]
fn is_there(vmi: &Vmi, process: Va) -> prober::Result<bool> {
    if let Err(_) = vmi.read_u32(process) {
        return Ok(false);
    }
    Ok(true)
}

fn main() {}
