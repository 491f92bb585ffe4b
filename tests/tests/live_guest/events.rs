//! The two ways to have pages brought in, and what they cost.

use std::{
    cell::Cell,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};
use prober::{PageFaults, PageIn, SuppressedPages, amd64};
use vmi_core::{AddressContext, Va, VmiError};

use crate::{
    driver::VCPU,
    guest::{Guest, Vmi},
};

/// How many events an operation may take. It needs one for each missing page, and one more.
const EVENT_LIMIT: usize = 1000;

/// An event loop as vmi-utils has one: the handler runs at each event, a missing page that it fails
/// with is injected, and the guest runs on. Our event is that the program is in its loop.
///
/// `refused` hears of each address that the program met a SIGSEGV for.
pub(crate) fn handle_events<T>(
    guest: &Guest,
    mut refused: impl FnMut(AddressContext),
    mut handler: impl FnMut(&Vmi) -> Result<T, VmiError>,
) -> Result<T> {
    let mut known = guest.info()?.signals;
    for _ in 0..EVENT_LIMIT {
        let registers = guest.next_event()?;
        for signal in guest.signals_after(known)? {
            refused(guest.context(Va(signal.address)));
            known += 1;
        }
        match guest.with_state(&registers, &mut handler) {
            Ok(value) => return Ok(value),
            Err(VmiError::Translation(fault)) => {
                let interrupt = amd64::page_fault(&registers, fault);
                guest.vmi().inject_interrupt(VCPU, interrupt)?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    bail!("no end after {EVENT_LIMIT} events");
}

/// A pager that has the guest's program touch the pages of a batch, in one stop for all of them.
pub(crate) struct TouchPager<'a> {
    guest: &'a Guest,
    batches: usize,
}

impl<'a> TouchPager<'a> {
    pub(crate) fn new(guest: &'a Guest) -> Self {
        Self { guest, batches: 0 }
    }

    pub(crate) fn batches(&self) -> usize {
        self.batches
    }
}

impl PageIn for TouchPager<'_> {
    fn page_in(
        &mut self,
        faults: &PageFaults,
        refused: &mut SuppressedPages,
    ) -> Result<(), VmiError> {
        self.batches += 1;
        let addresses: Vec<_> = faults.into_iter().map(|fault| fault.va).collect();
        let failed = self
            .guest
            .touch(&addresses)
            .map_err(|error| VmiError::Driver(error.into()))?;
        refused.extend(
            failed
                .into_iter()
                .map(|address| self.guest.context(address)),
        );
        Ok(())
    }
}

/// Counts what an operation costs.
pub(crate) struct Meter<'a> {
    guest: &'a Guest,
    start: Instant,
    runs: Cell<usize>,
    injections: usize,
    stops: usize,
}

#[derive(Debug)]
pub(crate) struct Cost {
    pub(crate) runs: usize,
    pub(crate) injections: usize,
    pub(crate) stops: usize,
    time: Duration,
}

impl<'a> Meter<'a> {
    pub(crate) fn start(guest: &'a Guest) -> Self {
        let driver = guest.vmi().driver();
        Self {
            guest,
            start: Instant::now(),
            runs: Cell::new(0),
            injections: driver.injected().len(),
            stops: driver.stops(),
        }
    }

    /// To be called by the operation.
    pub(crate) fn count_run(&self) {
        self.runs.update(|runs| runs + 1);
    }

    pub(crate) fn stop(self) -> Cost {
        let driver = self.guest.vmi().driver();
        Cost {
            runs: self.runs.get(),
            injections: driver.injected().len() - self.injections,
            stops: driver.stops() - self.stops,
            time: self.start.elapsed(),
        }
    }
}

impl Cost {
    pub(crate) fn print(&self, name: &str) {
        println!(
            "{:4} runs, {:2} injections, {:2} stops, {:4} ms: {name}",
            self.runs,
            self.injections,
            self.stops,
            self.time.as_millis(),
        );
    }
}
