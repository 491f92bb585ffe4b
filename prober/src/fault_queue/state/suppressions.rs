//! The pages that the queue itself suppressed, and when they expire.

use std::{
    collections::{HashMap, VecDeque},
    rc::Rc,
};

use foldhash::fast::RandomState;
use vmi_core::{AddressContext, Pa, Va};

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

    /// What the queue itself suppressed, and in which run.
    own: VecDeque<(u64, Own)>,

    /// The queue's own pages of the kernel half, by their number.
    kernel: HashMap<u64, KernelPage, RandomState>,

    /// How many pages the queue itself has ever suppressed.
    ever: u64,
}

#[derive(Debug, Clone, Copy)]
enum Own {
    Page(AddressContext),

    /// A page of the kernel half, by its number, under any root.
    Everywhere(u64),
}

#[derive(Debug, Default)]
struct KernelPage {
    /// The roots under which it is suppressed.
    faults: Vec<AddressContext>,
    everywhere: bool,
}

impl Suppressions {
    pub(super) fn new(all: SuppressedPages) -> Self {
        Self {
            all: Rc::new(all),
            own: VecDeque::new(),
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

    /// Suppresses a page for a while. Returns whether that is new.
    pub(super) fn insert(&mut self, fault: AddressContext, run: u64) -> bool {
        if self.all.contains(&fault) {
            return false;
        }
        let all = Rc::make_mut(&mut self.all);
        all.insert(fault);
        self.ever += 1;
        self.own.push_back((run, Own::Page(fault)));
        if is_kernel_half(fault.va) {
            let number = Page::from(&fault).number();
            let page = self.kernel.entry(number).or_default();
            page.faults.push(fault);
            if page.faults.len() >= ROOTS && !page.everywhere {
                page.everywhere = true;
                let start = number << PAGE_SHIFT;
                all.insert_range(Va(start)..Va(start + (PAGE_SIZE - 1)));
                self.own.push_back((run, Own::Everywhere(number)));
            }
        }
        true
    }

    /// Lets the pages go that were suppressed before a run.
    #[inline]
    pub(super) fn expire_before(&mut self, run: u64) {
        while let Some(&(since, _)) = self.own.front()
            && since < run
        {
            self.drop_oldest();
        }
    }

    /// Lets the oldest pages go until no more than `most` are left. Returns
    /// how many went.
    pub(super) fn shrink_to(&mut self, most: usize) -> u64 {
        let mut dropped = 0;
        while self.own.len() > most {
            self.drop_oldest();
            dropped += 1;
        }
        dropped
    }

    fn drop_oldest(&mut self) {
        if let Some((_, own)) = self.own.pop_front() {
            self.drop(own);
        }
    }

    fn drop(&mut self, own: Own) {
        let all = Rc::make_mut(&mut self.all);
        match own {
            Own::Page(fault) => {
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
        self.own.retain(|(_, own)| {
            let goes = matches!(own, Own::Page(fault) if frame(fault.root) == frame(root));
            if goes {
                gone.push(*own);
            }
            !goes
        });
        for own in gone {
            self.drop(own);
        }
    }
}
