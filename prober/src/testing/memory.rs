//! The frames of the guest, and its page tables: they are built and walked here
//! for the set-up and for the pager. Readers walk them by vmi-arch-amd64.

use std::rc::Rc;

use vmi_core::{Gfn, Pa, Va};

use super::{
    MissingFrame,
    counts::Counters,
    frame::{Frame, Kind, PAGE_SIZE},
};

const PRESENT: u64 = 1;
const WRITE: u64 = 1 << 1;
const USER: u64 = 1 << 2;
const LARGE: u64 = 1 << 7;
/// One of the bits that the processor leaves to software: the pager refuses the page.
const UNBACKED: u64 = 1 << 9;
const FRAME: u64 = 0x000f_ffff_ffff_f000;

const ENTRIES: usize = 512;
/// The entries of a root from here on map the kernel half.
const KERNEL: usize = 256;
/// Leaves the lowest megabyte out, as a PC does. Frame 0 must not be used: it stands for none.
const FIRST_GFN: usize = 0x100;

const ROOT_LEVEL: u32 = 3;
const LARGE_LEVEL: u32 = 1;

/// What the pager did with one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Served {
    BroughtIn,
    WasIn,
    Refused,
}

/// Physical memory and the page tables in it. Roots and frames are frame numbers here.
pub(super) struct Memory {
    frames: Vec<Option<Rc<Frame>>>,
    spaces: Vec<Space>,
    counters: Rc<Counters>,
}

struct Space {
    root: u64,
    shares_kernel: bool,
}

/// The place of a page table entry.
#[derive(Clone, Copy)]
struct Slot {
    table: u64,
    index: usize,
}

/// The entries that lead to an address, the root's first; the last one maps it, or would.
struct Path {
    slots: Vec<Slot>,
    leaf: Slot,
    large: bool,
}

impl Memory {
    pub(super) fn new(counters: Rc<Counters>) -> Self {
        Self {
            frames: vec![None; FIRST_GFN],
            spaces: Vec::new(),
            counters,
        }
    }

    pub(super) fn max_gfn(&self) -> Gfn {
        Gfn(self.frames.len() as u64 - 1)
    }

    pub(super) fn frame(&self, gfn: Gfn) -> Option<&Rc<Frame>> {
        self.frames.get(usize::try_from(gfn.0).ok()?)?.as_ref()
    }

    /// Writes to a frame; `false` when there is none.
    pub(super) fn write_frame(&self, gfn: Gfn, offset: usize, bytes: &[u8]) -> bool {
        let frame = self.frame(gfn);
        frame.inspect(|frame| frame.write(offset, bytes)).is_some()
    }

    /// Frees the copies of frames that no mapped page refers to.
    pub(super) fn forget_snapshots(&mut self) {
        let unread = self.frames.iter_mut().flatten().filter_map(Rc::get_mut);
        unread.for_each(Frame::forget_snapshots);
    }

    pub(super) fn new_root(&mut self, shares_kernel: bool) -> u64 {
        let root = self.allocate(Kind::Root);
        if shares_kernel && let Some(model) = self.spaces.iter().find(|space| space.shares_kernel) {
            let model = model.root;
            for index in KERNEL..ENTRIES {
                let entry = self.entry(Slot {
                    table: model,
                    index,
                });
                self.set_entry(Slot { table: root, index }, entry);
            }
        }
        self.spaces.push(Space {
            root,
            shares_kernel,
        });
        root
    }

    pub(super) fn is_root(&self, root: u64) -> bool {
        self.frame(Gfn(root))
            .is_some_and(|frame| frame.kind() == Kind::Root)
    }

    /// The frame that holds the byte at `va`, resident or not.
    pub(super) fn frame_of(&self, root: u64, va: Va) -> Option<Gfn> {
        let path = self.walk(root, va)?;
        let gfn = frame_number(self.entry(path.leaf))?;
        let in_large = if path.large { index(va, 0) as u64 } else { 0 };
        Some(Gfn(gfn + in_large))
    }

    pub(super) fn is_resident(&self, root: u64, va: Va) -> bool {
        self.walk(root, va).is_some_and(|path| {
            let mut slots = path.slots.iter();
            slots.all(|&slot| self.entry(slot) & PRESENT != 0)
        })
    }

