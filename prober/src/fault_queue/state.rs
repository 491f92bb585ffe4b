//! What the clones of a `FaultQueue` share: the bookkeeping, without the guest.

mod hand_outs;
mod operation;
mod suppressions;
mod thread;
mod waiters;
mod waiting;

#[cfg(test)]
mod tests;

use std::rc::Rc;

use vmi_core::{AddressContext, Pa};

use self::{hand_outs::HandOuts, suppressions::Suppressions, waiters::Waiters};
pub(super) use self::{
    operation::{Operation, Waiter},
    thread::Thread,
    waiting::{Lane, Pending, Waiting},
};
use super::{Stats, settings::Settings};
use crate::{
    PageFaults, SuppressedPages,
    fault_error::warn_of_single_faults,
    page::{Page, frame},
};

/// How many of the pages that a job waits for are named to the caller.
const MOST_NAMED: usize = 512;

#[derive(Debug)]
pub(super) struct State {
    pub(super) settings: Settings,
    pub(super) stats: Stats,

    /// Number of the current run.
    runs: u64,

    /// How often an operation failed with an error that holds one fault only.
    single_faults: u32,

    suppressions: Suppressions,
    hand_outs: HandOuts,
    pub(super) waiters: Waiters,
}

impl State {
    pub(super) fn new(suppressed: SuppressedPages) -> Self {
        Self {
            settings: Settings::default(),
            stats: Stats::default(),
            runs: 0,
            single_faults: 0,
            suppressions: Suppressions::new(suppressed),
            hand_outs: HandOuts::default(),
            waiters: Waiters::default(),
        }
    }

    /// Begins a run for a waiter, and forgets what is over. Returns `true` in
    /// the usual case: no thread or job waits, and no page is handed out.
    #[inline]
    pub(super) fn begin(&mut self, waiter: Waiter) -> bool {
        self.runs += 1;
        self.suppressions
            .expire(self.runs, self.settings.max_suppressed);
        let is_quiet = self.waiters.is_empty() && self.hand_outs.is_empty();
        if !is_quiet {
            let before = self.runs.saturating_sub(self.settings.forget_after);
            self.waiters.forget_before(before);
            self.waiters.meet(waiter, self.runs, false);
        }
        is_quiet
    }

    /// Meets an event that can serve some lanes, and gives up what a job has
    /// waited for too long.
    pub(super) fn step(&mut self, waiter: Waiter, lanes: impl Iterator<Item = Lane>) {
        let wait = self.settings.wait_for_space;
        let given_up = self.waiters.change(waiter, |waiting| {
            waiting.step(lanes);
            match waiter {
                Waiter::Thread(_) => 0,
                Waiter::Job(_) => waiting.give_up_overdue(wait),
            }
        });
        self.stats.given_up += given_up.unwrap_or(0) as u64;
    }

    /// An operation failed with an error that can hold one fault only, so that
    /// each page takes a run of it. Says so once.
    pub(super) fn met_one_fault(&mut self, error: &str) {
        self.single_faults = self.single_faults.saturating_add(1);
        // One such run costs nothing; with the second it is slow.
        if self.single_faults == 2 {
            warn_of_single_faults(error);
        }
    }

    /// Records the batch of an operation, without pages that are suppressed. A
    /// thread waits only for pages that its own events can serve.
    pub(super) fn wait_for(
        &mut self,
        waiter: Waiter,
        batch: &PageFaults,
        can_serve: impl Fn(Lane) -> bool,
    ) {
        self.waiters.meet(waiter, self.runs, true);
        if let Waiter::Thread(_) = waiter {
            // What the veto held back is in the batch again.
            self.waiters.change(waiter, Waiting::clear);
        }
        let most = self.waiters.room(waiter, &self.settings);
        let any = matches!(waiter, Waiter::Job(_));
        let mut pages = batch
            .iter()
            .filter(|fault| any || can_serve(Lane::of(fault)));
        let hand_outs = &self.hand_outs;
        self.waiters.change(waiter, |waiting| {
            for fault in pages.by_ref().take(most) {
                waiting.push(*fault, hand_outs.unserved(&Page::from(fault)));
            }
        });
        // The next run meets them again.
        self.stats.dropped += pages.count() as u64;
        self.stats.dropped += self.waiters.shrink(waiter, &self.settings);
    }

