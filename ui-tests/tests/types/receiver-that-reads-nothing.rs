use prober::probed;
use vmi_core::Va;

struct Vmi;

#[probed(options)]
fn name(vmi: &Vmi, process: Va) -> prober::Result<Option<String>> {
    let name = vmi.read_string(process)?;
    Ok(name)
}

fn main() {}
