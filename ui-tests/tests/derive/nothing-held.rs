//! No variant holds an error.

use prober::FaultError;

#[derive(Debug, FaultError)]
enum AppError {
    BadMagic,
    Range { from: u64, to: u64 },
}

fn main() {}
