use prober::{SuppressedPages, probed};
use prober_ui_tests::Vmi;
use vmi_core::Va;

struct Process {
    pid: u32,
}

#[probed(options)]
fn process(vmi: &Vmi, process: Va) -> Process {
    let pid = vmi.read_u32(process);
    Process { pid: pid.ok().flatten().unwrap_or(0) }
}

fn caller(vmi: &Vmi, suppressed: &SuppressedPages) {
    let _ = process(vmi, Va(0x1000), suppressed).pid;
}

fn main() {}
