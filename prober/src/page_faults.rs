//! A batch of page faults, and its iterators.

use std::{error::Error, fmt};

use indexmap::map;
use vmi_core::AddressContext;

use crate::page::{Page, PageMap};

/// A batch of page faults: the pages that an operation found missing.
///
/// Ordered by first occurrence, with one entry per page (4 KiB, under one
/// translation root). Each entry is the exact address that faulted first on its
/// page.
///
/// # Examples
///
/// ```
/// use prober::PageFaults;
/// use vmi_core::{AddressContext, Pa, Va};
///
/// let fault = |va| AddressContext::new(Va(va), Pa(0x1000));
/// let faults = PageFaults::from_iter([fault(0x40_0010), fault(0x40_0ff8), fault(0x50_0000)]);
///
/// assert_eq!(faults.len(), 2);
/// assert_eq!(faults.first(), Some(&fault(0x40_0010)));
/// assert!(faults.contains(&fault(0x40_0123)));
/// ```
// Boxed, and allocated with the first fault: an operation without faults pays
// for one null pointer, and an error that carries a batch stays small.
#[derive(Clone, Default)]
pub struct PageFaults(Option<Box<PageMap<AddressContext>>>);

impl PageFaults {
    /// Creates an empty batch.
    #[must_use]
    pub const fn new() -> Self {
        Self(None)
    }

    /// Adds a fault. Returns whether its page is new to the batch.
    pub fn insert(&mut self, fault: AddressContext) -> bool {
        match self.0.get_or_insert_default().entry(Page::from(&fault)) {
            map::Entry::Occupied(_) => false,
            map::Entry::Vacant(entry) => {
                entry.insert(fault);
                true
            }
        }
    }

    /// Number of missing pages.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |pages| pages.len())
    }

    /// Whether no page is missing. A batch in an error is never empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The fault that was met first.
    #[must_use]
    pub fn first(&self) -> Option<&AddressContext> {
        self.iter().next()
    }

    /// Whether the page of `fault` is in the batch.
    #[must_use]
    pub fn contains(&self, fault: &AddressContext) -> bool {
        self.0
            .as_ref()
            .is_some_and(|pages| pages.contains_key(&Page::from(fault)))
    }

    /// The faults in the order in which they were met.
    #[must_use]
    pub fn iter(&self) -> Iter<'_> {
        Iter(self.0.as_ref().map(|pages| pages.values()))
    }

    /// Keeps the faults for which `keep` holds, in their order.
    pub fn retain(&mut self, mut keep: impl FnMut(&AddressContext) -> bool) {
        if let Some(pages) = &mut self.0 {
            pages.retain(|_, fault| keep(fault));
        }
    }
}

impl fmt::Debug for PageFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self).finish()
    }
}

impl fmt::Display for PageFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.first(), self.len()) {
            (None, _) => f.write_str("no page fault"),
            (Some(first), 1) => write!(f, "page fault at {first}"),
            (Some(first), pages) => write!(f, "page faults on {pages} pages, first at {first}"),
        }
    }
}

impl Error for PageFaults {}

/// Equal when the same addresses faulted first on the same pages, in the same
/// order.
impl PartialEq for PageFaults {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other)
    }
}

impl Eq for PageFaults {}

impl Extend<AddressContext> for PageFaults {
    fn extend<I: IntoIterator<Item = AddressContext>>(&mut self, faults: I) {
        for fault in faults {
            self.insert(fault);
        }
    }
}

impl FromIterator<AddressContext> for PageFaults {
    fn from_iter<I: IntoIterator<Item = AddressContext>>(faults: I) -> Self {
        let mut batch = Self::new();
        batch.extend(faults);
        batch
    }
}

impl<'a> IntoIterator for &'a PageFaults {
    type Item = &'a AddressContext;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl IntoIterator for PageFaults {
    type Item = AddressContext;
    type IntoIter = IntoIter;

    fn into_iter(self) -> Self::IntoIter {
        IntoIter(self.0.map(|pages| pages.into_values()))
    }
}

/// An iterator that owns the faults of a batch. Made by
/// [`PageFaults::into_iter`].
#[derive(Debug)]
pub struct IntoIter(Option<map::IntoValues<Page, AddressContext>>);

impl Iterator for IntoIter {
    type Item = AddressContext;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.as_mut()?.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let faults = self.0.as_ref();
        faults.map_or((0, Some(0)), Iterator::size_hint)
    }
}

impl ExactSizeIterator for IntoIter {}

/// Iterates over a batch of page faults. Made by [`PageFaults::iter`].
#[derive(Debug, Clone)]
pub struct Iter<'a>(Option<map::Values<'a, Page, AddressContext>>);

impl<'a> Iterator for Iter<'a> {
    type Item = &'a AddressContext;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.as_mut()?.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let faults = self.0.as_ref();
        faults.map_or((0, Some(0)), Iterator::size_hint)
    }
}

impl ExactSizeIterator for Iter<'_> {}
