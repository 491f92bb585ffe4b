use prober::probed;

#[probed(options)]
pub(crate) const OFFSET: u64 = 8;

fn main() {
    let _ = OFFSET;
}
