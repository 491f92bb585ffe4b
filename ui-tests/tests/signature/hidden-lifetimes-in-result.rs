//! The lifetime of one type is written, or may be left out; the other is hidden.

use std::slice::Iter;

use prober::probed;
use prober_ui_tests::Vmi;
use vmi_core::Va;

struct Offset<'o>(&'o u64);

#[probed(options)]
fn offset(vmi: &Vmi, process: Va, offset: &u64) -> prober::Result<Offset> {
    vmi.read_u8(process)??;
    Ok(Offset(offset))
}

#[probed(options)]
fn named<'o>(offsets: &'o [u64], limit: Va) -> prober::Result<Iter<u64>> {
    let _ = (limit, suppressed);
    Ok(offsets.iter())
}

fn main() {}
