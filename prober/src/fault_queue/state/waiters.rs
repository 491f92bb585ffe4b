//! All threads and jobs that wait for pages, within the bounds of the settings.

use std::collections::{BTreeMap, HashMap};

use foldhash::fast::RandomState;

use super::{Thread, Waiter, waiting::Waiting};
use crate::fault_queue::settings::Settings;

/// All that wait for pages. What they cost is bounded: past the bounds, the one
/// that was not met for longest is dropped.
#[derive(Debug, Default)]
pub(in crate::fault_queue) struct Waiters {
    threads: HashMap<Thread, Waiting, RandomState>,

    /// The threads by the run that met them last: a run meets one.
    by_age: BTreeMap<u64, Thread>,

    jobs: HashMap<u64, Waiting, RandomState>,
    next_job: u64,

    /// How many pages are pending in all.
    pages: usize,
}

impl Waiters {
    pub(in crate::fault_queue) fn threads(&self) -> usize {
        self.threads.len()
    }

    /// Whether there is no thread that waits, and no job.
    pub(super) fn is_empty(&self) -> bool {
        self.threads.is_empty() && self.jobs.is_empty()
    }

    pub(in crate::fault_queue) fn new_job(&mut self) -> u64 {
        self.next_job += 1;
        self.jobs.insert(self.next_job, Waiting::default());
        self.next_job
    }

    pub(in crate::fault_queue) fn get(&self, waiter: Waiter) -> Option<&Waiting> {
        match waiter {
            Waiter::Thread(thread) => self.threads.get(&thread),
            Waiter::Job(job) => self.jobs.get(&job),
        }
    }

    /// Changes what is known about a waiter, if anything is.
    pub(in crate::fault_queue) fn change<R>(
        &mut self,
        waiter: Waiter,
        change: impl FnOnce(&mut Waiting) -> R,
    ) -> Option<R> {
        let waiting = match waiter {
            Waiter::Thread(thread) => self.threads.get_mut(&thread),
            Waiter::Job(job) => self.jobs.get_mut(&job),
        }?;
        let before = waiting.len();
        let result = change(waiting);
        self.pages = self.pages + waiting.len() - before;
        Some(result)
    }

    /// Records that a run concerns a waiter. Does nothing for a waiter that
    /// neither waits nor is about to.
    pub(super) fn meet(&mut self, waiter: Waiter, run: u64, is_to_wait: bool) {
        let waiting = match waiter {
            Waiter::Thread(thread) if is_to_wait => Some(self.threads.entry(thread).or_default()),
            Waiter::Thread(thread) => self.threads.get_mut(&thread),
            Waiter::Job(job) => self.jobs.get_mut(&job),
        };
        let Some(waiting) = waiting else { return };
        let met = std::mem::replace(&mut waiting.run, run);
        if let Waiter::Thread(thread) = waiter {
            self.by_age.remove(&met);
            self.by_age.insert(run, thread);
        }
    }

    /// Ends the wait of a thread, or of a job's operation.
    pub(super) fn end(&mut self, waiter: Waiter) {
        match waiter {
            Waiter::Thread(thread) => {
                self.remove_thread(thread);
            }
            Waiter::Job(_) => {
                self.change(waiter, Waiting::end);
            }
        }
    }

    /// Forgets a job.
    pub(in crate::fault_queue) fn remove_job(&mut self, job: u64) {
        if let Some(waiting) = self.jobs.remove(&job) {
            self.pages -= waiting.len();
        }
    }

    /// Forgets a thread. Returns how many pages it waited for.
    fn remove_thread(&mut self, thread: Thread) -> usize {
        let Some(waiting) = self.threads.remove(&thread) else {
            return 0;
        };
        self.by_age.remove(&waiting.run);
        self.pages -= waiting.len();
        waiting.len()
    }

    /// Forgets the threads that were not met since a run.
    pub(super) fn forget_before(&mut self, run: u64) {
        while let Some((&met, &thread)) = self.by_age.first_key_value()
            && met < run
        {
            self.remove_thread(thread);
        }
    }

    /// Forgets the threads of a translation root, and what jobs wait for there.
    pub(super) fn forget_root(&mut self, root: u64) {
        let threads = self.threads.keys().filter(|thread| thread.root == root);
        for thread in threads.copied().collect::<Vec<_>>() {
            self.remove_thread(thread);
        }
        for waiting in self.jobs.values_mut() {
            self.pages -= waiting.drop_lane(super::Lane::User(root));
        }
    }

    /// Drops threads and pages until the bounds are kept. The waiter that has
    /// just been met goes last. Returns how many pages were dropped.
    pub(super) fn shrink(&mut self, met: Waiter, settings: &Settings) -> u64 {
        let mut dropped = 0;
        while self.threads.len() > settings.max_threads.max(1)
            && let Some((_, &thread)) = self.by_age.first_key_value()
        {
            dropped += self.remove_thread(thread);
        }
        while self.pages > settings.max_pending {
            let thread = self
                .by_age
                .iter()
                .find(|(_, thread)| met != Waiter::Thread(**thread));
            let job = self
                .jobs
                .iter()
                .filter(|(job, waiting)| met != Waiter::Job(**job) && !waiting.is_empty())
                .min_by_key(|(_, waiting)| waiting.run)
                .map(|(&job, waiting)| (waiting.run, job));
            dropped += match (thread, job) {
                (Some((&run, &thread)), job) if job.is_none_or(|(other, _)| run < other) => {
                    self.remove_thread(thread)
                }
                (_, Some((_, job))) => {
                    // Its operation runs again.
                    self.change(Waiter::Job(job), Waiting::clear).unwrap_or(0)
                }
                _ => break,
            };
        }
        dropped as u64
    }

    /// How many pages one waiter may add.
    pub(super) fn room(&self, waiter: Waiter, settings: &Settings) -> usize {
        let has = self.get(waiter).map_or(0, Waiting::len);
        settings.max_pending.max(1).saturating_sub(has)
    }
}
