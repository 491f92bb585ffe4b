use prober::{SuppressedPages, probed};
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[allow(unused_macros)]
macro_rules! first_of {
    ($([$value:expr] $name:ident)*) => { [$(($value?, stringify!($name))),*] };
}

#[probed(options)]
fn pids(vmi: &Vmi, a: Va, b: Va) -> prober::Result<usize> {
    let pids = first_of!([vmi.read_u32(a)] a [vmi.read_u32(b)] b);
    Ok(pids.len())
}

fn caller(vmi: &Vmi, suppressed: &SuppressedPages) {
    let _ = pids(vmi, Va(0x1000), Va(0x2000), suppressed);
}

fn main() {}
