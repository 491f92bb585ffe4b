//! What became of the pages that were handed out, and so when a page is given up.
//! `waiting.rs` has the order in which pages are handed out, and `run.rs` chooses.

use std::collections::{BTreeMap, HashMap};

use foldhash::fast::RandomState;
use indexmap::IndexSet;
use vmi_core::{AddressContext, Pa};

use super::{Operation, Thread};
use crate::{
    fault_queue::settings::Settings,
    page::{Page, PageMap, frame},
};

/// For how many threads and operations the injections of one page are
/// remembered. A page that is injected in vain is given up long before.
const MOST_OF_A_PAGE: usize = 128;

/// The injections that are under way or may have to be counted: how often a
/// page was handed out, for what, and what became of it.
///
/// Kept by page, and not by thread: what a page did outlives the threads that
/// waited for it, which a guest makes as it likes.
#[derive(Debug, Default)]
pub(super) struct HandOuts {
    pages: PageMap<HandOut>,
    pages_of: HashMap<Operation, IndexSet<Page, RandomState>, RandomState>,

    /// The injections by age.
    by_age: BTreeMap<u64, (Page, Operation, Thread)>,
    next_number: u64,
}

/// A page that was handed out.
#[derive(Debug)]
struct HandOut {
    /// The fault as it was handed out last.
    fault: AddressContext,

    /// Whether the page tables had it since.
    came_in: bool,

    /// How often in a row it was handed out although the page tables had it.
    /// That may be a race, or a mistake of the operation that nothing ends.
    idle: u32,

    injections: Vec<Injections>,
}

/// The injections of a page into one thread, for one operation.
#[derive(Debug)]
struct Injections {
    operation: Operation,
    thread: Thread,

    /// The last one's place in the order of age.
    number: u64,

    /// How many there were, since the operation last ended.
    times: u32,

    /// How many of them there were since the page last came in.
    unserved: u32,

    /// After how many of these the thread was back and missed the page.
    failures: u32,

    /// Whether the thread has not been back since the last one.
    is_under_way: bool,
}

impl HandOut {
    fn sum(&self, count: impl Fn(&Injections) -> u32) -> u32 {
        self.injections.iter().map(count).sum()
    }
}

impl HandOuts {
    pub(super) fn is_empty(&self) -> bool {
        self.pages.is_empty()
    }

    /// Whether a page was handed out and has not been seen since.
    pub(super) fn is_under_way(&self, page: &Page) -> bool {
        self.pages.get(page).is_some_and(|page| !page.came_in)
    }

    /// How often a page was handed out since it last came in.
    pub(super) fn unserved(&self, page: &Page) -> u32 {
        let page = self.pages.get(page);
        page.map_or(0, |page| page.sum(|injections| injections.unserved))
    }

    /// Records an injection; `idle` says that the page tables have the page.
    /// Returns how many older ones had to be forgotten for it.
    pub(super) fn add(
        &mut self,
        fault: AddressContext,
        operation: Operation,
        thread: Thread,
        idle: bool,
        most: usize,
    ) -> u64 {
        let page = Page::from(&fault);
        let number = self.next_number;
        self.next_number += 1;

        let hand_out = self.pages.entry(page).or_insert_with(|| HandOut {
            fault,
            came_in: false,
            idle: 0,
            injections: Vec::new(),
        });
        hand_out.fault = fault;
        hand_out.came_in = false;
        hand_out.idle = if idle { hand_out.idle + 1 } else { 0 };

        let known = hand_out
            .injections
            .iter_mut()
            .find(|known| known.operation == operation && known.thread == thread);
        if let Some(known) = known {
            self.by_age.remove(&known.number);
            known.number = number;
            known.times = known.times.saturating_add(1);
            known.unserved = known.unserved.saturating_add(1);
            known.is_under_way = true;
        } else {
            hand_out.injections.push(Injections {
                operation,
                thread,
                number,
                times: 1,
                unserved: 1,
                failures: 0,
                is_under_way: true,
            });
            self.pages_of.entry(operation).or_default().insert(page);
        }
        self.by_age.insert(number, (page, operation, thread));

        let mut forgotten = 0;
        if hand_out.injections.len() > MOST_OF_A_PAGE {
            let served = hand_out.injections.iter().find(|of| of.unserved == 0);
            let oldest = served.unwrap_or(&hand_out.injections[0]).number;
            self.drop_injections(page, |of| of.number == oldest);
            forgotten += 1;
        }
        while self.by_age.len() > most.max(1)
            && let Some((_, (page, operation, thread))) = self.by_age.pop_first()
        {
            self.drop_injections(page, |of| of.operation == operation && of.thread == thread);
            forgotten += 1;
        }
        forgotten
    }

