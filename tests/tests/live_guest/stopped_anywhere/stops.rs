//! Stops at random.

use std::{marker::PhantomData, time::Duration};

use anyhow::{Result, bail};
use prober::FaultQueue;
use vmi_core::{VmiError, os::NoOS};

use super::worker::{Worker, arguments};
use crate::{
    driver::{Mode, root},
    gdb::RawRegisters,
    linux_guest::LinuxGuest,
};

/// How long the guest runs at most between two stops: less than its timer's period.
const LONGEST: Duration = Duration::from_millis(2);
/// How many stops a test may take. It takes hundreds.
const LIMIT: usize = 20_000;

pub(crate) struct Stops<'a> {
    guest: &'a LinuxGuest,
    workers: Vec<Worker>,
    dice: u64,
    left: usize,
}

/// A stop while a worker runs, or the kernel in its address space.
pub(crate) struct Stop<'a> {
    guest: &'a LinuxGuest,
    pub(crate) worker: &'a Worker,
    pub(crate) mode: Mode,
}

impl<'a> Stops<'a> {
    pub(crate) fn of(guest: &'a LinuxGuest) -> Result<Self> {
        Ok(Self {
            guest,
            workers: Worker::find(guest)?,
            dice: 0x9e37_79b9_7f4a_7c15,
            left: LIMIT,
        })
    }

    pub(crate) fn workers(&self) -> &[Worker] {
        &self.workers
    }

    /// The next stop that is wanted, unless the worker is about to swap its pages out.
    pub(crate) fn next(&mut self, is_wanted: impl Fn(&RawRegisters) -> bool) -> Result<Stop<'_>> {
        while self.left > 0 {
            self.left -= 1;
            let time = self.roll();
            let registers = self.guest.stop_after(time)?;
            let root = self.guest.kernel_root(root(&registers));
            let worker = self.workers.iter().position(|worker| worker.root == root);
            if let Some(worker) = worker
                && is_wanted(&registers)
                && !self.guest.is_swapping_out(root)?
            {
                return Ok(Stop {
                    guest: self.guest,
                    worker: &self.workers[worker],
                    mode: Mode::of(&registers),
                });
            }
        }
        bail!("no end after {LIMIT} stops")
    }

    /// Any time up to the longest.
    fn roll(&mut self) -> Duration {
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 7;
        self.dice ^= self.dice << 17;
        LONGEST * u32::from(self.dice.to_le_bytes()[7]) / u32::from(u8::MAX)
    }
}

impl Stop<'_> {
    /// Reads what the worker has swapped out, by way of the queue.
    pub(crate) fn read(&self, queue: &FaultQueue) -> Result<Result<Vec<u8>, VmiError>> {
        self.guest.with_state(&NoOS(PhantomData), |vmi| {
            queue.run(vmi, |suppressed| arguments(vmi, self.worker, suppressed))
        })
    }
}
