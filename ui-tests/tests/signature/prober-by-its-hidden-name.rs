use prober::probed;
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed(options)]
fn pid(vmi: &Vmi, process: Va) -> prober::Result<Option<u32>> {
    let pid = vmi.read_u32(process)?;
    if !__probed_run.page_faults().is_empty() {
        return Ok(None);
    }
    Ok(pid)
}

fn main() {}
