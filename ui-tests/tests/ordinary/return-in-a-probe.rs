// `return` leaves the function from a probe as from anywhere: its type is wrong.
use prober::probed;
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed]
fn pid(vmi: &Vmi, process: Option<Va>) -> prober::Result<u32> {
    let pid = vmi.read_u32(match process {
        Some(process) => process,
        None => return None,
    })?;
    Ok(pid)
}

fn main() {}
