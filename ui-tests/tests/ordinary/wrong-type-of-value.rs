use prober::probed;
use vmi_core::{Va, VmiOs, VmiRead, VmiState};

#[probed]
fn f<Os>(vmi: &VmiState<'_, Os>, a: Va) -> prober::Result<u64>
where
    Os: VmiOs,
    Os::Driver: VmiRead,
{
    let pid: u32 = vmi.read_u64(a)?;
    let name = vmi.read_string(a + 8)?;
    println!("{name}");
    Ok(u64::from(pid) + name)
}

fn main() {}
