use std::{cell::RefCell, fmt, rc::Rc};

use vmi_arch_amd64::Amd64;
use vmi_core::{Architecture as _, Gfn, Pa, Va, os::VmiOs};

use super::{
    Counts, GuestDriver, Vm,
    counts::Counters,
    losses::Losses,
    memory::{Memory, is_canonical, root_frame},
};

/// An amd64 guest in memory, seen from one of its address spaces.
///
/// It is a handle: clones share the guest and the address space, and [`new_space`](Self::new_space) gives a handle of
/// the same guest with another translation root.
///
/// Functions that take an address act on the 4 KiB page that holds it, or on the 2 MiB page where
/// [`map_large`](Self::map_large) made one. The order of the set-up does not matter: a page that is paged out
/// or refused stays so when it is written to, and its content survives.
///
/// A page is in one of these states:
///
/// | state | a read | the pager | how to get there |
/// |---|---|---|---|
/// | resident | succeeds | has nothing to do | `write`, `map`, `page_in` |
/// | paged out | faults | brings it in | `page_out` |
/// | unbacked | faults | refuses it | `unbacked`, `unmap`, or nothing was ever done |
/// | without a frame | [`MissingFrame`](super::MissingFrame) | has nothing to do | `map_frame` |
///
/// # Panics
///
/// The functions that change a page panic on addresses that are not canonical (bits 47 to 63 not all equal), and when
/// the handle's root is not one of the guest's.
#[derive(Clone)]
pub struct Guest {
    shared: Rc<Shared>,
    root: Pa,
}

struct Shared {
    memory: RefCell<Memory>,
    counters: Rc<Counters>,
    losses: Losses,
}

impl Guest {
    /// A guest with one empty address space.
    #[must_use]
    pub fn new() -> Self {
        let counters = Rc::<Counters>::default();
        let mut memory = Memory::new(Rc::clone(&counters));
        let root = memory.new_root(true);
        Self {
            shared: Rc::new(Shared {
                memory: RefCell::new(memory),
                counters,
                losses: Losses::default(),
            }),
            root: Amd64::pa_from_gfn(Gfn(root)),
        }
    }

    /// The translation root of the address space: what its CR3 holds.
    #[must_use]
    pub fn root(&self) -> Pa {
        self.root
    }

    /// A further address space. Its user half is empty; the kernel half (bit 63 set) is the one that all
    /// spaces share, whatever is mapped there earlier or later.
    ///
    /// ```
    /// use prober::testing::Guest;
    /// use vmi_core::Va;
    ///
    /// let (first, kernel) = (Guest::new(), Va(0xffff_8000_0000_0000));
    /// let second = first.new_space();
    /// first.write_u8(kernel, 1);
    /// first.write_u8(Va(0x1000), 1);
    /// assert!(second.is_resident(kernel));
    /// assert!(!second.is_resident(Va(0x1000)));
    /// ```
    #[must_use]
    pub fn new_space(&self) -> Self {
        self.add_space(true)
    }

    /// A further address space whose kernel half is its own, and empty: what a kernel with page table isolation (KPTI)
    /// gives to user mode. [`alias`](Self::alias) fills it.
    #[must_use]
    pub fn new_space_without_kernel(&self) -> Self {
        self.add_space(false)
    }

    fn add_space(&self, shares_kernel: bool) -> Self {
        let root = self.memory().borrow_mut().new_root(shares_kernel);
        self.space(Amd64::pa_from_gfn(Gfn(root)))
    }

    /// The handle of the address space with the given root.
    #[must_use]
    pub fn space(&self, root: Pa) -> Self {
        Self {
            shared: Rc::clone(&self.shared),
            root,
        }
    }

    /// Maps a page, filled with zeros. A page that has a frame already is left as it is.
    #[track_caller]
    pub fn map(&self, va: Va) {
        self.at(va, Memory::map);
    }

    /// Maps the 2 MiB that hold `va` by one large page, filled with zeros. A large page that is there is left as it is.
    ///
    /// # Panics
    ///
    /// When small pages are or were mapped in those 2 MiB.
    #[track_caller]
    pub fn map_large(&self, va: Va) {
        let mapped = self.at(va, Memory::map_large);
        assert!(mapped, "small pages are mapped around {va}");
    }

    /// Maps a page to a frame, instead of what was mapped there. The frame need not exist: reading the page is then a
    /// driver error, not a page fault. Choose a number well above those that the guest uses, like `Gfn(0xf_ffff)`.
    ///
    /// # Panics
    ///
    /// When a large page is mapped there, and for frames that an entry cannot hold: `Gfn(0)`, which stands for none, and
    /// those of more than 40 bits.
    #[track_caller]
    pub fn map_frame(&self, va: Va, gfn: Gfn) {
        assert_ne!(gfn, Gfn(0), "frame 0 stands for no frame");
        assert!(gfn.0 >> 40 == 0, "frame {gfn} has more than 40 bits");
        self.at(va, |memory, root, va| memory.map_frame(root, va, gfn));
    }

