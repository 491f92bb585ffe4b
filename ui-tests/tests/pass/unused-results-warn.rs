#![deny(unfulfilled_lint_expectations)]

use prober::{probe, probed};
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed(options)]
fn name(vmi: &Vmi, process: Va) -> prober::Result<[u8; 15]> {
    let mut name = [0; 15];
    #[expect(unused_must_use)]
    vmi.read(process, &mut name);
    #[expect(unused_must_use)]
    vmi.read(process, &mut name)?;
    #[expect(unused_must_use)]
    {
        probe!(vmi.read(process, &mut name))?;
    }
    Ok(name)
}

fn main() {
    let _ = name;
}
