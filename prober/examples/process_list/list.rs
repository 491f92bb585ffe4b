//! A guest with a process list, laid out as a Windows kernel lays it out, but more tightly.
//!
//! ```text
//! list head <-> entry <-> entry <-> ..          kernel half
//!                 |
//!                 v
//!               block -> parameters -> path     user half, in the address space of the process
//! ```

use std::collections::HashSet;

use prober::testing::Guest;
use vmi_core::{Pa, Va};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// A link to the next entry, and 8 bytes later one to the one before. The links of the list lead from `LINKS` to
/// `LINKS`, not from entry to entry.
pub const LINKS: u64 = 0x08;
/// In an entry: the process's number, 4 bytes.
pub const PID: u64 = 0x00;
/// In an entry: the translation root of the process's address space.
pub const ROOT: u64 = 0x18;
/// In an entry: the address of the process environment block (PEB).
pub const BLOCK: u64 = 0x20;
/// In an entry: the short name, in ASCII, ended by a zero or by its size.
pub const NAME: u64 = 0x28;
/// How many bytes the short name has.
pub const NAME_SIZE: usize = 15;
/// In a process environment block: the address of the process's parameters.
pub const PARAMETERS: u64 = 0x20;
/// In the parameters: the path of the image, a [`UnicodeString`].
pub const PATH: u64 = 0x60;

/// A string in UTF-16 that need not end with a zero.
#[derive(Debug, Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct UnicodeString {
    /// In bytes.
    pub length: u16,
    /// How many bytes there is room for.
    pub maximum_length: u16,
    /// Nothing.
    pub padding: u32,
    /// Where the characters are.
    pub buffer: u64,
}

/// What a listing tells of a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// Its short name.
    pub name: String,
    /// The path of its image; `None` if that is on a page that nothing backs, or only found through one.
    pub path: Option<String>,
}

const PAGE: u64 = 0x1000;
const ENTRY_SIZE: u64 = 0x40;
const PARAMETERS_SIZE: u64 = 0x80;
const HEAD: Va = Va(0xffff_f802_0000_0000);
const ENTRIES: Va = Va(0xffff_a08c_0000_0000);
// The same in all address spaces, as they are in real ones.
const BLOCKS: Va = Va(0x7ff6_0000_0000);
const ALL_PARAMETERS: Va = Va(0x1a0_0000_0000);
const PATHS: Va = Va(0x1b0_0000_0000);

const NAMES: [&str; 8] = [
    "smss.exe",
    "csrss.exe",
    "wininit.exe",
    "services.exe",
    "lsass.exe",
    "svchost.exe",
    "explorer.exe",
    "SearchIndexer.exe",
];

/// How a guest with a process list is laid out.
///
/// All pages are paged out but those of every fifth process's block and path.
#[derive(Debug, Clone)]
pub struct Layout {
    /// How many processes there are.
    pub processes: u64,
    /// How many entries of the list are on one page: 1 to 64.
    pub entries_per_page: u64,
    /// How many address spaces the processes are spread over. Those of one space have their parameters side by side.
    pub spaces: u64,
    /// Whether the list itself, in the kernel half, is resident, as Windows keeps it.
    pub resident_kernel: bool,
    /// The processes whose block nothing backs.
    pub unbacked_blocks: Vec<u64>,
    /// The processes whose path nothing backs.
    pub unbacked_paths: Vec<u64>,
}

impl Layout {
    /// So many processes, two to each address space, four entries of the list on a page, and a few pages that nothing
    /// backs: those of one block and two paths in 50 processes.
    #[must_use]
    pub fn new(processes: u64) -> Self {
        let every_50th = |first| (first..processes).step_by(50);
        Self {
            processes,
            entries_per_page: 4,
            spaces: processes.div_ceil(2).max(1),
            resident_kernel: false,
            unbacked_blocks: every_50th(12).collect(),
            unbacked_paths: every_50th(7).chain(every_50th(31)).collect(),
        }
    }

    /// Builds the guest. Two guests of one layout are equal.
    ///
    /// # Panics
    ///
    /// When the layout asks for no address space, or for more entries on a page than fit.
    #[must_use]
    pub fn build(&self) -> ProcessGuest {
        assert!((1..=PAGE / ENTRY_SIZE).contains(&self.entries_per_page));
        let guest = Guest::new();
        let spaces: Vec<_> = (0..self.spaces).map(|_| guest.new_space()).collect();
        let placed: Vec<_> = (0..self.processes)
            .map(|index| {
                // The order in the list is not that of the address spaces.
                let space = usize::try_from(index % self.spaces).expect("an index");
                self.place(index, &spaces[space])
            })
            .collect();

        write_links(&guest, &placed);
        for process in &placed {
            process.write(&guest);
        }
        self.page_out(&guest, &placed);

        let processes = placed.iter().map(|process| Process {
            path: self.is_backed(process).then(|| process.path_text()),
            ..process.listed()
        });
        ProcessGuest {
            head: HEAD,
            processes: processes.collect(),
            longest_chain: self.longest_chain(&guest, &placed),
            roots: spaces.iter().map(Guest::root).collect(),
            guest,
        }
    }

