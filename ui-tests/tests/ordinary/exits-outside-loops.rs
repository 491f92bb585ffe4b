//! `break` and `continue` where there is no loop.

use prober::probed;
use vmi_core::{Va, VmiError, VmiOs, VmiRead, VmiState};

#[probed]
fn first<Os>(vmi: &VmiState<'_, Os>, at: Va) -> Result<u64, VmiError>
where
    Os: VmiOs,
    Os::Driver: VmiRead,
{
    let value = vmi.read_u64(at)?;
    if value == 0 {
        break;
    }
    let next = vmi.read_u64(at + value)?;
    if next == 0 {
        continue;
    }
    Ok(next)
}

fn main() {}
