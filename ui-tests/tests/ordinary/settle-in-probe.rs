use prober::{probe, probed, settle};
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed]
fn pid(vmi: &Vmi, process: Va) -> prober::Result<Option<u32>> {
    let pid = probe!({
        settle!();
        vmi.read_u32(process)
    })?;
    Ok(pid)
}

fn main() {}