    /// The page tables have a page. Returns whether it had been handed out.
    pub(super) fn came_in(&mut self, page: &Page) -> bool {
        let Some(hand_out) = self.pages.get_mut(page) else {
            return false;
        };
        for injections in &mut hand_out.injections {
            injections.unserved = 0;
            injections.failures = 0;
            injections.is_under_way = false;
        }
        !std::mem::replace(&mut hand_out.came_in, true)
    }

    /// A thread is back, and misses a page: what was injected into it counts
    /// against the page.
    pub(super) fn missed(&mut self, page: &Page, thread: Thread) {
        let Some(hand_out) = self.pages.get_mut(page) else {
            return;
        };
        for injections in &mut hand_out.injections {
            if injections.thread == thread && injections.is_under_way {
                injections.is_under_way = false;
                injections.failures = injections.failures.saturating_add(1);
            }
        }
    }

    /// Whether a page was injected as often as it may be.
    pub(super) fn is_spent(&self, page: &Page, operation: &Operation, settings: &Settings) -> bool {
        let Some(hand_out) = self.pages.get(page) else {
            return settings.max_injections == 0;
        };
        let within = hand_out
            .sum(|injections| u32::from(injections.operation == *operation) * injections.times);
        hand_out.idle >= settings.max_injections
            || hand_out.sum(|injections| injections.failures) >= settings.max_injections
            || hand_out.sum(|injections| injections.unserved) >= settings.max_injections_in_all
            || within >= settings.max_injections_in_all
    }

    /// An operation has ended well: what was handed out for it is over.
    pub(super) fn end(&mut self, operation: &Operation) {
        for page in self.pages_of.remove(operation).unwrap_or_default() {
            self.drop_injections(page, |of| of.operation == *operation);
        }
    }

    /// An operation has ended without a value: injections that were served do
    /// not count against the next one, those in vain do.
    pub(super) fn end_in_vain(&mut self, operation: &Operation) {
        let pages = self.pages_of.get(operation);
        for page in pages.into_iter().flatten().copied().collect::<Vec<_>>() {
            if let Some(hand_out) = self.pages.get_mut(&page) {
                for injections in &mut hand_out.injections {
                    if injections.operation == *operation {
                        injections.times = injections.unserved;
                    }
                }
            }
            self.drop_injections(page, |of| of.operation == *operation && of.times == 0);
        }
    }

    /// Forgets a page. Returns the fault that was handed out last.
    pub(super) fn forget(&mut self, page: &Page) -> Option<AddressContext> {
        let fault = self.pages.get(page)?.fault;
        self.drop_injections(*page, |_| true);
        self.pages.swap_remove(page);
        Some(fault)
    }

    /// The fault of a page as it was handed out last.
    pub(super) fn fault_of(&self, page: &Page) -> Option<AddressContext> {
        self.pages.get(page).map(|page| page.fault)
    }

    /// Forgets the pages of a translation root.
    pub(super) fn forget_root(&mut self, root: Pa) {
        let pages = self.pages.iter();
        let of_root: Vec<_> = pages
            .filter(|(_, hand_out)| frame(hand_out.fault.root) == frame(root))
            .map(|(page, _)| *page)
            .collect();
        for page in of_root {
            self.forget(&page);
        }
    }

    /// The translation roots under which a page of this number is under way,
    /// and whether `root` has any page under way.
    pub(super) fn roots_of(&self, number: u64, root: u64) -> (Vec<Page>, bool) {
        let under_way = self.pages.iter().filter(|(_, hand_out)| !hand_out.came_in);
        let (mut pages, mut has_its_own) = (Vec::new(), false);
        for (page, hand_out) in under_way {
            if page.number() == number {
                pages.push(*page);
            }
            has_its_own |= frame(hand_out.fault.root) == root;
        }
        (pages, has_its_own)
    }

    fn drop_injections(&mut self, page: Page, over: impl Fn(&Injections) -> bool) {
        let Some(hand_out) = self.pages.get_mut(&page) else {
            return;
        };
        let mut over_for = Vec::new();
        hand_out.injections.retain(|injections| {
            let over = over(injections);
            if over {
                self.by_age.remove(&injections.number);
                over_for.push(injections.operation);
            }
            !over
        });
        for operation in over_for {
            let goes_on = hand_out
                .injections
                .iter()
                .any(|injections| injections.operation == operation);
            if !goes_on && let Some(pages) = self.pages_of.get_mut(&operation) {
                pages.swap_remove(&page);
                if pages.is_empty() {
                    self.pages_of.remove(&operation);
                }
            }
        }
        if hand_out.injections.is_empty() {
            self.pages.swap_remove(&page);
        }
    }

    /// Number of injections that are remembered.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.by_age.len()
    }
}
