use vmi_core::VmiError;

use crate::{PageFaults, SuppressedPages};

/// A pager: brings in a whole batch of missing pages while the caller waits. It
/// may be a page file, a debugger-driven guest or a test guest.
///
/// Also implemented for closures of the same shape.
///
/// # Examples
///
/// ```
/// use prober::{PageFaults, PageIn, SuppressedPages};
/// use vmi_core::{AddressContext, Pa, Va, VmiError};
///
/// /// Pages that lie in a page file, by their addresses.
/// struct PageFile {
///     pages: Vec<Va>,
///     loaded: Vec<Va>,
/// }
///
/// impl PageIn for PageFile {
///     fn page_in(
///         &mut self,
///         faults: &PageFaults,
///         refused: &mut SuppressedPages,
///     ) -> Result<(), VmiError> {
///         for fault in faults {
///             let page = Va(fault.va.0 & !0xfff);
///             if self.pages.contains(&page) {
///                 self.loaded.push(page);
///             } else {
///                 refused.insert(*fault);
///             }
///         }
///         Ok(())
///     }
/// }
///
/// let [there, lost] = [0x40_0008, 0x50_0000].map(|va| AddressContext::new(Va(va), Pa(0x1000)));
/// let mut file = PageFile { pages: vec![Va(0x40_0000)], loaded: vec![] };
/// let mut refused = SuppressedPages::empty();
/// file.page_in(&PageFaults::from_iter([there, lost]), &mut refused)?;
/// assert_eq!(file.loaded, [Va(0x40_0000)]);
/// assert!(refused.contains(&lost));
/// # Ok::<(), VmiError>(())
/// ```
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
