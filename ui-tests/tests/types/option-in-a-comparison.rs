use prober::probed;
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed(options)]
fn is_process(vmi: &Vmi, process: Va) -> prober::Result<bool> {
    if vmi.read_u8(process)? == 3 {
        return Ok(true);
    }
    Ok(false)
}

fn main() {}
