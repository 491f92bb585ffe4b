#![deny(unused)]
use prober::probed;
use vmi_core::{Va, VmiOs, VmiRead, VmiState};

#[probed]
fn f<Os>(vmi: &VmiState<'_, Os>, a: Va) -> prober::Result<u64>
where
    Os: VmiOs,
    Os::Driver: VmiRead,
{
    let unused = vmi.read_u64(a)?;
    let mut never_changed = vmi.read_u64(a + 8)?;
    println!("{never_changed}");
    Ok(vmi.read_u64(a + 16)?)
}

fn main() {}
