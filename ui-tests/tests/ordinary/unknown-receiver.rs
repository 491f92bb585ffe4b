use prober::probed;
use vmi_core::Va;

#[probed]
fn pid(process: Va) -> prober::Result<u32> {
    let pid = vmi.read_u32(process)?;
    Ok(pid)
}

fn main() {}
