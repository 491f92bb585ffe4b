use prober::probed;
use prober_ui_tests::Vmi;
use vmi_core::{Va, VmiError};

#[probed(options)]
fn pids(vmi: &Vmi, processes: &[Va]) -> prober::Result<Vec<u32>> {
    let pid = |process: &Va| -> Result<u32, VmiError> { Ok(vmi.read_u32(*process)??) };
    Ok(processes.iter().map(pid).collect::<Result<_, _>>()?)
}

fn main() {}
