//! A guest as the model sees it: pages by name, without page tables.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use prober::testing::Guest;
use proptest::prelude::*;
use vmi_core::{AddressContext, Gfn, Pa, Va};

/// How many address spaces there are. The last has no kernel half.
pub(crate) const SPACES: usize = 3;

/// The pages of a space lie here; those of the kernel half all spaces but the
/// last share.
const USER: u64 = 0x40_0000;
const USER_PAGES: u64 = 6;
const KERNEL: u64 = 0xffff_f800_0000_0000;
const KERNEL_PAGES: u64 = 3;
/// In the part that is suppressed from the start.
const LOW: u64 = 0x3000;

/// What programs read, and what pages hold: pointers to all kinds of pages, to
/// none, and values that are no pointers.
pub(crate) const ADDRESSES: &[u64] = &[
    USER,
    USER + 0x8,
    USER + 0xffc,
    USER + 0x1010,
    USER + 0x2000,
    USER + 0x3ff8,
    USER + 0x4000,
    USER + 0x5123,
    USER + 0x6000,
    KERNEL,
    KERNEL + 0xff8,
    KERNEL + 0x2000,
    LOW,
    0,
    0x18,
    0x7777_0000,
    0xffff_9000_0000_0000,
    // Not canonical: once an alias of a page, once of none.
    0x1234_0000_0040_0000,
    0xdead_beef_dead_beef,
    // At the end of the address space.
    u64::MAX - 4,
    u64::MAX - 0xfff,
];

/// A page fault: an address and the root of its space.
pub(crate) type Fault = (u64, u64);

/// What a page has in common with another that one page-in serves too.
pub(crate) fn page_of((va, root): Fault) -> Fault {
    (va >> 12, root)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Resident,
    PagedOut,
    Unbacked,
    /// Mapped to a frame that does not exist.
    Frameless,
}

/// What a page walk finds.
pub(crate) enum Found {
    Content(usize),
    Fault,
    NoFrame,
}

#[derive(Debug, Clone)]
struct Page {
    state: State,
    content: Vec<u8>,
}

/// A name for a page: its space (`None` for the kernel half), and its number
/// in 48 bits.
type Name = (Option<usize>, u64);

#[derive(Clone)]
pub(crate) struct Memory {
    names: BTreeMap<Name, usize>,
    pages: Vec<Page>,
    /// Spaces of which the page table of the user pages is out.
    tables_out: BTreeSet<usize>,
    pub(crate) roots: Vec<u64>,
}

fn name(va: u64, space: usize) -> Name {
    let number = (va & 0xffff_ffff_ffff) >> 12;
    let shared = number >> 35 == 1 && space != SPACES - 1;
    ((!shared).then_some(space), number)
}

/// A frame number without a frame.
const NO_FRAME: Gfn = Gfn(0xf_ffff);

impl Memory {
    fn name_of(&self, (va, root): Fault) -> Name {
        let space = self.roots.iter().position(|known| *known == root);
        name(va, space.expect("a root of the guest"))
    }

    fn index(&self, va: u64, root: u64) -> Option<(usize, bool)> {
        let space = self.roots.iter().position(|known| *known == root)?;
        let name = name(va, space);
        let out = self.tables_out.contains(&space) && (name.1 << 12) & !0x1f_ffff == USER;
        Some((*self.names.get(&name)?, out))
    }

    /// Walks the page tables.
    pub(crate) fn find(&self, va: u64, root: u64) -> Found {
        match self.index(va, root) {
            Some((page, false)) => match self.pages[page].state {
                State::Resident => Found::Content(page),
                State::Frameless => Found::NoFrame,
                State::PagedOut | State::Unbacked => Found::Fault,
            },
            _ => Found::Fault,
        }
    }

    pub(crate) fn byte(&self, page: usize, va: u64) -> u8 {
        self.pages[page].content[(va & 0xfff) as usize]
    }

    pub(crate) fn set_byte(&mut self, page: usize, va: u64, value: u8) {
        self.pages[page].content[(va & 0xfff) as usize] = value;
    }

    /// The content of a page, whether it is resident or not.
    pub(crate) fn truth(&self, va: u64, root: u64) -> Option<u8> {
        let (page, _) = self.index(va, root)?;
        (self.pages[page].state != State::Frameless).then(|| self.byte(page, va))
    }

