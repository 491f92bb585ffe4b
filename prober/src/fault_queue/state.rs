//! What the clones of a `FaultQueue` share: the bookkeeping, without the guest.

#[cfg(test)]
mod tests;

use std::collections::{HashMap, VecDeque};

use indexmap::IndexSet;
use vmi_core::{AddressContext, Pa, Registers, Va};

use super::Stats;
use crate::{
    PageFaults, SuppressedPages,
    page::{PAGE_SHIFT, Page, is_kernel_half},
};

/// An interrupted thread of the guest, as the registers of an event tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Thread {
    /// The frame of the translation root.
    root: u64,
    stack_pointer: u64,
}

impl Thread {
    pub(super) fn of(registers: &impl Registers) -> Self {
        let stack_pointer = registers.stack_pointer();
        Self {
            root: frame(registers.translation_root(Va(stack_pointer))),
            stack_pointer,
        }
    }
}

/// What a thread waits for that was handed a page.
#[derive(Debug, Default)]
struct Waiting {
    /// The batch, without the pages that have come in since.
    pending: PageFaults,

    /// The pages handed out to this thread that it has not missed again.
    handed_out: IndexSet<Page>,

    /// The run that handed out a page last.
    last_run: u64,
}

/// A page that was handed out.
#[derive(Debug)]
struct HandOut {
    /// The fault as it was handed out.
    fault: AddressContext,

    /// How often it was handed out.
    injections: u32,

    /// How often a thread to which it was handed out missed it again.
    failures: u32,

    /// How often in a row it was handed out although the page tables had it.
    /// That may be a race, or a mistake of the operation that nothing ends.
    idle: u32,

    /// Whether it was seen in the page tables since.
    came_in: bool,

    /// The run that handed it out last.
    last_run: u64,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) max_injections: u32,
    pub(super) suppress_for: u64,
    pub(super) forget_after: u64,
    pub(super) stats: Stats,

    /// Number of the current run.
    runs: u64,

    /// The pages that the caller put in, and our own.
    suppressed: SuppressedPages,

    /// The pages that the queue itself suppressed, and in which run.
    own: VecDeque<(u64, AddressContext)>,

    /// How many pages the queue itself has ever suppressed.
    suppressions: u64,

    threads: HashMap<Thread, Waiting>,
    handed_out: HashMap<Page, HandOut>,

    /// Which run handed out what: who has not come back for long is found at
    /// the front. What is over may be listed still.
    history: VecDeque<(u64, Thread, Page)>,
}

impl State {
    pub(super) fn new(suppressed: SuppressedPages) -> Self {
        Self {
            max_injections: 3,
            suppress_for: 100_000,
            forget_after: 10_000,
            stats: Stats::default(),
            runs: 0,
            suppressed,
            own: VecDeque::new(),
            suppressions: 0,
            threads: HashMap::new(),
            handed_out: HashMap::new(),
            history: VecDeque::new(),
        }
    }

    /// Begins a run, and forgets what is over.
    pub(super) fn begin(&mut self) {
        self.runs += 1;
        while let Some(&(run, page)) = self.own.front()
            && run.saturating_add(self.suppress_for) < self.runs
        {
            self.own.pop_front();
            self.suppressed.remove(&page);
        }
        while let Some(&(run, thread, page)) = self.history.front()
            && run.saturating_add(self.forget_after) < self.runs
        {
            self.history.pop_front();
            if self
                .threads
                .get(&thread)
                .is_some_and(|waiting| waiting.last_run == run)
            {
                self.threads.remove(&thread);
            }
            if self
                .handed_out
                .get(&page)
                .is_some_and(|page| page.last_run == run)
            {
                self.handed_out.remove(&page);
            }
        }
    }

    /// Ends what a thread waited for: the operation has come to something
    /// other than a fault, or its faults cannot be served now.
    pub(super) fn finish(&mut self, thread: Thread) {
        let Some(waiting) = self.threads.remove(&thread) else {
            return;
        };
        for page in waiting.handed_out {
            // A mistake of the operation is not to go on without end.
            if let Some(hand_out) = self.handed_out.get_mut(&page)
                && hand_out.idle > 0
            {
                hand_out.failures = 0;
            } else {
                self.handed_out.remove(&page);
            }
        }
    }

    /// Takes the batch of an operation that ran for a thread, and returns it
    /// without the pages that were suppressed. A page of it that was handed
    /// out before is still missing.
    pub(super) fn take(&mut self, thread: Thread, batch: &PageFaults) -> PageFaults {
        let mut pending = batch.clone();
        pending.retain(|fault| !self.suppressed.contains(fault));
        for fault in &pending {
            self.missed_again(thread, fault);
            let given_up = match self.handed_out.get(&Page::from(fault)) {
                Some(page) => page.failures.max(page.idle) >= self.max_injections,
                None => self.max_injections == 0,
            };
            if given_up {
                self.give_up(fault);
            }
        }
        self.threads.entry(thread).or_default().pending = pending.clone();
        pending
    }

    /// The pages that were handed out to a thread and that it waits for.
    pub(super) fn awaited(&self, thread: Thread) -> Vec<AddressContext> {
        let Some(waiting) = self.threads.get(&thread) else {
            return Vec::new();
        };
        let awaited = |fault: &&AddressContext| waiting.handed_out.contains(&Page::from(*fault));
        waiting.pending.iter().filter(awaited).copied().collect()
    }

    /// Counts the last injection of a page against it, if it was one for this
    /// thread: the thread is back and misses the page.
    pub(super) fn missed_again(&mut self, thread: Thread, fault: &AddressContext) {
        let page = Page::from(fault);
        let was_handed_out = self
            .threads
            .get_mut(&thread)
            .is_some_and(|waiting| waiting.handed_out.swap_remove(&page));
        if was_handed_out && let Some(hand_out) = self.handed_out.get_mut(&page) {
            hand_out.failures += 1;
            if hand_out.failures >= self.max_injections {
                self.give_up(fault);
            }
        }
    }

