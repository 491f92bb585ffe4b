#![deny(unfulfilled_lint_expectations)]

use prober::probed;
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed(options)]
#[expect(unused_variables)]
fn parameter(vmi: &Vmi, process: Va, name: String) -> prober::Result<Option<u32>> {
    Ok(vmi.read_u32(process)?)
}

#[probed(options)]
#[expect(unused_variables)]
async fn of_async(vmi: &Vmi, process: Va, name: &str) -> prober::Result<Option<u32>> {
    Ok(vmi.read_u32(process)?)
}

#[probed(options)]
fn local(vmi: &Vmi, process: Va) -> prober::Result<Option<u32>> {
    #[expect(unused_variables)]
    let name = vmi.read_string(process)?;
    #[expect(unused_mut)]
    let mut pid = vmi.read_u32(process)?;
    Ok(pid)
}

fn main() {
    let _ = (parameter, of_async, local);
}
