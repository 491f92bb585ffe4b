use vmi_core::VmiError;

use crate::{PageFaults, SuppressedPages};

/// A pager: brings in a whole batch of missing pages while the caller waits. It
/// may be a page file, a debugger-driven guest or a test guest.
///
/// Also implemented for closures of the same shape.
pub trait PageIn {
    /// Brings in the pages of a batch, and adds to `refused` those that
    /// nothing can bring in.
    ///
    /// A page that is neither brought in nor refused is handed over again, a
    /// bounded number of times, if the operation still misses it.
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