    /// Makes sure that a frame stands behind `va`, and leaves a page that has one as it is.
    pub(super) fn map(&mut self, root: u64, va: Va) -> Gfn {
        let leaf = self.build(root, va).leaf;
        let entry = self.entry(leaf);
        if frame_number(entry).is_none() {
            let frame = self.allocate(Kind::Data) << 12;
            // An entry that is only marked keeps its mark and stays absent.
            let flags = if entry == 0 { page_flags(va) } else { entry };
            self.set_entry(leaf, frame | flags);
        }
        self.frame_of(root, va).expect("it was just mapped")
    }

    /// Maps 2 MiB by one entry; `false` when smaller pages are mapped there.
    pub(super) fn map_large(&mut self, root: u64, va: Va) -> bool {
        let mut table = root;
        for level in (LARGE_LEVEL + 1..=ROOT_LEVEL).rev() {
            table = self.next_table(table, va, level);
        }
        let slot = Slot {
            table,
            index: index(va, LARGE_LEVEL),
        };
        let entry = self.entry(slot);
        if entry == 0 {
            self.frames
                .resize(self.frames.len().next_multiple_of(ENTRIES), None);
            let first = self.allocate(Kind::Data);
            for _ in 1..ENTRIES {
                self.allocate(Kind::Data);
            }
            self.set_entry(slot, first << 12 | page_flags(va) | LARGE);
        }
        entry == 0 || entry & LARGE != 0
    }

    /// Maps `va` to a frame, which need not exist.
    pub(super) fn map_frame(&mut self, root: u64, va: Va, gfn: Gfn) {
        let path = self.build(root, va);
        assert!(!path.large, "a large page is mapped at {va}");
        self.set_entry(path.leaf, (gfn.0 << 12) & FRAME | page_flags(va));
    }

    pub(super) fn unmap(&mut self, root: u64, va: Va) {
        if let Some(path) = self.walk(root, va) {
            self.set_entry(path.leaf, 0);
        }
    }

    pub(super) fn page_out(&mut self, root: u64, va: Va) {
        self.map(root, va);
        let leaf = self.build(root, va).leaf;
        self.change(leaf, |entry| entry & !PRESENT);
    }

    pub(super) fn page_out_table(&mut self, root: u64, va: Va) {
        let path = self.build(root, va);
        self.change(path.slots[2], |entry| entry & !PRESENT);
    }

    pub(super) fn page_out_all(&mut self) {
        for index in 0..self.spaces.len() {
            self.page_out_below(self.spaces[index].root, ROOT_LEVEL);
        }
    }

    fn page_out_below(&mut self, table: u64, level: u32) {
        for index in 0..ENTRIES {
            let slot = Slot { table, index };
            let entry = self.entry(slot);
            let Some(next) = frame_number(entry) else {
                continue;
            };
            if level == 0 || level == LARGE_LEVEL && entry & LARGE != 0 {
                self.set_entry(slot, entry & !PRESENT);
            } else {
                self.page_out_below(next, level - 1);
            }
        }
    }

    pub(super) fn unbacked(&mut self, root: u64, va: Va) {
        let leaf = self.build(root, va).leaf;
        self.change(leaf, |entry| (entry | page_flags(va) | UNBACKED) & !PRESENT);
    }

    pub(super) fn page_in(&mut self, root: u64, va: Va) {
        self.map(root, va);
        let leaf = self.build(root, va).leaf;
        self.change(leaf, |entry| entry & !UNBACKED);
        self.serve(root, va);
    }

    /// What a page fault at `va` does: brings the page in, and the tables on the way to it.
    pub(super) fn serve(&mut self, root: u64, va: Va) -> Served {
        if !is_canonical(va) || !self.is_root(root) {
            return Served::Refused;
        }
        let Some(path) = self.walk(root, va) else {
            return Served::Refused;
        };
        let leaf = self.entry(path.leaf);
        if frame_number(leaf).is_none() || leaf & UNBACKED != 0 {
            return Served::Refused;
        }
        if self.is_resident(root, va) {
            return Served::WasIn;
        }
        for slot in path.slots {
            self.change(slot, |entry| entry | PRESENT);
        }
        Served::BroughtIn
    }