    /// Has a page brought in, and says whether it is backed.
    pub(crate) fn page_in(&mut self, (va, root): Fault) -> bool {
        let canonical = matches!(va >> 47, 0 | 0x1_ffff);
        let Some((page, _)) = self.index(va, root).filter(|_| canonical) else {
            return false;
        };
        let state = &mut self.pages[page].state;
        match state {
            State::Unbacked => return false,
            State::PagedOut => *state = State::Resident,
            State::Resident | State::Frameless => {}
        }
        if let Some(space) = self.roots.iter().position(|known| *known == root)
            && (va & !0x1f_ffff) == USER
        {
            self.tables_out.remove(&space);
        }
        true
    }

    /// The same memory with every page in that can come in and is wanted. What
    /// is missing with its page table stays so: the table would bring in more.
    pub(crate) fn all_in(&self, wanted: impl Fn(Fault) -> bool) -> Self {
        let mut memory = self.clone();
        for fault in self.faults() {
            let page = &mut memory.pages[self.names[&self.name_of(fault)]];
            if page.state == State::PagedOut && wanted(fault) {
                page.state = State::Resident;
            }
        }
        memory
    }

    /// The guest that this is the model of. Sets the roots.
    pub(crate) fn build(&mut self) -> Guest {
        let guest = Guest::new();
        let spaces = [
            guest.clone(),
            guest.new_space(),
            guest.new_space_without_kernel(),
        ];
        self.roots = spaces.iter().map(|space| space.root().0).collect();
        for (&(space, number), &page) in &self.names {
            let space = &spaces[space.unwrap_or(0)];
            // The sign of a canonical address.
            let va = Va(((number << 12 << 16).cast_signed() >> 16).cast_unsigned());
            let page = &self.pages[page];
            match page.state {
                State::Frameless => space.map_frame(va, NO_FRAME),
                state => {
                    space.write(va, &page.content);
                    match state {
                        State::PagedOut => space.page_out(va),
                        State::Unbacked => space.unbacked(va),
                        _ => {}
                    }
                }
            }
        }
        for &space in &self.tables_out {
            spaces[space].page_out_table(Va(USER));
        }
        guest
    }

    /// All names of pages, as faults on them.
    pub(crate) fn faults(&self) -> impl Iterator<Item = Fault> {
        self.names.keys().map(|(space, number)| {
            let va = ((number << 12 << 16).cast_signed() >> 16).cast_unsigned();
            (va, self.roots[space.unwrap_or(0)])
        })
    }
}

/// Without the content, which would be all that is seen of a failed case.
impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let states = self.names.iter().map(|((space, number), page)| {
            let state = self.pages[*page].state;
            format!("{space:?} {number:#x}: {state:?}")
        });
        f.debug_struct("Memory")
            .field("pages", &states.collect::<Vec<_>>())
            .field("tables_out", &self.tables_out)
            .finish_non_exhaustive()
    }
}

pub(crate) fn address_context((va, root): Fault) -> AddressContext {
    AddressContext::new(Va(va), Pa(root))
}

fn state() -> impl Strategy<Value = State> {
    prop_oneof![
        8 => Just(State::Resident),
        8 => Just(State::PagedOut),
        2 => Just(State::Unbacked),
        1 => Just(State::Frameless),
    ]
}

/// A page full of pointers, with some zeros for strings to end at.
fn page() -> impl Strategy<Value = Page> {
    (state(), any::<u64>()).prop_map(|(state, seed)| {
        let mut random = seed;
        let words = (0..512).flat_map(|_| {
            random = random
                .wrapping_mul(0x5851_f42d_4c95_7f2d)
                .wrapping_add(0x1405_7b7e_f767_814f);
            let index = usize::try_from(random >> 33).unwrap() % ADDRESSES.len();
            ADDRESSES[index].to_le_bytes()
        });
        let mut content: Vec<u8> = words.collect();
        if seed % 3 == 0 {
            for byte in &mut content[0x100..] {
                *byte |= 1;
            }
        }
        Page { state, content }
    })
}

pub(crate) fn memory() -> impl Strategy<Value = Memory> {
    let mut names = BTreeMap::new();
    let mut add = |space, va: u64, pages| {
        for page in 0..pages {
            let index = names.len();
            let number = (va & 0xffff_ffff_ffff) >> 12;
            names.insert((space, number + page), index);
        }
    };
    for space in 0..SPACES {
        add(Some(space), USER, USER_PAGES);
        add(Some(space), LOW, 1);
    }
    add(None, KERNEL, KERNEL_PAGES);
    let pages = prop::collection::vec(page(), names.len());
    let tables_out = prop::collection::btree_set(0..SPACES, 0..2);
    (pages, tables_out).prop_map(move |(pages, tables_out)| Memory {
        names: names.clone(),
        pages,
        tables_out,
        roots: Vec::new(),
    })
}
