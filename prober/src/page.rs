use foldhash::fast::RandomState;
use indexmap::IndexMap;
use vmi_core::{AddressContext, Va};

/// Size of a page in bytes.
///
/// Faults are injected and served by pages of this size, whatever larger pages
/// the guest maps.
pub(crate) const PAGE_SIZE: u64 = 4096;

/// Number of address bits within a page.
pub(crate) const PAGE_SHIFT: u32 = PAGE_SIZE.trailing_zeros();

/// What two faults have in common when one page-in serves both.
///
/// A page of the kernel half is seen under every translation root (under two
/// of each process with KPTI), so there the page number alone counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Page {
    /// The virtual address in pages.
    number: u64,

    /// The frame of the translation root; 0 in the kernel half.
    root: u64,
}

impl Page {
    /// The number of the page, which is its address in pages.
    pub(crate) fn number(self) -> u64 {
        self.number
    }
}

impl From<&AddressContext> for Page {
    fn from(fault: &AddressContext) -> Self {
        Self {
            number: fault.va.0 >> PAGE_SHIFT,
            root: if is_kernel_half(fault.va) {
                0
            } else {
                fault.root.0 >> PAGE_SHIFT
            },
        }
    }
}

/// Pages, and something about each.
///
/// Not hashed as `std` would: its hasher costs more than the rest of what is
/// done about a fault. This one is seeded too, so that a guest which chooses
/// the pages cannot choose where they collide.
pub(crate) type PageMap<V> = IndexMap<Page, V, RandomState>;

/// Whether an address lies in the half that all translation roots share.
pub(crate) fn is_kernel_half(va: Va) -> bool {
    va.0 >> 63 == 1
}
