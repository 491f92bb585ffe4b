//! The pages that the queue itself suppressed, and when they expire.

mod before;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    rc::Rc,
};

use foldhash::fast::RandomState;
use vmi_core::{AddressContext, Pa, Va};

use self::before::Before;
use crate::{
    SuppressedPages,
    page::{PAGE_SHIFT, PAGE_SIZE, Page, frame, is_kernel_half},
};

/// Under how many roots a page of the kernel half is suppressed before it is
/// suppressed under all.
const ROOTS: usize = 3;

/// The suppressed pages: those of the caller, and those of the queue, which
/// expire.
#[derive(Debug)]
pub(super) struct Suppressions {
    // Behind an `Rc`, because each run hands the set to an operation, and the
    // operation may change it through the queue meanwhile.
    all: Rc<SuppressedPages>,

    /// What the queue itself suppressed, by age, and the last run for which it
    /// does.
    own: BTreeMap<u64, (u64, Own)>,

    /// The same by the last run, and then by age.
    by_end: BTreeSet<(u64, u64)>,

    /// How often pages were suppressed that have expired since.
    // A page that is suppressed anew stays so for longer. Otherwise an operation
    // that lacks many pages, or that seldom runs, would never have all of them
    // suppressed at once, and so would never end.
    before: Before,

    /// The queue's own pages of the kernel half, by their number.
    kernel: HashMap<u64, KernelPage, RandomState>,

    /// How much the queue itself has ever suppressed.
    ever: u64,
}

#[derive(Debug, Clone, Copy)]
enum Own {
    /// A page, and how often it was suppressed before.
    Page(AddressContext, u32),

    /// A page of the kernel half, by its number, under any root.
    Everywhere(u64),
}

#[derive(Debug, Default)]
struct KernelPage {
    /// The roots under which it is suppressed.
    faults: Vec<AddressContext>,
    everywhere: bool,

    /// The last run for which one of them is suppressed.
    until: u64,
}

impl Suppressions {
    pub(super) fn new(all: SuppressedPages) -> Self {
        Self {
            all: Rc::new(all),
            own: BTreeMap::new(),
            by_end: BTreeSet::new(),
            before: Before::default(),
            kernel: HashMap::default(),
            ever: 0,
        }
    }

    pub(super) fn all(&self) -> &Rc<SuppressedPages> {
        &self.all
    }

    pub(super) fn ever(&self) -> u64 {
        self.ever
    }

    /// Suppresses a page for so many runs, and for twice as many each time that
    /// it is suppressed anew. Returns whether that is new.
    pub(super) fn insert(&mut self, fault: AddressContext, run: u64, runs: u64) -> bool {
        if self.all.contains(&fault) {
            return false;
        }
        Rc::make_mut(&mut self.all).insert(fault);
        let page = Page::from(&fault);
        let times = self.before.take(&page);
        let until = run.saturating_add(for_runs(runs, times));
        self.push(until, Own::Page(fault, times));
        if is_kernel_half(fault.va) {
            self.insert_everywhere(fault, until);
        }
        true
    }

    /// Suppresses a page of the kernel half under all roots if it is suppressed
    /// under enough of them.
    fn insert_everywhere(&mut self, fault: AddressContext, until: u64) {
        let number = Page::from(&fault).number();
        let page = self.kernel.entry(number).or_default();
        page.faults.push(fault);
        page.until = page.until.max(until);
        if page.faults.len() >= ROOTS && !page.everywhere {
            page.everywhere = true;
            // It ends after all of its pages, which go with it.
            let until = page.until;
            let start = number << PAGE_SHIFT;
            Rc::make_mut(&mut self.all).insert_range(Va(start)..Va(start + (PAGE_SIZE - 1)));
            self.push(until, Own::Everywhere(number));
        }
    }

    fn push(&mut self, until: u64, own: Own) {
        self.ever += 1;
        self.own.insert(self.ever, (until, own));
        self.by_end.insert((until, self.ever));
    }

    /// Lets the pages go whose last run is over. Remembers of no more than
    /// `most` of them how often they were suppressed.
    #[inline]
    pub(super) fn expire(&mut self, run: u64, most: usize) {
        while let Some(&(until, number)) = self.by_end.first()
            && until < run
        {
            self.expire_one(number, most);
        }
    }

    fn expire_one(&mut self, number: u64, most: usize) {
        if let Some(Own::Page(fault, times)) = self.take(number) {
            let page = Page::from(&fault);
            self.before.add(page, times.saturating_add(1));
            self.before.shrink_to(most);
        }
    }

    /// Lets the oldest pages go until no more than `most` are left. Returns
    /// how many went.
    pub(super) fn shrink_to(&mut self, most: usize) -> u64 {
        let mut dropped = 0;
        // Not those that would expire first: the newest could be one of them.
        while self.own.len() > most
            && let Some((&number, _)) = self.own.first_key_value()
        {
            self.take(number);
            dropped += 1;
        }
        dropped
    }

    /// A page came in: what was before says nothing any more.
    pub(super) fn came_in(&mut self, page: &Page) {
        self.before.take(page);
    }

    /// Lets one go, which it returns.
    fn take(&mut self, number: u64) -> Option<Own> {
        let (until, own) = self.own.remove(&number)?;
        self.by_end.remove(&(until, number));
        self.drop(own);
        Some(own)
    }

    fn drop(&mut self, own: Own) {
        let all = Rc::make_mut(&mut self.all);
        match own {
            Own::Page(fault, _) => {
                let number = Page::from(&fault).number();
                if let Some(page) = self.kernel.get_mut(&number) {
                    if page.everywhere {
                        // It goes with the others.
                        return;
                    }
                    page.faults.retain(|other| *other != fault);
                    if page.faults.is_empty() {
                        self.kernel.remove(&number);
                    }
                }
                all.remove(&fault);
            }
            Own::Everywhere(number) => {
                let page = self.kernel.remove(&number).unwrap_or_default();
                for fault in page.faults {
                    all.remove(&fault);
                }
            }
        }
    }

    /// Lets the queue's own pages of a translation root go.
    pub(super) fn forget_root(&mut self, root: Pa) {
        let goes =
            |own: &Own| matches!(own, Own::Page(fault, _) if frame(fault.root) == frame(root));
        let gone = self.own.iter().filter(|(_, (_, own))| goes(own));
        for number in gone.map(|(number, _)| *number).collect::<Vec<_>>() {
            self.take(number);
        }
        self.before.forget_root(root);
    }
}

/// For how many runs a page is suppressed that was suppressed so many times
/// before.
fn for_runs(runs: u64, times: u32) -> u64 {
    match times {
        0 => runs,
        _ => runs.max(1).saturating_mul(1 << times.min(63)),
    }
}
