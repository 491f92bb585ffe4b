use prober::{probed, settle};
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed(options)]
fn pid(vmi: &Vmi, process: Va, pids: &mut Vec<u32>) -> prober::Result<()> {
    let pid = vmi.read_u32(process)??;
    settle!()?;
    pids.push(pid);
    Ok(())
}

fn main() {}
