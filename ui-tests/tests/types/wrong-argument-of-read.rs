use prober::probed;
use prober_ui_tests::Vmi;

#[probed(options)]
fn pid(vmi: &Vmi, process: u64) -> prober::Result<Option<u32>> {
    let pid = vmi.read_u32(process)?;
    Ok(pid)
}

fn main() {}
