//! Neither an enum nor a struct.

use prober::FaultError;

#[derive(FaultError)]
union Bits {
    float: f32,
    int: u32,
}

fn main() {}
