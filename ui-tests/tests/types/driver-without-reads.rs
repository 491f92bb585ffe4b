use prober::probed;
use vmi_core::{Va, VmiError, VmiOs, VmiState};

#[probed(options)]
fn name<Os: VmiOs>(vmi: &VmiState<'_, Os>, process: Va) -> Result<Option<String>, VmiError> {
    let name = vmi.read_string(process)?;
    Ok(name)
}

fn main() {}
