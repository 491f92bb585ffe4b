use prober::settle;
use prober_ui_tests::Vmi;
use vmi_core::{Va, VmiError};

fn poke(vmi: &Vmi, process: Va) -> Result<u32, VmiError> {
    let pid = vmi.read_u32(process)?;
    settle!();
    Ok(pid)
}

fn main() {}
