use std::cell::Cell;

/// What a [`Guest`](super::Guest) was asked for, since it was made or
/// [`reset_counts`](super::Guest::reset_counts) was called.
///
/// ```
/// use prober::{SuppressedPages, retry, testing::Guest};
/// use vmi_core::{Va, VmiError};
///
/// let guest = Guest::new();
/// guest.write_u64(Va(0x40_0000), 7);
/// guest.page_out_all();
/// let vm = guest.vm();
/// retry(&mut &guest, &mut SuppressedPages::new(), |_| {
///     vm.with(|vmi| vmi.read_u64(Va(0x40_0000)))
/// })?;
/// let counts = guest.counts();
/// assert_eq!((counts.paged_in, counts.batches, counts.reads), (1, 1, 1));
/// # Ok::<(), VmiError>(())
/// ```
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Pages brought in by the pager. A page that was in already is not counted.
    pub paged_in: u64,
    /// Pages that the pager refused.
    pub refused: u64,
    /// Requests that were lost on purpose, see [`Guest::drop_every`](super::Guest::drop_every).
    pub dropped: u64,
    /// Batches handed to the pager.
    pub batches: u64,
    /// Times that the content of a frame other than a page table was looked at: one for each page that a
    /// read touches, whatever vmi-core caches.
    pub reads: u64,
    /// Page walks: times that the top table (PML4) of an address space was looked at. A translation that
    /// vmi-core's V2P cache answers does not walk.
    pub walks: u64,
    /// Writes of the driver, one for each page that a write touches. Set-up through a `Guest` is not counted.
    pub writes: u64,
    /// Frames of any kind that vmi-core asked the driver for. Its GFN cache answers most requests before
    /// they come here.
    pub fetches: u64,
    /// Events that were handed to a handler.
    pub events: u64,
    /// Page faults that the processor took because a handler injected them, lost ones too.
    pub injected: u64,
}

/// The counters behind [`Counts`], shared by all that count.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) counts: Cell<Counts>,
    /// Copies of frames that are kept for the sake of readers.
    pub(super) snapshots: Cell<usize>,
}

impl Counters {
    pub(super) fn add(&self, change: impl FnOnce(&mut Counts)) {
        let mut counts = self.counts.get();
        change(&mut counts);
        self.counts.set(counts);
    }
}
