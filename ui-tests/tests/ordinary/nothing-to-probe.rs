use prober::probed;

#[probed]
fn align(address: u64) -> prober::Result<u64> {
    Ok(address & !0xfff)
}

fn main() {}
