//! The pages that the queue itself suppressed, and when they expire.

mod before;

use std::{
    collections::{BTreeMap, HashMap},
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

    /// What the queue itself suppressed, by the last run for which it does, and
    /// then in the order in which it came.
    own: BTreeMap<(u64, u64), Own>,

    /// How often pages were suppressed that have expired since.
    // A page that is suppressed anew stays so for longer. Otherwise an operation
    // that lacks many pages, or that seldom runs, would never have all of them
    // suppressed at once, and so would never end.
    before: Before,

    /// The queue's own pages of the kernel half, by their number.
    kernel: HashMap<u64, KernelPage, RandomState>,

    /// How many pages the queue itself has ever suppressed.
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
        let all = Rc::make_mut(&mut self.all);
        all.insert(fault);
        self.ever += 1;
        let page = Page::from(&fault);
        let times = self.before.take(&page);
        let mut until = run.saturating_add(for_runs(runs, times));
        self.own.insert((until, self.ever), Own::Page(fault, times));
        if is_kernel_half(fault.va) {
            let number = page.number();
            let page = self.kernel.entry(number).or_default();
            page.faults.push(fault);
            page.until = page.until.max(until);
            if page.faults.len() >= ROOTS && !page.everywhere {
                page.everywhere = true;
                let start = number << PAGE_SHIFT;
                all.insert_range(Va(start)..Va(start + (PAGE_SIZE - 1)));
                // After all of its pages, which go with it.
                until = page.until;
                self.ever += 1;
                self.own.insert((until, self.ever), Own::Everywhere(number));
            }
        }
        true
    }

    /// Lets the pages go whose last run is over. Remembers of no more than
    /// `most` of them how often they were suppressed.
    #[inline]
    pub(super) fn expire(&mut self, run: u64, most: usize) {
        while let Some((&(until, _), _)) = self.own.first_key_value()
            && until < run
        {
            self.expire_first(most);
        }
    }

    fn expire_first(&mut self, most: usize) {
        let Some((_, own)) = self.own.pop_first() else {
            return;
        };
        if let Own::Page(fault, times) = own {
            let page = Page::from(&fault);
            self.before.add(page, times.saturating_add(1));
            self.before.shrink_to(most);
        }
        self.drop(own);
    }

    /// Lets pages go, those that would expire first, until no more than `most`
    /// are left. Returns how many went.
    pub(super) fn shrink_to(&mut self, most: usize) -> u64 {
        let mut dropped = 0;
        while self.own.len() > most
            && let Some((_, own)) = self.own.pop_first()
        {
            self.drop(own);
            dropped += 1;
        }
        dropped
    }

    /// A page came in: what was before says nothing any more.
    pub(super) fn came_in(&mut self, page: &Page) {
        self.before.take(page);
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
        let mut gone = Vec::new();
        self.own.retain(|_, own| {
            let goes = matches!(own, Own::Page(fault, _) if frame(fault.root) == frame(root));
            if goes {
                gone.push(*own);
            }
            !goes
        });
        for own in gone {
            self.drop(own);
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
