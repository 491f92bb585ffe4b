use prober::{SuppressedPages, probed};

#[probed]
fn align(address: u64) -> prober::Result<u64> {
    Ok(address & !7)
}

fn caller(suppressed: &SuppressedPages) {
    let _ = align(12, suppressed);
}

fn main() {}
