use prober::probed;
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed(options)]
fn is_process(vmi: &Vmi, process: Va) -> prober::Result<bool> {
    if vmi.read_u32(process).is_err() {
        return Ok(false);
    }
    Ok(true)
}

fn main() {}
