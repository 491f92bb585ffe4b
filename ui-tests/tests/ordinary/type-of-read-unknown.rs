use prober::probed;
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed]
fn is_process(vmi: &Vmi, process: Va) -> prober::Result<bool> {
    let process = vmi.read_struct(process)?;
    Ok(process.pid == 4)
}

fn main() {}
