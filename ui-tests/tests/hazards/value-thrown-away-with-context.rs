#![deny(unused_must_use)]

use anyhow::Context as _;
use prober::{probe, probed};
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed(options)]
fn name(vmi: &Vmi, process: Va) -> anyhow::Result<[u8; 15]> {
    let mut name = [0; 15];
    probe!(vmi.read(process, &mut name)).context("the name of the process")?;
    Ok(name)
}

fn main() {
    let _ = name;
}
