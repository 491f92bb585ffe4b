use prober::probed;
use vmi_core::Va;

struct Vmi;

#[probed]
fn name(vmi: &Vmi, process: Va) -> prober::Result<String> {
    let name = vmi.read_string(process)?;
    Ok(name)
}

fn main() {}
