use prober::probed;

#[probed]
mod reads {
    pub fn offset() -> u64 {
        8
    }
}

fn main() {
    reads::offset();
}
