use prober::probed;
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed]
async fn pid(vmi: &Vmi, process: Va) -> prober::Result<u32> {
    let pid = vmi.read_u23(process)?;
    Ok(pid)
}

fn main() {}
