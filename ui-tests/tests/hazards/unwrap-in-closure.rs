use prober::probed;
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed(options)]
fn pids(vmi: &Vmi, processes: &[Va]) -> prober::Result<Vec<u32>> {
    Ok(processes.iter().map(|process| vmi.read_u32(*process).unwrap().unwrap_or(0)).collect())
}

fn main() {}
