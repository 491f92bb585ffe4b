use vmi_core::VmiError;

use crate::{PageFaults, SuppressedPages};

/// Has a guest's missing pages brought in, a whole batch at a time, while the
/// caller waits: a page file, a debugger-driven guest, a test guest.
///
/// Also implemented for closures of the same shape.
pub trait PageIn {
    /// Brings in the pages of a batch, and adds to `refused` those that
    /// nothing can bring in.
    ///
    /// A page that is in neither way dealt with is handed over again when the
    /// operation still misses it, a bounded number of times.
    ///
    /// # Errors
    ///
    /// Anything that makes a further attempt pointless.
    fn page_in(
        &mut self,
        faults: &PageFaults,
        refused: &mut SuppressedPages,
    ) -> Result<(), VmiError>;
}

impl<F> PageIn for F
where
    F: FnMut(&PageFaults, &mut SuppressedPages) -> Result<(), VmiError>,
{
    fn page_in(
        &mut self,
        faults: &PageFaults,
        refused: &mut SuppressedPages,
    ) -> Result<(), VmiError> {
        self(faults, refused)
    }
}
