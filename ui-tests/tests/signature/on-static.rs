use prober::probed;

#[probed(options)]
static OFFSET: u64 = 8;

fn main() {
    let _ = OFFSET;
}
