//! The set of suppressed pages, and its iterator. `VmiProber::record` keeps its pages
//! out of a batch.

use std::{
    fmt,
    ops::Range,
    sync::atomic::{AtomicBool, Ordering},
};

use indexmap::IndexSet;
use rpds::RedBlackTreeMapSync;
use vmi_core::{AddressContext, Pa, Va};

use crate::page::{PAGE_SHIFT, Page};

/// The pages known to be unserviceable: a fault on them is not reported, and
/// so not injected again.
///
/// Pages are compared as [`PageFaults`](crate::PageFaults) compares them: by
/// page (4 KiB) and translation root, in the kernel half too. A suppressed page
/// that is resident is read like any other.
///
/// [`new`](Self::new) starts with what no guest can ever serve. A clone is
/// O(1), and a change costs O(log n), even while clones share the set.
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
pub struct SuppressedPages {
    /// Single pages, with the address by which each was inserted.
    // A tree that shares what did not change: a handler inserts a page while
    // an operation holds a clone, and the set may hold 100,000.
    pages: RedBlackTreeMapSync<Page, AddressContext>,

    /// Whether it holds all of [`NEVER`], which `ranges` need not.
    // Nearly every set does, and every fault asks: a look-up in a tree costs
    // ten times as much.
    never: bool,

    /// Ranges of page numbers under any root, by their start: disjoint, not
    /// empty, and no two of them touch.
    ranges: RedBlackTreeMapSync<u64, u64>,

    /// Whether a doomed run passed the set on.
    doomed: AtomicBool,
}

impl SuppressedPages {
    /// Creates a set that holds what no guest can ever serve, under any root:
    ///
    /// - the first 64 KiB (fields of null pointers),
    /// - the last page of the address space (-1 and other error values in the
    ///   place of a pointer, and a null link less an offset),
    /// - the addresses that are not canonical with 48 bits.
    #[must_use]
    pub fn new() -> Self {
        Self {
            never: true,
            ..Self::empty()
        }
    }

    /// Creates a set that holds nothing, not even the null page.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            pages: RedBlackTreeMapSync::new_sync(),
            never: false,
            ranges: RedBlackTreeMapSync::new_sync(),
            doomed: AtomicBool::new(false),
        }
    }

    /// Whether a doomed run passed the set on.
    #[inline]
    pub(crate) fn is_doomed(&self) -> bool {
        self.doomed.load(Ordering::Relaxed)
    }

    /// Dooms the functions that receive this set.
    pub(crate) fn doom(&self) {
        self.doomed.store(true, Ordering::Relaxed);
    }

    /// Suppresses the page of an address. Returns whether the page was newly
    /// inserted.
    pub fn insert(&mut self, page: AddressContext) -> bool {
        if self.contains(&page) {
            return false;
        }
        self.pages.insert_mut(Page::from(&page), page);
        true
    }

    /// Suppresses every page that a range of addresses (in bytes) touches,
    /// under any root.
    ///
    /// An empty range adds nothing, nor does a reversed one, which logs a
    /// warning.
    ///
    /// ```
    /// use prober::SuppressedPages;
    /// use vmi_core::{AddressContext, Pa, Va};
    ///
    /// let mut suppressed = SuppressedPages::new();
    /// suppressed.insert_range(Va(0x7000_0800)..Va(0x7000_1001));
    /// for (va, is_in) in [(0x7000_0000, true), (0x7000_1fff, true), (0x7000_2000, false)] {
    ///     let fault = AddressContext::new(Va(va), Pa(0x1000));
    ///     assert_eq!(suppressed.contains(&fault), is_in);
    /// }
    /// ```
    pub fn insert_range(&mut self, range: Range<Va>) {
        if range.is_empty() {
            if range.start > range.end {
                tracing::warn!(
                    start = %range.start,
                    end = %range.end,
                    "a range that ends before it starts suppresses nothing; swap its ends"
                );
            }
            return;
        }
        self.insert_numbers(
            range.start.0 >> PAGE_SHIFT,
            ((range.end.0 - 1) >> PAGE_SHIFT) + 1,
        );
    }

    /// Lists [`NEVER`] among the ranges, so that it can be taken apart.
    fn list_never(&mut self) {
        if std::mem::take(&mut self.never) {
            for Range { start, end } in NEVER {
                self.insert_numbers(start, end);
            }
        }
    }

    /// Suppresses the pages of a range of numbers, under any root.
    fn insert_numbers(&mut self, mut start: u64, mut end: u64) {
        // Ranges that it touches are merged into it.
        while let Some((other_start, other_end)) = self.last_range_from(end)
            && other_end >= start
        {
            self.ranges.remove_mut(&other_start);
            start = start.min(other_start);
            end = end.max(other_end);
        }
        self.ranges.insert_mut(start, end);
    }

    /// Removes the page of an address, also from a range. Returns whether the
    /// page was in the set.
    pub fn remove(&mut self, page: &AddressContext) -> bool {
        let page = Page::from(page);
        let single = self.pages.remove_mut(&page);
        let number = page.number();
        if is_never_served(number) {
            self.list_never();
        }
        let Some((start, end)) = self.range_of(number) else {
            return single;
        };
        self.ranges.remove_mut(&start);
        for (start, end) in [(start, number), (number + 1, end)] {
            if start < end {
                self.ranges.insert_mut(start, end);
            }
        }
        true
    }

    /// Returns whether the page of a fault is suppressed.
    #[must_use]
    #[inline]
    pub fn contains(&self, fault: &AddressContext) -> bool {
        let page = Page::from(fault);
        let number = page.number();
        (self.never && is_never_served(number))
            || self.range_of(number).is_some()
            || self.pages.contains_key(&page)
    }

    /// Forgets the single pages of a translation root: for the end of a
    /// process, whose root will be used again.
    pub fn forget_root(&mut self, root: Pa) {
        let pages = self.pages.range(Page::all_of(root));
        for page in pages.map(|(page, _)| *page).collect::<Vec<_>>() {
            self.pages.remove_mut(&page);
        }
    }

    /// The single pages by root and address, each as the address that was
    /// inserted. Ranges are not listed.
    #[must_use]
    pub fn iter(&self) -> Iter<'_> {
        Iter(self.pages.iter())
    }

    /// The last range that starts at a page number or before it.
    fn last_range_from(&self, number: u64) -> Option<(u64, u64)> {
        let (start, end) = self.ranges.range(..=number).next_back()?;
        Some((*start, *end))
    }

    /// The range that holds a page number.
    fn range_of(&self, number: u64) -> Option<(u64, u64)> {
        if self.ranges.is_empty() {
            return None;
        }
        self.last_range_from(number)
            .filter(|(_, end)| number < *end)
    }
}

