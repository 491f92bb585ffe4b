use prober::probed;
use prober_ui_tests::Vmi;
use vmi_core::Va;

struct Process {
    pid: u32,
}

#[probed]
fn pid(vmi: &Vmi, process: Va) -> prober::Result<u32> {
    let process: Process = vmi.read_struct(process)?;
    Ok(process.pid)
}

fn main() {}
