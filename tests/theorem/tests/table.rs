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

/// A function in both forms.
macro_rules! both {
    ($plain:ident, $probed:ident, |$process:ident, $out:ident| $body:block) => {
        fn $plain($process: Object<'_>, $out: &mut Vec<String>) -> Result<()> $body

        #[probed]
        fn $probed($process: Object<'_>, $out: &mut Vec<String>) -> Result<()> $body
    };
}

both!(modules_plain, modules_probed, |process, out| {
    out.push(format!("modules of {}", process.text(Page::Name)?));
    for module in process.table(Page::Modules, 6)? {
        let base = module.number(Page::Itself)?;
        let size = module.number(Page::Itself)?;
        let entry = module.number(Page::Itself)?;
        // A name lies where the module says.
        let name = module.object(1)?.text(Page::Name)?;
        let path = module.object(2)?.text(Page::Path)?;
        out.push(format!("{base:x} {size} {entry} {name} {path}"));
    }
    Ok(())
});

both!(regions_plain, regions_probed, |process, out| {
    let name = process.text(Page::Name)?;
    for region in process.table(Page::Regions, 5)? {
        let start = region.number(Page::Itself)?;
        let protection = region.number(Page::Protection)?;
        let file = region.object(1)?;
        if start == 0 {
            continue;
        }
        let path = file.object(1)?.text(Page::Path)?;
        out.push(format!("{name} {start:x} {protection} {path}"));
    }
    Ok(())
});

both!(threads_plain, threads_probed, |process, out| {
    out.push(process.text(Page::Name)?);
    for thread in process.table(Page::Threads, 5)? {
        let id = thread.number(Page::Itself)?;
        let teb = thread.object(1)?;
        out.push(format!("{id} {}", teb.number(Page::Itself)?));
    }
    Ok(())
});

struct Handles {
    count: usize,
    names: Vec<String>,
}

both!(handles_plain, handles_probed, |process, out| {
    let mut handles = Handles {
        count: 0,
        names: Vec::new(),
    };
    for handle in process.table(Page::Handles, 4)? {
        handles.count += 1;
        handles.names.push(handle.object(1)?.text(Page::Name)?);
    }
    out.push(format!("{} {}", handles.count, handles.names.join(" ")));
    Ok(())
});

both!(process_plain, process_probed, |process, out| {
    out.push(format!(
        "{} {}",
        process.number(Page::Itself)?,
        process.number(Page::Session)?
    ));
    for thread in process.table(Page::Threads, 5)? {
        let id = thread.number(Page::Itself)?;
        out.push(format!("{id} {}", thread.object(1)?.number(Page::Itself)?));
    }
    for region in process.table(Page::Regions, 4)? {
        let file = region.object(1)?;
        let name = file.object(1)?.text(Page::Path)?;
        out.push(format!("{} {name}", region.number(Page::Itself)?));
    }
    // What the process itself points to.
    let block = process.object(1)?;
    let parameters = block.object(1)?;
    let command = parameters.object(1)?.text(Page::Path)?;
    out.push(command);
    Ok(())
});

/// A list calls other functions, and hands the suppressed pages on.
fn list_plain(system: Object<'_>, out: &mut Vec<String>) -> Result<()> {
    for process in system.table(Page::Modules, 3)? {
        process_plain(process, out)?;
        handles_plain(process, out)?;
    }
    Ok(())
}

#[probed]
fn list_probed(system: Object<'_>, out: &mut Vec<String>) -> Result<()> {
    for process in system.table(Page::Modules, 3)? {
        let lines = process_lines(process, suppressed)?;
        let handles = handle_lines(process, suppressed)?;
        out.extend(lines);
        out.extend(handles);
    }
    Ok(())
}

// What a call that missed could have changed is missing: a list that two calls
// were handed would keep the second from being asked.
#[probed]
fn process_lines(process: Object<'_>) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    process_probed(process, &mut lines, suppressed)?;
    Ok(lines)
}

#[probed]
fn handle_lines(process: Object<'_>) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    handles_probed(process, &mut lines, suppressed)?;
    Ok(lines)
}

/// How many runs it takes until a function has all that it needs, and what it
/// prints.
fn runs(
    mut operation: impl FnMut(Object<'_>, &mut Vec<String>, &SuppressedPages) -> Result<()>,
) -> (usize, Vec<String>) {
    let memory = Memory::default();
    let mut runs = 0;
    let mut out = Vec::new();
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
        out.clear();
        operation(process, &mut out, suppressed)
    })
    .expect("every page comes in");
    (runs, out)
}

#[test]
fn runs_are_the_longest_chain_and_one() {
    type Plain = fn(Object<'_>, &mut Vec<String>) -> Result<()>;
    type Probed = fn(Object<'_>, &mut Vec<String>, &SuppressedPages) -> Result<()>;
    let rows: [(&str, Plain, Probed, usize, usize); 4] = [
        ("6 modules", modules_plain, modules_probed, 21, 4),
        ("5 regions", regions_plain, regions_probed, 23, 5),
        ("5 threads", threads_plain, threads_probed, 13, 4),
        ("3 processes", list_plain, list_probed, 116, 6),
    ];
    let mut found = Vec::new();
    let mut expected = Vec::new();
    for (name, plain, probed, plain_runs, probed_runs) in rows {
        let plain = runs(|process, out, _| plain(process, out));
        let probed = runs(probed);
        assert_eq!(plain.1, probed.1, "{name}");
        found.push((name, plain.0, probed.0));
        expected.push((name, plain_runs, probed_runs));
    }
    assert_eq!(found, expected);
}
