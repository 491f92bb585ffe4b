use prober::probed;

#[probed(options = true, options, options)]
fn f(vmi: &u8) -> prober::Result<Option<u64>> {
    vmi.read_u64(1)
}

fn main() {}