    fn allocate(&mut self, kind: Kind) -> u64 {
        let frame = Frame::new(kind, Rc::clone(&self.counters));
        self.frames.push(Some(Rc::new(frame)));
        self.max_gfn().0
    }

    /// Walks the page tables under a root to the entry that maps `va`.
    fn walk(&self, root: u64, va: Va) -> Option<Path> {
        let mut slots = Vec::with_capacity(4);
        let mut table = root;
        for level in (0..=ROOT_LEVEL).rev() {
            let slot = Slot {
                table,
                index: index(va, level),
            };
            slots.push(slot);
            let entry = self.entry(slot);
            let large = level == LARGE_LEVEL && entry & LARGE != 0;
            if large || level == 0 {
                return Some(Path {
                    slots,
                    leaf: slot,
                    large,
                });
            }
            table = frame_number(entry)?;
        }
        None
    }

    /// The path to `va`, with the tables that it lacks.
    fn build(&mut self, root: u64, va: Va) -> Path {
        loop {
            if let Some(path) = self.walk(root, va) {
                return path;
            }
            let mut table = root;
            for level in (1..=ROOT_LEVEL).rev() {
                table = self.next_table(table, va, level);
            }
        }
    }

    /// The table below `table`, on the way to `va`; it is made if it is missing.
    fn next_table(&mut self, table: u64, va: Va, level: u32) -> u64 {
        let slot = Slot {
            table,
            index: index(va, level),
        };
        if let Some(next) = frame_number(self.entry(slot)) {
            return next;
        }
        let next = self.allocate(Kind::Table);
        let entry = next << 12 | page_flags(va);
        self.set_entry(slot, entry);
        if level == ROOT_LEVEL && slot.index >= KERNEL {
            self.share_kernel_entry(slot, entry);
        }
        next
    }

    fn share_kernel_entry(&self, slot: Slot, entry: u64) {
        let shares = |space: &&Space| space.shares_kernel;
        if self
            .spaces
            .iter()
            .filter(shares)
            .any(|space| space.root == slot.table)
        {
            for space in self.spaces.iter().filter(shares) {
                self.set_entry(
                    Slot {
                        table: space.root,
                        ..slot
                    },
                    entry,
                );
            }
        }
    }

    fn entry(&self, slot: Slot) -> u64 {
        let mut entry = [0; 8];
        self.table(slot).read(slot.index * 8, &mut entry);
        u64::from_le_bytes(entry)
    }

    fn set_entry(&self, slot: Slot, entry: u64) {
        self.table(slot).write(slot.index * 8, &entry.to_le_bytes());
    }

    fn change(&self, slot: Slot, change: impl FnOnce(u64) -> u64) {
        self.set_entry(slot, change(self.entry(slot)));
    }

    fn table(&self, slot: Slot) -> &Frame {
        let frame = self.frame(Gfn(slot.table));
        // Only a test that writes to page tables makes such an entry.
        frame.unwrap_or_else(|| {
            panic!(
                "a page table leads to another: {}",
                MissingFrame(Gfn(slot.table))
            )
        })
    }
}

/// The frame number of a root, without the address space identifier (PCID).
pub(super) fn root_frame(root: Pa) -> u64 {
    (root.0 & FRAME) >> 12
}

/// Whether bits 47 to 63 are all equal.
pub(super) fn is_canonical(va: Va) -> bool {
    matches!(va.0 >> 47, 0 | 0x1_ffff)
}

pub(super) fn offset(va: Va) -> usize {
    index_of(va.0 % PAGE_SIZE as u64)
}

fn index(va: Va, level: u32) -> usize {
    index_of((va.0 >> (12 + 9 * level)) % ENTRIES as u64)
}

fn index_of(small: u64) -> usize {
    usize::try_from(small).expect("it is below the size of a page")
}

fn page_flags(va: Va) -> u64 {
    if index(va, ROOT_LEVEL) < KERNEL {
        PRESENT | WRITE | USER
    } else {
        PRESENT | WRITE
    }
}

fn frame_number(entry: u64) -> Option<u64> {
    Some((entry & FRAME) >> 12).filter(|&gfn| gfn != 0)
}
