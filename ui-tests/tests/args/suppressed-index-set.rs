// An `IndexSet` is taken by `VmiProber`, not here.
use std::collections::HashSet;

use prober::probed;
use prober_ui_tests::Vmi;
use vmi_core::{AddressContext, Va};

#[probed(options, suppressed = refused)]
fn pid(vmi: &Vmi, process: Va, refused: &HashSet<AddressContext>) -> prober::Result<Option<u32>> {
    Ok(vmi.read_u32(process)?)
}

fn main() {}
