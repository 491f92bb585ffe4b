use prober::{probed, settle};
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed(options)]
fn pid(vmi: &Vmi, process: Va) -> prober::Result<Option<u32>> {
    let pid = vmi.read_u32(process)?;
    settle!(pid);
    Ok(pid)
}

fn main() {}
