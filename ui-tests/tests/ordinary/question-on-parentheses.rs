use prober::probed;
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed]
fn is_third(vmi: &Vmi, process: Va) -> prober::Result<bool> {
    let pid = vmi.read_u32(process)?;
    Ok((process.0 == 3)? && pid == 3)
}

fn main() {}
