//! The kernel's memory while it is laid out.

use vmi_core::Va;

use super::{layout, symbols::address};
use crate::testing::Guest;

const PAGE: u64 = 0x1000;
const NONPAGED_POOL: Va = Va(0xffff_8a00_0000_0000);
const PAGED_POOL: Va = Va(0xffff_b700_0000_0000);

/// What `ObHeaderCookie` holds.
const COOKIE: u8 = 0x5a;
/// In an object header's `InfoMask`: a name stands before the header.
const NAME_INFO: u8 = 2;

/// The object types of the guest, in the order of their indices from
/// `FIRST_TYPE` on.
const TYPES: [&str; 6] = ["Type", "Process", "Thread", "File", "Event", "Mutant"];
const FIRST_TYPE: u8 = 2;

pub(super) struct Kernel {
    pub(super) guest: Guest,
    nonpaged: Va,
    paged: Va,
}

impl Kernel {
    pub(super) fn new(guest: Guest) -> Self {
        let (nonpaged, paged) = (NONPAGED_POOL, PAGED_POOL);
        let mut kernel = Self {
            guest,
            nonpaged,
            paged,
        };
        kernel.guest.write_u8(address("ObHeaderCookie"), COOKIE);
        let offsets = address("ObpInfoMaskToOffset");
        let name_info = u8::try_from(layout::size("_OBJECT_HEADER_NAME_INFO"));
        let name_info = name_info.expect("it is small");
        kernel
            .guest
            .write_u8(offsets + u64::from(NAME_INFO), name_info);
        for (index, name) in (u64::from(FIRST_TYPE)..).zip(TYPES) {
            let object_type = kernel.nonpaged("_OBJECT_TYPE");
            kernel.string(object_type, "_OBJECT_TYPE", "Name", name);
            kernel
                .guest
                .write_va(address("ObTypeIndexTable") + index * 8, object_type);
        }
        kernel
    }

    /// The pages of the paged pool that hold something.
    pub(super) fn paged_pool(&self) -> impl Iterator<Item = Va> + use<> {
        pages(PAGED_POOL, self.paged)
    }

    /// Makes the next allocation of paged pool start a page.
    pub(super) fn new_paged_page(&mut self) {
        self.paged = Va(self.paged.0.next_multiple_of(PAGE));
    }

    pub(super) fn nonpaged(&mut self, structure: &str) -> Va {
        let size = layout::size(structure);
        allocate(&self.guest, &mut self.nonpaged, size)
    }

    pub(super) fn paged(&mut self, size: u64) -> Va {
        allocate(&self.guest, &mut self.paged, size)
    }

    /// An object with its header, in the nonpaged pool. The name goes to the
    /// paged pool.
    pub(super) fn object(&mut self, structure: &str, type_name: &str, name: Option<&str>) -> Va {
        let (header, info) = (
            layout::field("_OBJECT_HEADER", "Body").1,
            layout::size("_OBJECT_HEADER_NAME_INFO"),
        );
        let size = info + header + layout::size(structure);
        let start = allocate(&self.guest, &mut self.nonpaged, size);
        let header_at = start + info;
        let index = TYPES.iter().position(|name| *name == type_name);
        let index = index.expect("the guest has every type that the builder uses");
        let index = FIRST_TYPE + u8::try_from(index).expect("there are few types");
        // Windows hides the index from exploits: by the cookie and a byte of the
        // header's address.
        let hidden = index ^ COOKIE ^ header_at.0.to_le_bytes()[1];
        self.put(header_at, "_OBJECT_HEADER", "TypeIndex", hidden.into());
        if let Some(name) = name {
            self.put(header_at, "_OBJECT_HEADER", "InfoMask", NAME_INFO.into());
            self.string(start, "_OBJECT_HEADER_NAME_INFO", "Name", name);
        }
        header_at + header
    }

    /// Writes a field.
    pub(super) fn put(&self, at: Va, structure: &str, field: &str, value: u64) {
        put(&self.guest, at, structure, field, value);
    }

    /// Writes a `_UNICODE_STRING` whose characters are in the paged pool.
    pub(super) fn string(&mut self, at: Va, structure: &str, field: &str, text: &str) {
        let buffer = self.paged(utf16_len(text) + 2);
        self.guest.write_utf16(buffer, text);
        let at = at + layout::field(structure, field).1;
        unicode_string(&self.guest, at, text, buffer);
    }

    /// Writes a `_UNICODE_STRING` whose characters are in the nonpaged pool.
    pub(super) fn nonpaged_string(&mut self, at: Va, structure: &str, field: &str, text: &str) {
        let buffer = allocate(&self.guest, &mut self.nonpaged, utf16_len(text) + 2);
        self.guest.write_utf16(buffer, text);
        let at = at + layout::field(structure, field).1;
        unicode_string(&self.guest, at, text, buffer);
    }
}

/// Writes a field of a structure that the table describes.
pub(super) fn put(guest: &Guest, at: Va, structure: &str, field: &str, value: u64) {
    let (_, offset, size, bits) = layout::field(structure, field);
    let (at, size) = (at + offset, usize::try_from(size).expect("it is small"));
    let mut bytes = [0; 8];
    if let Some((first, len)) = bits {
        bytes[..size].copy_from_slice(&guest.content(at, size));
        let mask = ((1 << len) - 1) << first;
        let others = u64::from_le_bytes(bytes) & !mask;
        bytes = (others | value << first & mask).to_le_bytes();
    } else {
        bytes = value.to_le_bytes();
    }
    guest.write(at, &bytes[..size]);
}

/// Writes a `_UNICODE_STRING` of 64 bits.
pub(super) fn unicode_string(guest: &Guest, at: Va, text: &str, buffer: Va) {
    let len = u16::try_from(utf16_len(text)).expect("a string of Windows is under 64 KiB");
    guest.write_u16(at, len);
    guest.write_u16(at + 2, len + 2);
    guest.write_va(at + 8, buffer);
}

/// The length in bytes, without the end.
pub(super) fn utf16_len(text: &str) -> u64 {
    2 * text.encode_utf16().count() as u64
}

/// Links a list of 64 bits: its head and its entries, in this order.
pub(super) fn link(guest: &Guest, head: Va, entries: &[Va]) {
    let ring: Vec<Va> = std::iter::once(head)
        .chain(entries.iter().copied())
        .collect();
    for (index, here) in ring.iter().enumerate() {
        let next = ring[(index + 1) % ring.len()];
        guest.write_va(*here, next);
        guest.write_va(next + 8, *here);
    }
}

/// Takes memory that no page boundary cuts where it fits into a page.
pub(super) fn allocate(guest: &Guest, next: &mut Va, size: u64) -> Va {
    let left = PAGE - next.0 % PAGE;
    if size > left {
        *next += left;
    }
    let at = *next;
    *next = Va((at.0 + size).next_multiple_of(16));
    for page in pages(at, at + size) {
        guest.map(page);
    }
    at
}

/// The pages of a range of addresses.
pub(super) fn pages(start: Va, end: Va) -> impl Iterator<Item = Va> + use<> {
    (start.0 / PAGE..end.0.div_ceil(PAGE)).map(|page| Va(page * PAGE))
}
