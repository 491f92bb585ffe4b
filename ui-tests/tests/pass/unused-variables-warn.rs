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

#[probed(options)]
#[expect(unused_variables)]
fn shadowed(vmi: &Vmi, process: Va, name: String) -> prober::Result<u32> {
    let name = "shadow";
    println!("{name}");
    Ok(vmi.read_u32(process)??)
}

#[probed]
#[expect(unused_variables)]
fn kept_shadowed(vmi: &Vmi, process: Va, name: String) -> prober::Result<u32> {
    let name = "shadow";
    println!("{name}");
    Ok(vmi.read_u32(process)?)
}

#[probed(options)]
#[expect(unused_variables)]
fn named_argument(vmi: &Vmi, process: Va, name: String) -> prober::Result<u32> {
    println!("{name}", name = 1);
    Ok(vmi.read_u32(process)??)
}

#[probed]
#[expect(unused_assignments)]
fn assigned(vmi: &Vmi, process: Va, mut name: String) -> prober::Result<u32> {
    println!("{name}");
    name = String::new();
    Ok(vmi.read_u32(process)?)
}

#[probed(options)]
#[expect(unused_mut)]
fn never_changed(vmi: &Vmi, process: Va, mut name: String) -> prober::Result<(Option<u32>, String)> {
    Ok((vmi.read_u32(process)?, name))
}

fn main() {
    let _ = (parameter, of_async, local);
    let _ = (shadowed, kept_shadowed, named_argument);
    let _ = (assigned, never_changed);
}
