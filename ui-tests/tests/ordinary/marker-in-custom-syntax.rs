use prober::{probed, settle};
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[allow(unused_macros)]
macro_rules! when {
    ([$condition:expr] $act:stmt) => { if $condition { $act } };
}

#[probed]
fn pid(vmi: &Vmi, process: Va) -> prober::Result<u32> {
    let pid = vmi.read_u32(process)?;
    when!([pid.is_some()] settle!() now);
    Ok(pid)
}

fn main() {}
