//! An `.await` is missing.

use prober::probed;
use vmi_core::VmiError;

async fn read(address: u64) -> Result<u64, VmiError> {
    Ok(address)
}

#[probed]
async fn f(vmi: u64) -> prober::Result<u64> {
    let first = read(vmi)?;
    let second = read(first).await?;
    Ok(second)
}

fn main() {}
