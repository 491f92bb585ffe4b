use prober::{probe, probed};
use prober_ui_tests::Vmi;

#[probed]
fn pid(vmi: &Vmi) -> prober::Result<Option<u32>> {
    let _ = vmi;
    let pid: Option<u32> = probe!()?;
    Ok(pid)
}

fn main() {}