/// The numbers of the pages that no guest can ever serve: the first 64 KiB, the
/// addresses that are not canonical with 48 bits, and the last page.
const NEVER: [Range<u64>; 3] = [
    0..0x10,
    0x0000_8000_0000_0000 >> PAGE_SHIFT..0xffff_8000_0000_0000 >> PAGE_SHIFT,
    !0 >> PAGE_SHIFT..(!0 >> PAGE_SHIFT) + 1,
];

#[inline]
fn is_never_served(number: u64) -> bool {
    NEVER.iter().any(|range| range.contains(&number))
}

/// O(1): the clones share what does not change.
impl Clone for SuppressedPages {
    #[inline]
    fn clone(&self) -> Self {
        Self {
            pages: self.pages.clone(),
            never: self.never,
            ranges: self.ranges.clone(),
            doomed: AtomicBool::new(self.is_doomed()),
        }
    }
}

/// Iterates over the single pages of a set. Made by [`SuppressedPages::iter`].
pub struct Iter<'a>(<&'a RedBlackTreeMapSync<Page, AddressContext> as IntoIterator>::IntoIter);

impl<'a> Iterator for Iter<'a> {
    type Item = &'a AddressContext;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(_, page)| page)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl ExactSizeIterator for Iter<'_> {}

impl fmt::Debug for Iter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Iter")
            .field("left", &self.len())
            .finish_non_exhaustive()
    }
}

impl<'a> IntoIterator for &'a SuppressedPages {
    type Item = &'a AddressContext;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// The same as [`SuppressedPages::new`].
impl Default for SuppressedPages {
    fn default() -> Self {
        Self::new()
    }
}

#[allow(clippy::missing_fields_in_debug)] // Doom is not part of what the set holds.
impl fmt::Debug for SuppressedPages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut listed = self.clone();
        listed.list_never();
        // The last address of a range: the one after it may not fit.
        let ranges = listed.ranges.iter().map(|(start, end)| {
            Va(start << PAGE_SHIFT)..=Va(((end - 1) << PAGE_SHIFT) | ((1 << PAGE_SHIFT) - 1))
        });
        f.debug_struct("SuppressedPages")
            .field("pages", &self.iter().collect::<Vec<_>>())
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
