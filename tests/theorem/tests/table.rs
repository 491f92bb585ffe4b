//! How many runs functions like those of upstream's tools take, where all
//! pages are out. What is not on the same page of an object lies on a page of
//! its own.

use std::{cell::RefCell, collections::HashSet};

use prober::{PageFaults, ProbeError, SuppressedPages, probed, retry};
use vmi_core::{AddressContext, Pa, Va, VmiError};

/// What is resident.
#[derive(Default)]
struct Memory {
    resident: RefCell<HashSet<u64>>,
}

/// An object of the guest.
#[derive(Clone, Copy)]
struct Object<'m> {
    memory: &'m Memory,
    id: u64,
}

/// The pages of an object.
#[derive(Clone, Copy)]
enum Page {
    Itself,
    Session,
    Protection,
    Name,
    Path,
    Threads,
    Regions,
    Modules,
    Handles,
}

impl Object<'_> {
    /// A number on one of the pages of the object.
    fn number(self, page: Page) -> Result<u64, VmiError> {
        let page = 0x10_0000 + self.id * 16 + page as u64;
        if self.memory.resident.borrow().contains(&page) {
            return Ok(page % 1000);
        }
        let fault = AddressContext::new(Va(page << 12), Pa(0x1000));
        Err(VmiError::Translation(fault))
    }

    fn text(self, page: Page) -> Result<String, VmiError> {
        Ok(self.number(page)?.to_string())
    }

    /// An object that the object itself points to.
    fn object(self, index: u64) -> Result<Self, VmiError> {
        self.number(Page::Itself)?;
        Ok(self.child(index))
    }

    /// What a page lists.
    fn table(self, page: Page, count: u64) -> Result<impl Iterator<Item = Self>, VmiError> {
        self.number(page)?;
        let first = 10 * (page as u64 + 1);
        Ok((first..first + count).map(move |index| self.child(index)))
    }

    fn child(self, index: u64) -> Self {
        let id = self.id * 128 + index;
        Self { id, ..self }
    }
}

type Result<T, E = ProbeError> = std::result::Result<T, E>;

thread_local! {
    /// What the functions print.
    static PRINTED: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Prints as that of std does.
macro_rules! println {
    ($($argument:tt)*) => {
        print_line(&format!($($argument)*))
    };
}

fn print_line(line: &str) {
    PRINTED.with_borrow_mut(|printed| {
        printed.push_str(line);
        printed.push('\n');
    });
}

/// Functions in both forms.
macro_rules! both {
    ($suppressed:ident: $(fn $name:ident($object:ident) $body:block)*) => {
        mod plain {
            use super::*;
            $(pub(super) fn $name($object: Object<'_>, $suppressed: &SuppressedPages) -> Result<()> {
                let _ = $suppressed;
                $body
            })*
        }
        mod probed_ {
            use super::*;
            $(#[probed] pub(super) fn $name($object: Object<'_>) -> Result<()> $body)*
        }
    };
}

both! { suppressed:
    fn modules(process) {
        println!("modules of {}", process.text(Page::Name)?);
        for module in process.table(Page::Modules, 6)? {
            let base = module.number(Page::Itself)?;
            let size = module.number(Page::Itself)?;
            let entry = module.number(Page::Itself)?;
            // A name lies where the module says.
            let name = module.object(1)?.text(Page::Name)?;
            let path = module.object(2)?.text(Page::Path)?;
            println!("{base:x} {size} {entry} {name} {path}");
        }
        Ok(())
    }

    fn regions(process) {
        let name = process.text(Page::Name)?;
        for region in process.table(Page::Regions, 5)? {
            let start = region.number(Page::Itself)?;
            let protection = region.number(Page::Protection)?;
            let file = region.object(1)?;
            if start == 0 {
                continue;
            }
            let path = file.object(1)?.text(Page::Path)?;
            println!("{name} {start:x} {protection} {path}");
        }
        Ok(())
    }

    fn threads(process) {
        println!("{}", process.text(Page::Name)?);
        for thread in process.table(Page::Threads, 5)? {
            let id = thread.number(Page::Itself)?;
            let teb = thread.object(1)?;
            println!("{id} {}", teb.number(Page::Itself)?);
        }
        Ok(())
    }

    fn list(system) {
        for process in system.table(Page::Modules, 3)? {
            one_process(process, suppressed)?;
            handles(process, suppressed)?;
        }
        Ok(())
    }

    fn one_process(process) {
        println!("{} {}", process.number(Page::Itself)?, process.number(Page::Session)?);
        for thread in process.table(Page::Threads, 5)? {
            let id = thread.number(Page::Itself)?;
            println!("{id} {}", thread.object(1)?.number(Page::Itself)?);
        }
        for region in process.table(Page::Regions, 4)? {
            let file = region.object(1)?;
            let name = file.object(1)?.text(Page::Path)?;
            println!("{} {name}", region.number(Page::Itself)?);
        }
        // What the process itself points to.
        let block = process.object(1)?;
        let parameters = block.object(1)?;
        let command = parameters.object(1)?.text(Page::Path)?;
        println!("{command}");
        Ok(())
    }

    fn handles(process) {
        let mut count = 0;
        for handle in process.table(Page::Handles, 4)? {
            let name = handle.object(1)?.text(Page::Name)?;
            count += 1;
            println!("{count}: {name}");
        }
        println!("{count} handles");
        Ok(())
    }
}

type Function = fn(Object<'_>, &SuppressedPages) -> Result<()>;

/// How many runs it takes until a function has all that it needs, and what it
/// prints.
fn runs(function: Function) -> (usize, String) {
    let memory = Memory::default();
    let mut runs = 0;
    let mut pager = |faults: &PageFaults, _: &mut SuppressedPages| {
        let pages = faults.iter().map(|fault| fault.va.0 >> 12);
        memory.resident.borrow_mut().extend(pages);
        Ok(())
    };
    let process = Object {
        memory: &memory,
        id: 1,
    };
    retry(&mut pager, &mut SuppressedPages::new(), |suppressed| {
        runs += 1;
        PRINTED.take();
        function(process, suppressed)
    })
    .expect("every page comes in");
    (runs, PRINTED.take())
}

#[test]
fn runs_are_the_longest_chain_and_one() {
    let rows: [(&str, Function, Function, usize, usize); 4] = [
        ("6 modules", plain::modules, probed_::modules, 21, 4),
        ("5 regions", plain::regions, probed_::regions, 23, 5),
        ("5 threads", plain::threads, probed_::threads, 13, 4),
        ("3 processes", plain::list, probed_::list, 116, 6),
    ];
    let mut found = Vec::new();
    let mut expected = Vec::new();
    for (name, plain, probed, plain_runs, probed_runs) in rows {
        let plain = runs(plain);
        let probed = runs(probed);
        assert_eq!(plain.1, probed.1, "{name}");
        found.push((name, plain.0, probed.0));
        expected.push((name, plain_runs, probed_runs));
    }
    assert_eq!(found, expected);
}
