use prober::{SuppressedPages, probed};
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed(options)]
fn name(vmi: &Vmi, process: Va) -> prober::Result<Option<String>> {
    let name = vmi.read_string_limited(process 16)?;
    Ok(name)
}

fn caller(vmi: &Vmi, suppressed: &SuppressedPages) {
    let _ = name(vmi, Va(0x1000), suppressed);
}

fn main() {}
