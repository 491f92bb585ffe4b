use prober::{SuppressedPages, probed};
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed]
fn name(vmi: &Vmi, names: &[String], process: Va) -> prober::Result<&str> {
    let pid = vmi.read_u32(process)?;
    Ok(&names[pid as usize])
}

fn caller(vmi: &Vmi, suppressed: &SuppressedPages) {
    let _ = name(vmi, &[], Va(0x1000), suppressed);
}

fn main() {}
