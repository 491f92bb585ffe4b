//! Without `From<ProbeError>` no fault can be put into the error.

use prober::FaultError;
use vmi_core::VmiError;

#[derive(Debug, FaultError)]
enum AppError {
    Vmi(VmiError),
    BadMagic,
}

fn main() {}
