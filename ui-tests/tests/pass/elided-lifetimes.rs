#![deny(warnings)]

use prober::probed;
use prober_ui_tests::Vmi;
use vmi_core::Va;

struct Names {
    vmi: Vmi,
    names: Vec<String>,
}

// Of the same name as one that hides a lifetime.
struct Windows;

#[probed(options, vmi = names.vmi)]
fn name(names: &Names, process: Va) -> prober::Result<&str> {
    let index = names.vmi.read_u32(process)??;
    Ok(&names.names[index as usize])
}

#[probed(options)]
fn os(vmi: &Vmi) -> prober::Result<Windows> {
    vmi.read_u32(Va(0x1000))??;
    Ok(Windows)
}

fn main() {
    let _ = (name, os);
}
