use std::fmt;

use prober::{FaultError, Missing};
use vmi_core::AddressContext;

/// What a function came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// `Ok`.
    Value(u64),
    /// These pages are missing.
    Faults(Vec<u64>),
    /// A page is missing that is not to be asked for.
    Unavailable,
    /// Any other error.
    Failed(String),
    /// A panic.
    Panicked(String),
}

/// What a function came to.
pub fn outcome<E: FaultError + fmt::Display>(result: Result<u64, E>) -> Outcome {
    let page = |fault: &AddressContext| fault.va.0 >> 12;
    match result {
        Ok(value) => Outcome::Value(value),
        Err(error) => match error.missing() {
            Some(Missing::PageFault(fault)) => Outcome::Faults(vec![page(&fault)]),
            Some(Missing::PageFaults(faults)) => Outcome::Faults(faults.iter().map(page).collect()),
            Some(Missing::Unavailable(_)) => Outcome::Unavailable,
            _ => Outcome::Failed(error.to_string()),
        },
    }
}
