#![deny(warnings)]

use prober::{probed, settle};
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed(options)]
fn print_pid(vmi: &Vmi, process: Va) -> prober::Result<()> {
    let pid = vmi.read_u32(process)?;
    settle!();
    println!("{pid:?}");
    Ok(())
}

fn main() {
    let _ = print_pid;
}
