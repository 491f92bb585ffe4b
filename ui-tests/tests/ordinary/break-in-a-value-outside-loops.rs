use prober::probed;
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed]
fn pid(vmi: &Vmi, process: Option<Va>) -> prober::Result<u32> {
    let pid = vmi.read_u32(match process {
        Some(process) => process,
        None => break,
    })?;
    Ok(pid)
}

fn main() {}
