use prober::probed;
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed]
fn name(vmi: &Vmi, process: Va) -> prober::Result<String> {
    let name = vmi.read_string_limited(process)?;
    Ok(name)
}

fn main() {}
