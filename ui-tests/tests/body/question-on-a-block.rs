use prober::{probe, probed};
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed(options)]
fn pid(vmi: &Vmi, process: Va) -> prober::Result<u32> {
    let offset = { 8 }?;
    Ok(vmi.read_u32(process + offset)??)
}

#[probed(options)]
fn pid_plus_one(vmi: &Vmi, process: Va) -> prober::Result<u32> {
    let pid = probe!({ pid(vmi, process, suppressed)? + 1 })?;
    Ok(pid?)
}

fn main() {}
