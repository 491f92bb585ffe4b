use prober::probed;
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed(options, suppressed = &prober::SuppressedPages::new())]
fn pid(vmi: &Vmi, process: Va) -> prober::Result<Option<u32>> {
    let pid: = vmi.read_u32(process)?;
    Ok(pid)
}

fn caller(vmi: &Vmi) {
    let _ = pid(vmi, Va(0x1000));
}

fn main() {}