    /// Counts the runs of a job's operation that end in a batch although no page
    /// was handed out. If there are too many, the batch is given up.
    pub(super) fn gives_up_in_vain(&mut self, waiter: Waiter, batch: &PageFaults) -> bool {
        let most = self.settings.max_injections_in_all;
        let given_up = self.waiters.change(waiter, |waiting| {
            waiting.runs_in_vain += 1;
            let in_vain = waiting.runs_in_vain > most.max(1);
            if in_vain {
                waiting.give_up(batch.iter().copied());
            }
            in_vain
        });
        matches!(waiter, Waiter::Job(_)) && given_up == Some(true)
    }

    /// A thread is back from its page, and that is in the page tables.
    pub(super) fn is_back_and_has(
        &mut self,
        waiter: Waiter,
        thread: Thread,
        fault: &AddressContext,
    ) {
        self.came_in(waiter, fault);
        self.waiters
            .change(waiter, |waiting| waiting.is_back(thread, true));
    }

    /// A thread is back from its page, and misses it. If that was once too
    /// often, the page is given up.
    pub(super) fn is_back_and_misses(
        &mut self,
        operation: &Operation,
        thread: Thread,
        fault: &AddressContext,
    ) {
        let over = self.misses(operation, thread, fault);
        self.waiters
            .change(operation.waiter, |waiting| waiting.is_back(thread, over));
    }

    /// A thread misses a page. Returns whether that was once too often, or the
    /// page is suppressed: then it is not to be handed out again.
    pub(super) fn misses(
        &mut self,
        operation: &Operation,
        thread: Thread,
        fault: &AddressContext,
    ) -> bool {
        let page = Page::from(fault);
        self.hand_outs.missed(&page, thread);
        if self.hand_outs.is_spent(&page, operation, &self.settings) {
            self.give_up(fault);
        }
        self.suppressed().contains(fault)
    }

    /// Suppresses a page that does not come in, however often it is injected.
    fn give_up(&mut self, fault: &AddressContext) {
        if self.suppress(*fault) {
            tracing::debug!(va = %fault.va, root = %fault.root, "page does not come in");
            self.stats.given_up += 1;
        }
    }

    /// A page is in the page tables that a waiter waited for.
    pub(super) fn came_in(&mut self, waiter: Waiter, fault: &AddressContext) {
        let page = Page::from(fault);
        self.suppressions.came_in(&page);
        if self.hand_outs.came_in(&page) {
            self.stats.served += 1;
        } else {
            self.stats.came_in += 1;
        }
        self.waiters.change(waiter, |waiting| waiting.got_on(fault));
    }

    /// Hands a page out to a thread. It stays pending only if the operation
    /// itself missed it and the page tables lack it.
    pub(super) fn hand_out(
        &mut self,
        operation: Operation,
        thread: Thread,
        fault: AddressContext,
        kind: HandOutKind,
    ) {
        tracing::debug!(va = %fault.va, root = %fault.root, "handing out a page fault");
        let idle = kind == HandOutKind::Idle;
        let most = self.settings.max_hand_outs;
        self.stats.dropped += self.hand_outs.add(fault, operation, thread, idle, most);
        self.stats.injections += 1;

        let unserved = self.hand_outs.unserved(&Page::from(&fault));
        let waiter = operation.waiter;
        self.waiters.meet(waiter, self.runs, true);
        self.waiters.change(waiter, |waiting| {
            waiting.hand_out(fault, thread, unserved, kind == HandOutKind::Missing);
        });
        self.stats.dropped += self.waiters.shrink(waiter, &self.settings);
    }

