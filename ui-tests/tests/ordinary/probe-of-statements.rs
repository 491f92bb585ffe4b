use prober::{probe, probed};
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed]
fn pid(vmi: &Vmi, process: Va) -> prober::Result<Option<u32>> {
    let pid = probe! {
        let address = process + 8;
        vmi.read_u32(address)
    }?;
    Ok(pid)
}

fn main() {}
