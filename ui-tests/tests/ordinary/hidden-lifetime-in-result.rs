use std::slice::Iter;

use prober::{SuppressedPages, probed};
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed]
fn offsets(offsets: &[u64], limit: Va) -> prober::Result<Iter<u64>> {
    let vmi = guest();
    let limit = vmi.read_u64(limit)?;
    Ok(offsets[..limit as usize].iter())
}

fn guest() -> &'static Vmi {
    unimplemented!()
}

fn caller(suppressed: &SuppressedPages) {
    let _ = offsets(&[], Va(0x1000), suppressed);
}

fn main() {}