    /// Maps the frame of `va` a second time, at `other_va` in the address space `other` of the same guest.
    /// The content is the same from then on; each of the two mappings is paged in and out by itself.
    ///
    /// # Panics
    ///
    /// When the other space is one of another guest, or `other_va` is in a large page.
    #[track_caller]
    pub fn alias(&self, va: Va, other: &Self, other_va: Va) {
        assert!(
            Rc::ptr_eq(&self.shared, &other.shared),
            "two different guests"
        );
        let gfn = self.at(va, Memory::map);
        other.map_frame(other_va, gfn);
    }

    /// The frame that holds the byte at `va`, resident or not. Its content is at `Pa(gfn * 4096)`.
    #[must_use]
    #[track_caller]
    pub fn frame(&self, va: Va) -> Option<Gfn> {
        self.at(va, |memory, root, va| memory.frame_of(root, va))
    }

    /// Pages the page out: the present bit of its page table entry is cleared, its content is kept, and a page-in
    /// brings it back. A page that was never mapped becomes one of zeros.
    #[track_caller]
    pub fn page_out(&self, va: Va) {
        self.at(va, Memory::page_out);
    }

    /// Pages out everything that is mapped, in all address spaces. Page tables stay.
    pub fn page_out_all(&self) {
        self.memory().borrow_mut().page_out_all();
    }

    /// Pages out the page table of the 2 MiB that hold `va`, by its entry in the page directory. A page-in of any
    /// page there brings the table back, and with it all pages that were resident.
    #[track_caller]
    pub fn page_out_table(&self, va: Va) {
        self.at(va, Memory::page_out_table);
    }

    /// Makes the page resident, whatever it was before. To have page faults served, use the guest as a pager.
    #[track_caller]
    pub fn page_in(&self, va: Va) {
        self.at(va, Memory::page_in);
    }

    /// Pages the page out for good: the pager refuses it. Its content is kept for a later [`page_in`](Self::page_in).
    #[track_caller]
    pub fn unbacked(&self, va: Va) {
        self.at(va, Memory::unbacked);
    }

    /// Removes the page, as if nothing had been mapped there.
    #[track_caller]
    pub fn unmap(&self, va: Va) {
        self.at(va, Memory::unmap);
    }

    /// Whether a read of `va` would find the page.
    #[must_use]
    #[track_caller]
    pub fn is_resident(&self, va: Va) -> bool {
        self.at(va, |memory, root, va| memory.is_resident(root, va))
    }

    /// Loses every `n`-th page-in request, as a real guest may: the page is neither brought in nor refused.
    /// 0, the default, loses none; 1 loses all.
    pub fn drop_every(&self, n: u64) {
        self.shared.losses.start(n);
    }

    /// What the guest was asked for.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counters().counts.get()
    }

    /// Starts all counts from 0.
    pub fn reset_counts(&self) {
        self.counters().counts.take();
    }

    /// The guest as the code under test sees it, with this address space as the current one and without an
    /// operating system.
    #[must_use]
    pub fn vm(&self) -> Vm {
        Vm::without_os(self)
    }

    /// The same with an operating system: what `vmi.os()` answers with.
    #[must_use]
    pub fn vm_with_os<Os>(&self, os: Os) -> Vm<Os>
    where
        Os: VmiOs<Architecture = Amd64, Driver = GuestDriver>,
    {
        Vm::new(self, os)
    }

    pub(super) fn memory(&self) -> &RefCell<Memory> {
        &self.shared.memory
    }

    pub(super) fn counters(&self) -> &Counters {
        &self.shared.counters
    }

    pub(super) fn losses(&self) -> &Losses {
        &self.shared.losses
    }

    /// Runs `act` on the page of `va`, after the checks that all set-up shares.
    #[track_caller]
    pub(super) fn at<R>(&self, va: Va, act: impl FnOnce(&mut Memory, u64, Va) -> R) -> R {
        let (mut memory, root) = (self.memory().borrow_mut(), root_frame(self.root));
        assert!(is_canonical(va), "{va} is not a canonical address");
        assert!(
            memory.is_root(root),
            "{} is not a root of this guest",
            self.root
        );
        act(&mut memory, root, va)
    }
}

impl Default for Guest {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Guest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guest")
            .field("root", &self.root)
            .field("counts", &self.counts())
            .finish_non_exhaustive()
    }
}
