use std::fmt;

use prober::{FaultError, Missing, ProbeError};
use vmi_core::VmiError;

/// An error type of a user's own.
#[derive(Debug)]
pub enum App {
    /// Of a probed function.
    Probe(ProbeError),
    /// Of vmi-core.
    Vmi(VmiError),
}

impl From<ProbeError> for App {
    fn from(error: ProbeError) -> Self {
        Self::Probe(error)
    }
}

impl From<VmiError> for App {
    fn from(error: VmiError) -> Self {
        Self::Vmi(error)
    }
}

impl fmt::Display for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Probe(error) => error.fmt(f),
            Self::Vmi(error) => error.fmt(f),
        }
    }
}

impl FaultError for App {
    fn missing(&self) -> Option<Missing<'_>> {
        match self {
            Self::Probe(error) => error.missing(),
            Self::Vmi(error) => error.missing(),
        }
    }
}