    fn give_up(&mut self, fault: &AddressContext) {
        if self.suppress(*fault) {
            tracing::debug!(va = %fault.va, root = %fault.root, "page does not come in");
            self.stats.given_up += 1;
        }
    }

    /// What a thread waits for, the least often injected first.
    pub(super) fn pending(&self, thread: Thread) -> Vec<AddressContext> {
        let Some(waiting) = self.threads.get(&thread) else {
            return Vec::new();
        };
        let mut pending: Vec<_> = waiting
            .pending
            .iter()
            .filter(|fault| !self.suppressed.contains(fault))
            .copied()
            .collect();
        pending.sort_by_key(|fault| {
            let page = self.handed_out.get(&Page::from(fault));
            page.map_or(0, |page| page.injections)
        });
        pending
    }

    /// Drops a page that a thread waited for, and that is in the page tables.
    pub(super) fn came_in(&mut self, thread: Thread, fault: &AddressContext) {
        let page = Page::from(fault);
        if let Some(hand_out) = self.handed_out.get_mut(&page) {
            hand_out.came_in = true;
        }
        let injected = self
            .threads
            .get(&thread)
            .is_some_and(|waiting| waiting.handed_out.contains(&page));
        self.stats.came_in += u64::from(!injected);
        if let Some(waiting) = self.threads.get_mut(&thread) {
            waiting.pending.retain(|other| Page::from(other) != page);
        }
    }

    /// Hands a page out to a thread; `idle` says that the page tables have it.
    pub(super) fn hand_out(&mut self, thread: Thread, fault: AddressContext, idle: bool) {
        let page = Page::from(&fault);
        let hand_out = self.handed_out.entry(page).or_insert(HandOut {
            fault,
            injections: 0,
            failures: 0,
            idle: 0,
            came_in: false,
            last_run: 0,
        });
        hand_out.fault = fault;
        hand_out.injections = hand_out.injections.saturating_add(1);
        hand_out.idle = if idle { hand_out.idle + 1 } else { 0 };
        hand_out.came_in = false;
        hand_out.last_run = self.runs;

        let waiting = self.threads.entry(thread).or_default();
        waiting.handed_out.insert(page);
        waiting.last_run = self.runs;
        self.history.push_back((self.runs, thread, page));
        self.stats.injections += 1;

        // Most threads come back: what there is to forget stays small.
        let live = self.threads.len() + self.handed_out.len();
        if self.history.len() > 64 + 4 * live {
            let (threads, handed_out) = (&self.threads, &self.handed_out);
            self.history.retain(|(run, thread, page)| {
                let waits = threads
                    .get(thread)
                    .is_some_and(|thread| thread.last_run == *run);
                waits
                    || handed_out
                        .get(page)
                        .is_some_and(|page| page.last_run == *run)
            });
        }
    }

    /// Suppresses a page for a while, and says whether that is new.
    pub(super) fn suppress(&mut self, fault: AddressContext) -> bool {
        self.handed_out.remove(&Page::from(&fault));
        let new = self.suppressed.insert(fault);
        if new {
            self.own.push_back((self.runs, fault));
            self.suppressions += 1;
        }
        new
    }

    /// Suppresses a page that was handed out and that the guest cannot serve.
    pub(super) fn refuse(&mut self, fault: &AddressContext) {
        let page = Page::from(fault);
        let refused: Vec<_> = match self.handed_out.get(&page) {
            Some(hand_out) => [hand_out]
                .into_iter()
                .filter(|page| !page.came_in)
                .collect(),
            // Under KPTI the kernel runs on another root than user mode.
            None => self
                .handed_out
                .iter()
                .filter(|(other, hand_out)| other.number() == page.number() && !hand_out.came_in)
                .map(|(_, hand_out)| hand_out)
                .collect(),
        };
        let refused: Vec<_> = refused.into_iter().map(|hand_out| hand_out.fault).collect();
        for fault in refused {
            tracing::debug!(va = %fault.va, root = %fault.root, "page refused");
            self.stats.refused += u64::from(self.suppress(fault));
        }
    }

    /// Whether a page was handed out and has not been seen since.
    pub(super) fn is_handed_out(&self, fault: &AddressContext) -> bool {
        let page = Page::from(fault);
        match self.handed_out.get(&page) {
            Some(hand_out) => !hand_out.came_in,
            None => self
                .handed_out
                .iter()
                .any(|(other, hand_out)| other.number() == page.number() && !hand_out.came_in),
        }
    }

    /// Forgets all about a translation root, but for the kernel half.
    pub(super) fn forget_root(&mut self, root: Pa) {
        let goes =
            |fault: &AddressContext| !is_kernel_half(fault.va) && frame(fault.root) == frame(root);
        self.threads.retain(|thread, _| thread.root != frame(root));
        self.handed_out.retain(|_, hand_out| !goes(&hand_out.fault));
        let suppressed = &mut self.suppressed;
        self.own.retain(|(_, page)| {
            let goes = goes(page);
            if goes {
                suppressed.remove(page);
            }
            !goes
        });
    }

    pub(super) fn suppressed(&self) -> &SuppressedPages {
        &self.suppressed
    }

    pub(super) fn suppressions(&self) -> u64 {
        self.suppressions
    }

    /// Number of threads that wait for a page.
    pub(super) fn threads(&self) -> usize {
        self.threads.len()
    }
}

/// The frame of a translation root.
pub(super) fn frame(root: Pa) -> u64 {
    root.0 >> PAGE_SHIFT
}
