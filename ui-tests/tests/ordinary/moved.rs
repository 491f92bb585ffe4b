use prober::probed;
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed]
fn pids(vmi: &Vmi, process: Va, pids: Vec<u32>) -> prober::Result<Vec<u32>> {
    drop(pids);
    vmi.read_u32(process)?;
    Ok(pids)
}

fn main() {}
