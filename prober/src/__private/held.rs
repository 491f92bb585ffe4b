//! What `#[derive(FaultError)]` calls.

use crate::{FaultError, Missing, sealed::Sealed};

/// An error that another one holds.
#[derive(Debug)]
pub struct Held<'e, E>(pub &'e E);

/// Takes the place of [`HeldWithoutFaults::missing`] wherever its bound holds.
impl<'e, E: FaultError> Held<'e, E> {
    #[must_use]
    pub fn missing(&self) -> Option<Missing<'e>> {
        self.0.missing()
    }
}

/// A held error of a type that cannot carry faults.
pub trait HeldWithoutFaults<'e>: Sealed {
    fn missing(&self) -> Option<Missing<'e>>;
}

impl<E> Sealed for Held<'_, E> {}

impl<'e, E> HeldWithoutFaults<'e> for Held<'e, E> {
    fn missing(&self) -> Option<Missing<'e>> {
        None
    }
}
