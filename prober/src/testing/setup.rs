//! What a test puts in the memory of a guest.

use std::ops::Range;

use vmi_core::Va;
use zerocopy::{Immutable, IntoBytes};

use super::{
    Guest, MissingFrame,
    frame::PAGE_SIZE,
    memory::{Memory, offset},
};

/// Content. Pages that are missing are mapped; pages that are paged out or unbacked stay so.
impl Guest {
    /// Writes bytes from `va` on, over as many pages as they need.
    ///
    /// ```
    /// use prober::testing::Guest;
    /// use vmi_core::Va;
    ///
    /// let guest = Guest::new();
    /// guest.page_out(Va(0x1000));
    /// guest.write(Va(0x1ffc), b"on two pages");
    /// assert!(!guest.is_resident(Va(0x1000)));
    /// assert!(guest.is_resident(Va(0x2000)));
    /// assert_eq!(guest.content(Va(0x1ffc), 12), b"on two pages");
    /// ```
    ///
    /// # Panics
    ///
    /// When the bytes do not fit below the top of the address space, or the page has a frame that does not exist.
    #[track_caller]
    pub fn write(&self, va: Va, bytes: &[u8]) {
        for (va, range) in pages(va, bytes.len()) {
            let gfn = self.at(va, Memory::map);
            let memory = self.memory().borrow();
            let written = memory.write_frame(gfn, offset(va), &bytes[range]);
            assert!(written, "{}", MissingFrame(gfn));
        }
    }

    /// Writes one byte.
    #[track_caller]
    pub fn write_u8(&self, va: Va, value: u8) {
        self.write(va, &[value]);
    }

    /// Writes a little-endian number of 2 bytes.
    #[track_caller]
    pub fn write_u16(&self, va: Va, value: u16) {
        self.write(va, &value.to_le_bytes());
    }

    /// Writes a little-endian number of 4 bytes.
    #[track_caller]
    pub fn write_u32(&self, va: Va, value: u32) {
        self.write(va, &value.to_le_bytes());
    }

    /// Writes a little-endian number of 8 bytes.
    #[track_caller]
    pub fn write_u64(&self, va: Va, value: u64) {
        self.write(va, &value.to_le_bytes());
    }

    /// Writes a pointer of 8 bytes.
    #[track_caller]
    pub fn write_va(&self, va: Va, value: Va) {
        self.write_u64(va, value.0);
    }

    /// Writes a value byte by byte as it is in our own memory.
    #[track_caller]
    pub fn write_struct<T: IntoBytes + Immutable>(&self, va: Va, value: &T) {
        self.write(va, value.as_bytes());
    }

    /// Writes a string and the zero byte that ends it.
    #[track_caller]
    pub fn write_str(&self, va: Va, text: &str) {
        self.write(va, &[text.as_bytes(), &[0]].concat());
    }

    /// Writes a string in UTF-16, little-endian, and the zero of 2 bytes that ends it.
    #[track_caller]
    pub fn write_utf16(&self, va: Va, text: &str) {
        let units = text.encode_utf16().chain([0]);
        self.write(va, &units.flat_map(u16::to_le_bytes).collect::<Vec<_>>());
    }

    /// The `len` bytes from `va` on, of pages that are not resident too. It is not counted as a read.
    ///
    /// # Panics
    ///
    /// When a page has no frame.
    #[must_use]
    #[track_caller]
    pub fn content(&self, va: Va, len: usize) -> Vec<u8> {
        let mut content = vec![0; len];
        for (va, range) in pages(va, len) {
            let gfn = self.frame(va);
            let memory = self.memory().borrow();
            let frame = gfn.and_then(|gfn| memory.frame(gfn));
            assert!(frame.is_some(), "no frame holds {va}");
            frame.inspect(|frame| frame.read(offset(va), &mut content[range]));
        }
        content
    }
}

/// Where each page's share of the `len` bytes at `va` starts, and which of the bytes it is.
fn pages(va: Va, len: usize) -> impl Iterator<Item = (Va, Range<usize>)> {
    let first = PAGE_SIZE - offset(va);
    let starts = (first..len).step_by(PAGE_SIZE);
    std::iter::once(0)
        .chain(starts)
        .filter(move |&start| start < len)
        .map(move |start| {
            let here = va.0.checked_add(start as u64);
            let here = Va(here.expect("the bytes fit below the top of the address space"));
            let end = len.min(start + PAGE_SIZE - offset(here));
            (here, start..end)
        })
}
