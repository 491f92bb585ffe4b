use prober::probed;
use prober_ui_tests::Vmi;

#[probed]
fn name(vmi: &Vmi, process: u64) -> prober::Result<String> {
    let name = vmi.read_string(process)?;
    Ok(name)
}

fn main() {}
