//! One frame of guest memory, which counts its readers.

use std::{
    array,
    cell::{Cell, OnceCell, RefCell},
    ops::Deref,
    rc::Rc,
};

use super::counts::Counters;

pub(super) const PAGE_SIZE: usize = 4096;

/// Room for 2^24 - 1 copies of one frame.
const ROWS: usize = 24;

/// The content of a frame. The alignment lets vmi-arch-amd64 see a page table in it.
#[derive(Clone)]
#[repr(C, align(4096))]
pub(super) struct Bytes([u8; PAGE_SIZE]);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Data,
    Table,
    Root,
}

/// A physical frame.
///
/// vmi-core keeps mapped pages in a cache and hands out `&[u8]` into them, which safe code may hold while the
/// guest changes. So nobody borrows from `bytes`: a reader gets the newest of the `snapshots`, and a write only
/// makes the next look take another. Snapshots stay where they are until no page refers to the frame.
pub(super) struct Frame {
    kind: Kind,
    bytes: RefCell<Box<Bytes>>,
    /// The newest snapshot is what `bytes` holds.
    fresh: Cell<bool>,
    snapshots: Snapshots,
    counters: Rc<Counters>,
}

impl Frame {
    pub(super) fn new(kind: Kind, counters: Rc<Counters>) -> Self {
        Self {
            kind,
            bytes: RefCell::new(Box::new(Bytes([0; PAGE_SIZE]))),
            fresh: Cell::new(false),
            snapshots: Snapshots::new(),
            counters,
        }
    }

    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    pub(super) fn write(&self, offset: usize, bytes: &[u8]) {
        self.fresh.set(false);
        self.bytes.borrow_mut().0[offset..][..bytes.len()].copy_from_slice(bytes);
    }

    pub(super) fn read(&self, offset: usize, bytes: &mut [u8]) {
        bytes.copy_from_slice(&self.bytes.borrow().0[offset..][..bytes.len()]);
    }

    /// Frees the copies that were made for readers: `&mut` proves that there are none.
    pub(super) fn forget_snapshots(&mut self) {
        let freed = self.snapshots.len.get();
        if freed > 0 {
            self.fresh.set(false);
            self.snapshots = Snapshots::new();
            let kept = &self.counters.snapshots;
            kept.set(kept.get() - freed);
        }
    }

    fn look(&self) -> &[u8] {
        if !self.fresh.get() {
            self.snapshots.push(self.bytes.borrow().clone());
            self.fresh.set(true);
            let kept = &self.counters.snapshots;
            kept.set(kept.get() + 1);
        }
        &self.snapshots.newest().0
    }
}

/// A frame as vmi-core maps it: each look shows what the frame holds by then.
pub(super) struct LivePage(pub(super) Rc<Frame>);

impl Deref for LivePage {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.0.counters.add(|counts| match self.0.kind {
            Kind::Data => counts.reads += 1,
            Kind::Root => counts.walks += 1,
            Kind::Table => {}
        });
        self.0.look()
    }
}

/// A list that grows behind a shared reference and moves nothing: row `n` has 2^n places.
struct Snapshots {
    rows: [OnceCell<Row>; ROWS],
    len: Cell<usize>,
}

type Row = Box<[OnceCell<Box<Bytes>>]>;

impl Snapshots {
    fn new() -> Self {
        Self {
            rows: array::from_fn(|_| OnceCell::new()),
            len: Cell::new(0),
        }
    }

    /// The place of the snapshot that makes the list `len` long.
    fn place(&self, len: usize) -> &OnceCell<Box<Bytes>> {
        let row = len.ilog2() as usize;
        let cells = self.rows[row].get_or_init(|| (0..1 << row).map(|_| OnceCell::new()).collect());
        &cells[len - (1 << row)]
    }

    fn push(&self, bytes: Box<Bytes>) {
        let len = self.len.get() + 1;
        self.place(len).get_or_init(|| bytes);
        self.len.set(len);
    }

    fn newest(&self) -> &Bytes {
        self.place(self.len.get())
            .get()
            .expect("`push` filled this place")
    }
}
