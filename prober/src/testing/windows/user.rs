//! The user memory of a process: PEBs, process parameters, loader data, TEBs.

use vmi_core::Va;

use super::{
    Module, Process, Region,
    kernel::{allocate, link, pages, put, unicode_string, utf16_len},
};
use crate::testing::Guest;

const PEB: Va = Va(0x30_0000_0000);
const HEAP: Va = Va(0x1a0_0000_0000);
const TEBS: Va = Va(0x31_0000_0000);
const PEB32: Va = Va(0x30_0000);
const HEAP32: Va = Va(0x60_0000);
const PAGE: u64 = 0x1000;

/// Offsets of the 32-bit structures, which the kernel's symbols lack.
mod wide32 {
    pub(super) const PEB_LDR: u64 = 0x0c;
    pub(super) const PEB_PARAMETERS: u64 = 0x10;
    pub(super) const IMAGE_PATH: u64 = 0x38;
    pub(super) const COMMAND_LINE: u64 = 0x40;
    /// Of `_PEB_LDR_DATA`: the three list heads.
    pub(super) const HEADS: [u64; 3] = [0x0c, 0x14, 0x1c];
    /// Of `_LDR_DATA_TABLE_ENTRY`: the links of the three lists.
    pub(super) const LINKS: [u64; 3] = [0, 8, 0x10];
    pub(super) const BASE: u64 = 0x18;
    pub(super) const ENTRY_POINT: u64 = 0x1c;
    pub(super) const SIZE: u64 = 0x20;
    pub(super) const FULL_NAME: u64 = 0x24;
    pub(super) const BASE_NAME: u64 = 0x2c;
    pub(super) const ENTRY_LEN: u64 = 0xa8;
    pub(super) const PARAMETERS_LEN: u64 = 0x2a0;
    pub(super) const LDR_LEN: u64 = 0x30;
}

/// What the kernel's structures of the process point to.
pub(super) struct User {
    pub(super) peb: Va,
    pub(super) peb32: Option<Va>,
    pub(super) tebs: Vec<Va>,
    /// Regions of what was laid out.
    pub(super) regions: Vec<Region>,
    /// All pages that hold something.
    pub(super) pages: Vec<Va>,
}

/// Lays out a process's memory in its address space.
pub(super) fn lay_out(guest: &Guest, process: &Process) -> User {
    let mut heap = HEAP;
    let mut tebs = TEBS;
    guest.map(PEB);
    let parameters = parameters(guest, &mut heap, process);
    let loader = loader(guest, &mut heap, &process.modules);
    put(guest, PEB, "_PEB", "ProcessParameters", parameters.0);
    put(guest, PEB, "_PEB", "Ldr", loader.0);
    if let Some(image) = process.modules.first() {
        put(guest, PEB, "_PEB", "ImageBaseAddress", image.base.0);
    }
    let threads = process.threads.iter().map(|_| {
        let teb = allocate(guest, &mut tebs, 2 * PAGE);
        put(guest, teb, "_TEB", "ProcessEnvironmentBlock", PEB.0);
        tebs = Va(tebs.0.next_multiple_of(PAGE));
        teb
    });
    let threads: Vec<Va> = threads.collect();
    let mut ranges = vec![(PEB, PEB + PAGE), (HEAP, heap)];
    if !threads.is_empty() {
        ranges.push((TEBS, tebs));
    }
    let mut peb32 = None;
    if process.wow64 {
        let end = narrow(guest, process);
        ranges.extend([(PEB32, PEB32 + PAGE), (HEAP32, end)]);
        peb32 = Some(PEB32);
    }
    let regions = ranges.iter().map(|&(start, end)| {
        let count = pages(start, end).count() as u64;
        Region::private(start, count)
    });
    let regions = regions.collect();
    let mut pages: Vec<Va> = ranges
        .iter()
        .flat_map(|&(start, end)| pages(start, end))
        .collect();
    for module in &process.modules {
        guest.write(module.base, b"MZ");
        pages.push(module.base);
    }
    User {
        peb: PEB,
        peb32,
        tebs: threads,
        regions,
        pages,
    }
}

fn parameters(guest: &Guest, heap: &mut Va, process: &Process) -> Va {
    const NAME: &str = "_RTL_USER_PROCESS_PARAMETERS";
    let at = allocate(guest, heap, super::layout::size(NAME));
    for (field, text) in [
        ("ImagePathName", &process.image_path),
        ("CommandLine", &process.command_line),
    ] {
        // A heap of its own page for each: strings and structures do not share
        // pages by rule.
        new_page(heap);
        let buffer = string(guest, heap, text);
        let at = at + super::layout::field(NAME, field).1;
        unicode_string(guest, at, text, buffer);
    }
    new_page(heap);
    at
}

