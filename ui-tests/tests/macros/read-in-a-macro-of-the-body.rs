//! A macro that the body defines runs in the body, where its reads are not seen.

use prober::probed;
use vmi_core::{Va, VmiOs, VmiRead, VmiState};

#[probed(options)]
fn f<Os>(vmi: &VmiState<Os>, a: Va) -> prober::Result<u64>
where
    Os: VmiOs,
    Os::Driver: VmiRead,
{
    macro_rules! next {
        ($a:expr) => {
            vmi.read_u64($a)?
        };
    }
    let first = vmi.read_u64(a)?;
    Ok(first? + next!(a + 8))
}

fn main() {}
