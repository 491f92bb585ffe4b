//! The guest's RAM, which is a file that the emulator maps too.

use std::{
    fs::File,
    ops::Deref,
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};

use memmap2::{MmapOptions, MmapRaw};
use vmi_arch_amd64::Amd64;
use vmi_core::{Architecture, Gfn, Pa, VmiDriver, VmiError, VmiInfo, VmiMappedPage, VmiRead};
use zerocopy::IntoBytes;

/// How many words a page has.
const PAGE_WORDS: usize = 512;

/// The RAM. Below 3 GiB, the offset in the file is the physical address.
pub(crate) struct Ram {
    map: MmapRaw,
}

impl Ram {
    pub(crate) fn map(path: &Path) -> std::io::Result<Self> {
        let file = File::options().read(true).write(true).open(path)?;
        let map = MmapOptions::new().map_raw(&file)?;
        Ok(Self { map })
    }

    /// The words of the RAM. The guest writes them while we look: hence atomics, and no `&[u8]`.
    fn words(&self) -> &[AtomicU64] {
        let length = self.map.len() / size_of::<AtomicU64>();
        // SAFETY: the mapping is readable and writable, page-aligned, `length` words long, and lives
        // as long as `self`. Nobody has a reference to it other than as atomics, and what the
        // emulator does in its own process are plain machine accesses, which may race with atomics.
        unsafe { std::slice::from_raw_parts(self.map.as_mut_ptr().cast(), length) }
    }

    fn word(&self, address: Pa) -> Result<&AtomicU64, VmiError> {
        let index = usize::try_from(address.0 / 8).map_err(|_| VmiError::OutOfBounds)?;
        self.words().get(index).ok_or(VmiError::OutOfBounds)
    }

    /// Reads the aligned word that holds `address`.
    pub(crate) fn load(&self, address: Pa) -> Result<u64, VmiError> {
        Ok(self.word(address)?.load(Ordering::Acquire))
    }

    /// Writes the aligned word that holds `address`.
    pub(crate) fn store(&self, address: Pa, value: u64) -> Result<(), VmiError> {
        self.word(address)?.store(value, Ordering::Release);
        Ok(())
    }
}

impl VmiDriver for Ram {
    type Architecture = Amd64;

    fn info(&self) -> Result<VmiInfo, VmiError> {
        Ok(VmiInfo {
            page_size: Amd64::PAGE_SIZE,
            page_shift: Amd64::PAGE_SHIFT,
            max_gfn: Gfn(self.words().len() as u64 / PAGE_WORDS as u64 - 1),
            vcpus: 1,
        })
    }
}

impl VmiRead for Ram {
    /// Copies a page.
    fn read_page(&self, gfn: Gfn) -> Result<VmiMappedPage, VmiError> {
        let first = usize::try_from(gfn.0)
            .ok()
            .and_then(|gfn| gfn.checked_mul(PAGE_WORDS))
            .ok_or(VmiError::OutOfBounds)?;
        let words = first
            .checked_add(PAGE_WORDS)
            .and_then(|end| self.words().get(first..end))
            .ok_or(VmiError::OutOfBounds)?;
        let copy = words.iter().map(|word| word.load(Ordering::Relaxed));
        Ok(VmiMappedPage::new(PageCopy(copy.collect())))
    }
}

/// A copy of a page. Made of words, for vmi-core reads page tables in place.
struct PageCopy(Vec<u64>);

impl Deref for PageCopy {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}
