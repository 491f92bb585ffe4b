// Where the attribute does not use it either.
#![deny(unfulfilled_lint_expectations)]

#[expect(unused_imports)]
use prober::settle;
use prober::probed;
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed(options)]
fn pid(vmi: &Vmi, process: Va) -> prober::Result<Option<u32>> {
    Ok(vmi.read_u32(process)?)
}

fn main() {
    let _ = pid;
}
