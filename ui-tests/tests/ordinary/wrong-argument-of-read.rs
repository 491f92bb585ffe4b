use prober::probed;
use prober_ui_tests::Vmi;

#[probed]
fn pid(vmi: &Vmi, process: u64) -> prober::Result<u32> {
    let pid = vmi.read_u32(process)?;
    Ok(pid)
}

fn main() {}