    fn place(&self, index: u64, space: &Guest) -> Placed {
        let (page, entry) = (index / self.entries_per_page, index % self.entries_per_page);
        let in_space = index / self.spaces;
        Placed {
            index,
            space: space.clone(),
            // Every other page, so that no two are neighbours.
            entry: ENTRIES + page * 2 * PAGE + entry * ENTRY_SIZE,
            block: BLOCKS + in_space * PAGE,
            parameters: ALL_PARAMETERS + in_space * PARAMETERS_SIZE,
            path: PATHS + in_space * PAGE + 0x30,
        }
    }

    fn page_out(&self, guest: &Guest, placed: &[Placed]) {
        guest.page_out_all();
        if self.resident_kernel {
            guest.page_in(HEAD);
            for process in placed {
                guest.page_in(process.entry);
            }
        }
        for process in placed.iter().skip(4).step_by(5) {
            process.space.page_in(process.block);
            process.space.page_in(process.path);
        }
        for process in placed {
            if self.unbacked_blocks.contains(&process.index) {
                process.space.unbacked(process.block);
            }
            if self.unbacked_paths.contains(&process.index) {
                process.space.unbacked(process.path);
            }
        }
    }

    fn is_backed(&self, process: &Placed) -> bool {
        let Placed { index, .. } = process;
        !self.unbacked_blocks.contains(index) && !self.unbacked_paths.contains(index)
    }

    /// How many missing pages stand at most between the list's head and the path of a process, one behind the other.
    fn longest_chain(&self, guest: &Guest, placed: &[Placed]) -> usize {
        let mut chain = usize::from(!guest.is_resident(HEAD));
        let mut longest = chain;
        let mut pages = HashSet::new();
        for process in placed {
            let missing = |va| !process.space.is_resident(va);
            if pages.insert(process.entry.0 / PAGE) && missing(process.entry) {
                chain += 1;
            }
            let own = if self.unbacked_blocks.contains(&process.index) {
                1
            } else {
                let own = [process.block, process.parameters, process.path];
                own.into_iter().filter(|&va| missing(va)).count()
            };
            longest = longest.max(chain + own);
        }
        longest
    }
}

/// Links the entries and the head to a ring, both ways.
fn write_links(guest: &Guest, placed: &[Placed]) {
    let entries = placed.iter().map(|process| process.entry + LINKS);
    let ring: Vec<_> = [HEAD].into_iter().chain(entries).chain([HEAD]).collect();
    for pair in ring.windows(2) {
        guest.write_va(pair[0], pair[1]);
        guest.write_va(pair[1] + 8, pair[0]);
    }
}

/// A guest with a process list.
#[derive(Debug)]
pub struct ProcessGuest {
    /// The guest, in the address space of the kernel.
    pub guest: Guest,
    /// The head of the list: two links.
    pub head: Va,
    /// What a listing must tell, in the order of the list.
    pub processes: Vec<Process>,
    /// The address spaces of the processes.
    pub roots: Vec<Pa>,
    /// The longest chain of missing pages of which each is only found through the one before.
    pub longest_chain: usize,
}

/// Where the parts of a process are.
struct Placed {
    index: u64,
    space: Guest,
    entry: Va,
    block: Va,
    parameters: Va,
    path: Va,
}

impl Placed {
    fn name(&self) -> &'static str {
        NAMES[usize::try_from(self.index).expect("an index") % NAMES.len()]
    }

    fn path_text(&self) -> String {
        let name = self.name();
        format!(r"\Device\HarddiskVolume3\Windows\System32\{name}")
    }

    fn listed(&self) -> Process {
        Process {
            pid: u32::try_from(self.index * 4 + 8).expect("a process number"),
            name: self.name().chars().take(NAME_SIZE).collect(),
            path: None,
        }
    }

    fn write(&self, guest: &Guest) {
        let Process { pid, name, .. } = self.listed();
        let Pa(root) = self.space.root();
        guest.write_u32(self.entry + PID, pid);
        guest.write_u64(self.entry + ROOT, root);
        guest.write_va(self.entry + BLOCK, self.block);
        guest.write(self.entry + NAME, name.as_bytes());

        let path: Vec<_> = self
            .path_text()
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        let length = u16::try_from(path.len()).expect("a path");
        self.space
            .write_va(self.block + PARAMETERS, self.parameters);
        self.space.write_struct(
            self.parameters + PATH,
            &UnicodeString {
                length,
                maximum_length: length + 2,
                padding: 0,
                buffer: self.path.0,
            },
        );
        self.space.write(self.path, &path);
    }
}
