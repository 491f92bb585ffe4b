use prober::probed;

#[probed]
static OFFSET: u64 = 8;

fn main() {
    let _ = OFFSET;
}
