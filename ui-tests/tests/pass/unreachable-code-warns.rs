#![deny(unfulfilled_lint_expectations)]

use prober::probed;
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed(options)]
#[expect(unreachable_code)]
fn pid(vmi: &Vmi, process: Va) -> prober::Result<Option<u32>> {
    return Ok(vmi.read_u32(process)?);
    println!("never");
}

fn main() {
    let _ = pid;
}