    /// Suppresses a page for a while. Returns whether that is new.
    pub(super) fn suppress(&mut self, fault: AddressContext) -> bool {
        self.hand_outs.forget(&Page::from(&fault));
        let new = self
            .suppressions
            .insert(fault, self.runs, self.settings.suppress_for);
        self.stats.dropped += self.suppressions.shrink_to(self.settings.max_suppressed);
        new
    }

    /// Suppresses a page that the guest cannot serve, if it was handed out.
    pub(super) fn refuse(&mut self, fault: AddressContext) {
        let page = Page::from(&fault);
        if !self.hand_outs.is_under_way(&page) {
            return;
        }
        // By the address that was handed out.
        let fault = self.hand_outs.forget(&page).unwrap_or(fault);
        tracing::debug!(va = %fault.va, root = %fault.root, "page refused");
        self.stats.refused += u64::from(self.suppress(fault));
    }

    /// Whether a page was handed out and has not been seen since.
    pub(super) fn is_handed_out(&self, fault: &AddressContext) -> bool {
        self.hand_outs.is_under_way(&Page::from(fault))
    }

    /// The fault of an address that exactly one address space was handed,
    /// where `root` is not known to be another one.
    pub(super) fn only_hand_out_at(&self, fault: &AddressContext) -> Option<AddressContext> {
        let number = Page::from(fault).number();
        let (pages, is_another) = self.hand_outs.roots_of(number, frame(fault.root));
        match pages[..] {
            [page] if !is_another => self.hand_outs.fault_of(&page),
            _ => None,
        }
    }

    /// Ends an operation that gave a value.
    pub(super) fn end(&mut self, operation: &Operation) {
        self.waiters.end(operation.waiter);
        self.hand_outs.end(operation);
    }

    /// Ends an operation that gave anything else: nothing stays pending.
    pub(super) fn end_in_vain(&mut self, operation: &Operation) {
        self.waiters.end(operation.waiter);
        self.hand_outs.end_in_vain(operation);
    }

    /// Forgets all about a translation root but what the caller suppressed.
    pub(super) fn forget_root(&mut self, root: Pa) {
        self.waiters.forget_root(frame(root));
        self.hand_outs.forget_root(root);
        self.suppressions.forget_root(root);
    }

    /// Whether a waiter waits for pages.
    pub(super) fn is_waiting(&self, waiter: Waiter) -> bool {
        let waiting = self.waiters.get(waiter);
        waiting.is_some_and(|waiting| !waiting.is_empty())
    }

    /// Some of the pages that a waiter waits for.
    pub(super) fn wanted(&self, waiter: Waiter) -> PageFaults {
        let waiting = self.waiters.get(waiter);
        waiting.map_or_else(PageFaults::new, |waiting| waiting.some(MOST_NAMED))
    }

    pub(super) fn suppressed(&self) -> &Rc<SuppressedPages> {
        self.suppressions.all()
    }

    /// Counts a call of an operation. Returns what is suppressed for it.
    #[inline]
    pub(super) fn call(&mut self, waiter: Waiter) -> Rc<SuppressedPages> {
        self.stats.operation_runs += 1;
        self.suppressed_for(waiter)
    }

    /// What is suppressed for an operation of this waiter.
    pub(super) fn suppressed_for(&self, waiter: Waiter) -> Rc<SuppressedPages> {
        let mut suppressed = Rc::clone(self.suppressed());
        if let Waiter::Job(_) = waiter
            && let Some(waiting) = self.waiters.get(waiter)
            && waiting.has_given_up()
        {
            waiting.suppress_given_up(Rc::make_mut(&mut suppressed));
        }
        suppressed
    }

    /// How many pages the queue itself has ever suppressed.
    pub(super) fn suppressions(&self) -> u64 {
        self.suppressions.ever()
    }
}

/// Why a page is handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HandOutKind {
    /// The operation missed it, and the page tables lack it.
    Missing,

    /// The operation missed it, although the page tables have it.
    Idle,

    /// The OS layer missed it when it was asked about another page.
    Question,
}
