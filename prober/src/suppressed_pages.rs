use std::{
    fmt,
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use indexmap::IndexSet;
use vmi_core::{AddressContext, Pa, Va};

use crate::{
    page::{PAGE_SHIFT, Page, PageMap, is_kernel_half},
    page_set::PageSet,
};

/// The pages known to be unserviceable: a fault on them is not reported, and
/// so not injected again.
///
/// Pages are compared as [`PageFaults`](crate::PageFaults) compares them: by
/// page (4 KiB) and translation root, in the kernel half by page alone. A
/// suppressed page that is resident is read like any other.
///
/// [`new`](Self::new) starts with what no guest can ever serve. A clone is
/// O(1): the clones share one set until one of them changes.
///
/// # Examples
///
/// ```
/// use prober::SuppressedPages;
/// use vmi_core::{AddressContext, Pa, Va};
///
/// let mut suppressed = SuppressedPages::new();
/// suppressed.insert(AddressContext::new(Va(0x7fff_0000), Pa(0x1000)));
///
/// assert!(suppressed.contains(&AddressContext::new(Va(0x7fff_0123), Pa(0x1000))));
/// assert!(!suppressed.contains(&AddressContext::new(Va(0x7fff_0123), Pa(0x2000))));
/// // A field of a null pointer.
/// assert!(suppressed.contains(&AddressContext::new(Va(0x18), Pa(0x2000))));
/// ```
pub struct SuppressedPages(Arc<Set>, AtomicBool);

impl Clone for SuppressedPages {
    #[inline]
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0), AtomicBool::new(self.is_doomed()))
    }
}

/// What the clones of a [`SuppressedPages`] share.
#[derive(Clone, Default)]
struct Set {
    /// Single pages, with the address by which each was inserted.
    pages: PageMap<AddressContext>,

    /// Ranges of page numbers under any root: sorted, disjoint, not empty.
    ranges: Vec<Range<u64>>,
}

impl SuppressedPages {
    /// Creates a set that holds what no guest can ever serve, under any root:
    /// the first 64 KiB (fields of null pointers) and the addresses that are
    /// not canonical with 48 bits.
    #[must_use]
    pub fn new() -> Self {
        let mut set = Self::empty();
        set.insert_range(Va(0)..Va(0x1_0000));
        set.insert_range(Va(0x0000_8000_0000_0000)..Va(0xffff_8000_0000_0000));
        set
    }

    /// Creates a set that holds nothing, not even the null page.
    #[must_use]
    pub fn empty() -> Self {
        Self(Arc::default(), AtomicBool::new(false))
    }

    /// Whether it was handed on by a run that is doomed.
    #[inline]
    pub(crate) fn is_doomed(&self) -> bool {
        self.1.load(Ordering::Relaxed)
    }

    /// Hands the doom of a run on to the functions that are handed this set.
    pub(crate) fn doom(&self) {
        self.1.store(true, Ordering::Relaxed);
    }

    /// Suppresses the page of an address, and says whether that is new.
    pub fn insert(&mut self, page: AddressContext) -> bool {
        if self.contains(&page) {
            return false;
        }
        Arc::make_mut(&mut self.0)
            .pages
            .insert(Page::from(&page), page);
        true
    }

    /// Suppresses every page that a range of addresses touches, under any
    /// root.
    pub fn insert_range(&mut self, range: Range<Va>) {
        if range.is_empty() {
            return;
        }
        let mut added = range.start.0 >> PAGE_SHIFT..((range.end.0 - 1) >> PAGE_SHIFT) + 1;

        let ranges = &mut Arc::make_mut(&mut self.0).ranges;
        let first = ranges.partition_point(|range| range.end < added.start);
        let last = ranges.partition_point(|range| range.start <= added.end);
        if let Some(touched) = ranges
            .get(first..last)
            .filter(|touched| !touched.is_empty())
        {
            added.start = added.start.min(touched[0].start);
            added.end = added.end.max(touched[touched.len() - 1].end);
        }
        ranges.splice(first..last, [added]);
    }

    /// Takes the page of an address out of the set, also out of a range, and
    /// says whether it was in.
    pub fn remove(&mut self, page: &AddressContext) -> bool {
        if !self.contains(page) {
            return false;
        }
        let set = Arc::make_mut(&mut self.0);
        let page = Page::from(page);
        // Order does not matter here, and a shift would make `n` removals cost `n²`.
        set.pages.swap_remove(&page);

        if let Some(index) = range_of(&set.ranges, page.number()) {
            let range = set.ranges[index].clone();
            let rest = [range.start..page.number(), page.number() + 1..range.end];
            set.ranges.splice(
                index..=index,
                rest.into_iter().filter(|rest| !rest.is_empty()),
            );
        }
        true
    }

    /// Whether the page of a fault is suppressed.
    #[must_use]
    #[inline]
    pub fn contains(&self, fault: &AddressContext) -> bool {
        let page = Page::from(fault);
        range_of(&self.0.ranges, page.number()).is_some() || self.0.pages.contains_key(&page)
    }

    /// Forgets the single pages of a translation root, but for those of the
    /// kernel half: for the end of a process, whose root will be used again.
    pub fn forget_root(&mut self, root: Pa) {
        let goes = |page: &AddressContext| {
            !is_kernel_half(page.va) && page.root.0 >> PAGE_SHIFT == root.0 >> PAGE_SHIFT
        };
        if self.iter().any(goes) {
            Arc::make_mut(&mut self.0)
                .pages
                .retain(|_, page| !goes(page));
        }
    }

    /// The single pages, each as the address that was inserted. Ranges are
    /// not listed.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &AddressContext> {
        self.0.pages.values()
    }
}

/// The index of the range that holds a page number.
fn range_of(ranges: &[Range<u64>], number: u64) -> Option<usize> {
    let index = ranges.partition_point(|range| range.end <= number);
    ranges
        .get(index)
        .is_some_and(|range| range.contains(&number))
        .then_some(index)
}

impl PageSet for SuppressedPages {
    fn contains_page(&self, fault: &AddressContext) -> bool {
        self.contains(fault)
    }
}

/// The same as [`SuppressedPages::new`].
impl Default for SuppressedPages {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for SuppressedPages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ranges = self
            .0
            .ranges
            .iter()
            .map(|range| Va(range.start << PAGE_SHIFT)..Va(range.end << PAGE_SHIFT));
        f.debug_struct("SuppressedPages")
            .field("pages", &self.0.pages.values())
            .field("ranges", &ranges.collect::<Vec<_>>())
            .finish()
    }
}

impl Extend<AddressContext> for SuppressedPages {
    fn extend<I: IntoIterator<Item = AddressContext>>(&mut self, pages: I) {
        for page in pages {
            self.insert(page);
        }
    }
}

/// Adds to what [`SuppressedPages::new`] holds.
impl FromIterator<AddressContext> for SuppressedPages {
    fn from_iter<I: IntoIterator<Item = AddressContext>>(pages: I) -> Self {
        let mut set = Self::new();
        set.extend(pages);
        set
    }
}

/// Adds to what [`SuppressedPages::new`] holds.
impl From<IndexSet<AddressContext>> for SuppressedPages {
    fn from(pages: IndexSet<AddressContext>) -> Self {
        pages.into_iter().collect()
    }
}

/// Adds to what [`SuppressedPages::new`] holds.
impl From<&IndexSet<AddressContext>> for SuppressedPages {
    fn from(pages: &IndexSet<AddressContext>) -> Self {
        pages.iter().copied().collect()
    }
}