fn loader(guest: &Guest, heap: &mut Va, modules: &[Module]) -> Va {
    const LDR: &str = "_PEB_LDR_DATA";
    const ENTRY: &str = "_LDR_DATA_TABLE_ENTRY";
    let ldr = allocate(guest, heap, super::layout::size(LDR));
    let entries = modules.iter().map(|module| {
        new_page(heap);
        let at = allocate(guest, heap, super::layout::size(ENTRY));
        put(guest, at, ENTRY, "DllBase", module.base.0);
        put(guest, at, ENTRY, "EntryPoint", module.base.0 + PAGE);
        put(guest, at, ENTRY, "SizeOfImage", module.size.into());
        for (field, text) in [("BaseDllName", &module.name), ("FullDllName", &module.path)] {
            new_page(heap);
            let buffer = string(guest, heap, text);
            let at = at + super::layout::field(ENTRY, field).1;
            unicode_string(guest, at, text, buffer);
        }
        at
    });
    let entries: Vec<Va> = entries.collect();
    for (head, links) in [
        ("InLoadOrderModuleList", "InLoadOrderLinks"),
        ("InMemoryOrderModuleList", "InMemoryOrderLinks"),
        (
            "InInitializationOrderModuleList",
            "InInitializationOrderLinks",
        ),
    ] {
        let links = super::layout::field(ENTRY, links).1;
        let links: Vec<Va> = entries.iter().map(|entry| *entry + links).collect();
        link(guest, ldr + super::layout::field(LDR, head).1, &links);
    }
    ldr
}

/// The 32-bit structures of a 32-bit process. Returns where their heap ends.
fn narrow(guest: &Guest, process: &Process) -> Va {
    let mut heap = HEAP32;
    guest.map(PEB32);
    let parameters = allocate(guest, &mut heap, wide32::PARAMETERS_LEN);
    for (offset, text) in [
        (wide32::IMAGE_PATH, &process.image_path),
        (wide32::COMMAND_LINE, &process.command_line),
    ] {
        new_page(&mut heap);
        string32(guest, &mut heap, parameters + offset, text);
    }
    new_page(&mut heap);
    let ldr = allocate(guest, &mut heap, wide32::LDR_LEN);
    let entries = process.modules.iter().map(|module| {
        new_page(&mut heap);
        let at = allocate(guest, &mut heap, wide32::ENTRY_LEN);
        guest.write_u32(at + wide32::BASE, low(module.base));
        guest.write_u32(at + wide32::ENTRY_POINT, low(module.base + PAGE));
        guest.write_u32(at + wide32::SIZE, module.size);
        for (offset, text) in [
            (wide32::BASE_NAME, &module.name),
            (wide32::FULL_NAME, &module.path),
        ] {
            new_page(&mut heap);
            string32(guest, &mut heap, at + offset, text);
        }
        at
    });
    let entries: Vec<Va> = entries.collect();
    for (head, links) in wide32::HEADS.into_iter().zip(wide32::LINKS) {
        let ring = std::iter::once(ldr + head).chain(entries.iter().map(|entry| *entry + links));
        let ring: Vec<Va> = ring.collect();
        for (index, here) in ring.iter().enumerate() {
            let next = ring[(index + 1) % ring.len()];
            guest.write_u32(*here, low(next));
            guest.write_u32(next + 4, low(*here));
        }
    }
    guest.write_u32(PEB32 + wide32::PEB_LDR, low(ldr));
    guest.write_u32(PEB32 + wide32::PEB_PARAMETERS, low(parameters));
    heap
}

fn string(guest: &Guest, heap: &mut Va, text: &str) -> Va {
    let buffer = allocate(guest, heap, utf16_len(text) + 2);
    guest.write_utf16(buffer, text);
    buffer
}

fn string32(guest: &Guest, heap: &mut Va, at: Va, text: &str) {
    let buffer = string(guest, heap, text);
    let len = u16::try_from(utf16_len(text)).expect("a string of Windows is under 64 KiB");
    guest.write_u16(at, len);
    guest.write_u16(at + 2, len + 2);
    guest.write_u32(at + 4, low(buffer));
}

fn new_page(heap: &mut Va) {
    *heap = Va(heap.0.next_multiple_of(PAGE));
}

fn low(va: Va) -> u32 {
    u32::try_from(va.0).expect("a 32-bit process has its modules below 4 GiB")
}
