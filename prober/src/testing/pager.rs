use vmi_core::VmiError;

use super::{
    Guest,
    memory::{Served, root_frame},
};
use crate::{PageFaults, PageIn, SuppressedPages};

/// Brings in the pages of a batch that a frame stands behind, and refuses the others. Each is looked up
/// in the address space of its own root, whichever the handle's is.
///
/// ```
/// use prober::{SuppressedPages, retry, testing::Guest};
/// use vmi_core::Va;
///
/// let guest = Guest::new();
/// guest.write_u64(Va(0x40_0000), 42);
/// guest.page_out(Va(0x40_0000));
///
/// let value = guest.vm().with(|vmi| {
///     retry(&mut &guest, &mut SuppressedPages::new(), |_| vmi.read_u64(Va(0x40_0000)))
/// })?;
/// assert_eq!(value, 42);
/// assert_eq!(guest.counts().paged_in, 1);
/// # Ok::<(), vmi_core::VmiError>(())
/// ```
impl PageIn for Guest {
    fn page_in(
        &mut self,
        faults: &PageFaults,
        refused: &mut SuppressedPages,
    ) -> Result<(), VmiError> {
        PageIn::page_in(&mut &*self, faults, refused)
    }
}

/// As for [`Guest`] itself, for a test that only has a reference.
impl PageIn for &Guest {
    fn page_in(
        &mut self,
        faults: &PageFaults,
        refused: &mut SuppressedPages,
    ) -> Result<(), VmiError> {
        self.counters().add(|counts| counts.batches += 1);
        for fault in faults {
            if self.losses().loses_next() {
                self.counters().add(|counts| counts.dropped += 1);
                continue;
            }
            let mut memory = self.memory().borrow_mut();
            match memory.serve(root_frame(fault.root), fault.va) {
                Served::BroughtIn => self.counters().add(|counts| counts.paged_in += 1),
                Served::WasIn => {}
                Served::Refused => {
                    refused.insert(*fault);
                    self.counters().add(|counts| counts.refused += 1);
                }
            }
        }
        Ok(())
    }
}
