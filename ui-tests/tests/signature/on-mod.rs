use prober::probed;

#[probed(options)]
mod reads {
    pub fn offset() -> u64 {
        8
    }
}

fn main() {
    reads::offset();
}
