use prober::probed;
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed]
fn name<'n>(vmi: &Vmi, process: Va) -> prober::Result<&'n str> {
    let name = vmi.read_string(process)?;
    Ok(&name)
}

fn main() {}
