use prober::probed;
use vmi_core::{Va, VmiOs, VmiRead, VmiState};

#[probed]
#[maybe_async::must_be_sync]
async fn size<Os>(vmi: &VmiState<'_, Os>, at: Va) -> prober::Result<u64>
where
    Os: VmiOs,
    Os::Driver: VmiRead,
{
    Ok(vmi.read_u64(at)? + vmi.read_u64(at + 0x1000)?)
}

fn main() {}
