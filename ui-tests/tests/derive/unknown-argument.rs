//! An argument that there is not.

use prober::{FaultError, ProbeError};

#[derive(Debug, FaultError)]
enum AppError {
    Probe(#[from] ProbeError),
    #[fault_error(ignore)]
    Other(std::io::Error),
}

fn main() {}
