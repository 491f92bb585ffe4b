use prober::probed;
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed(options)]
fn parameters(vmi: &Vmi, process: Va) -> prober::Result<Option<Va>> {
    let peb = vmi.read_va(process)?;
    let parameters = vmi.read_va(peb + 0x20)?;
    Ok(parameters)
}

fn main() {}
