// As `vmi_probe!` is written.
use prober::{VmiProber, probe, probed};
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed]
fn pid(vmi: &Vmi, process: Va, prober: &VmiProber<'_>) -> prober::Result<u32> {
    let pid = probe!(prober, vmi.read_u32(process))?;
    Ok(pid)
}

fn main() {}
