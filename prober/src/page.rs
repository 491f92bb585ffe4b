//! A page as the sets of this crate compare it: by page number and translation
//! root.

use std::ops::RangeInclusive;

use foldhash::fast::RandomState;
use indexmap::IndexMap;
use vmi_core::{AddressContext, Pa, Va};

/// Size of a page in bytes.
///
/// Faults are injected and served by pages of this size, whatever larger pages
/// the guest maps.
pub(crate) const PAGE_SIZE: u64 = 4096;

/// Number of address bits within a page.
pub(crate) const PAGE_SHIFT: u32 = PAGE_SIZE.trailing_zeros();

/// What two faults have in common when one page-in serves both: the page and
/// its translation root.
///
/// The root counts in the kernel half too: session space, and what the user's
/// half of a KPTI process lacks, differ from root to root.
// Ordered by root first: the pages of a root are a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Page {
    /// The frame of the translation root.
    root: u64,

    /// The virtual address in pages.
    number: u64,
}

impl Page {
    /// The number of the page, which is its address in pages.
    pub(crate) fn number(self) -> u64 {
        self.number
    }

    /// All pages of a translation root.
    pub(crate) fn all_of(root: Pa) -> RangeInclusive<Self> {
        let root = frame(root);
        let page = |number| Self { root, number };
        page(0)..=page(u64::MAX)
    }
}

impl From<&AddressContext> for Page {
    fn from(fault: &AddressContext) -> Self {
        Self {
            root: frame(fault.root),
            number: fault.va.0 >> PAGE_SHIFT,
        }
    }
}

/// Pages, and something about each.
///
/// Not hashed as in `std`, whose hasher costs more than everything else that is
/// done for a fault. This one is seeded too, so that a guest which chooses
/// the pages cannot choose where they collide.
pub(crate) type PageMap<V> = IndexMap<Page, V, RandomState>;

/// The frame of a translation root, without the bits of a process-context
/// identifier.
pub(crate) fn frame(root: Pa) -> u64 {
    root.0 >> PAGE_SHIFT
}

/// The translation root in a frame.
pub(crate) fn root(frame: u64) -> Pa {
    Pa(frame << PAGE_SHIFT)
}

/// Whether an address lies in the half that belongs to the kernel.
pub(crate) fn is_kernel_half(va: Va) -> bool {
    va.0 >> 63 == 1
}
