use prober::probed;
use vmi_core::{Va, VmiError, VmiOs, VmiState};

#[probed]
fn name<Os: VmiOs>(vmi: &VmiState<'_, Os>, process: Va) -> Result<String, VmiError> {
    let name = vmi.read_string(process)?;
    Ok(name)
}

fn main() {}
