use vmi_core::{MemoryAccess, Va};

use super::RegionKind;

/// A region of a process's memory: what a VAD describes.
///
/// ```
/// use prober::testing::windows::{Region, RegionKind};
/// use vmi_core::Va;
///
/// let region = Region::data(Va(0x30_0000), 2, r"\Windows\win.ini");
/// assert!(matches!(region.kind, RegionKind::Data(_)));
/// assert_eq!(region.end(), Va(0x30_2000));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// The first address, at the start of a page.
    pub start: Va,
    /// The number of pages, at least 1.
    pub pages: u64,
    /// The access that the memory was allocated with: one that Windows has
    /// (`R`, `X`, `RX`, `RW`, `RWX`).
    pub protection: MemoryAccess,
    /// What backs it.
    pub kind: RegionKind,
}

impl Region {
    /// Private memory that can be read and written.
    #[must_use]
    pub fn private(start: Va, pages: u64) -> Self {
        Self {
            start,
            pages,
            protection: MemoryAccess::RW,
            kind: RegionKind::Private,
        }
    }

    /// A file of data, mapped to be read.
    #[must_use]
    pub fn data(start: Va, pages: u64, path: &str) -> Self {
        Self {
            protection: MemoryAccess::R,
            kind: RegionKind::Data(path.to_owned()),
            ..Self::private(start, pages)
        }
    }

    /// The address behind the last page.
    #[must_use]
    pub fn end(&self) -> Va {
        self.start + self.pages * 0x1000
    }
}
