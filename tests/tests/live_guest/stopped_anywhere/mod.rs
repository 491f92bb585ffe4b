//! Programs that make system calls, in a guest that is stopped wherever it is: in a program, in the
//! kernel, in the kernel with interrupts off.
//!
//! With the veto for Linux nobody is harmed. Without it somebody is, in the same guest: see `harm`.

mod harm;
mod stops;
mod worker;

use std::collections::HashMap;

use anyhow::{Result, ensure};
use prober::{FaultError as _, FaultQueue, amd64};
use vmi_core::{Pa, VmiError};

use self::stops::Stops;
use crate::{
    USER_READ,
    driver::Mode,
    images,
    linux_guest::{LinuxGuest, Workers},
    one_at_a_time,
};

/// How often all pages of a program are to be brought in.
const RUNS: usize = 40;
/// At how many stops in each mode pages are to be missing, at least.
const STOPS_IN_EACH_MODE: usize = 20;

#[test]
#[ignore = "boots a guest: run tests/live/prepare.sh first"]
fn stopped_anywhere() -> Result<()> {
    harmless_with_the_veto(false)
}

#[test]
#[ignore = "boots a guest: run tests/live/prepare.sh first"]
fn stopped_anywhere_with_isolated_page_tables() -> Result<()> {
    harmless_with_the_veto(true)
}

fn harmless_with_the_veto(isolated: bool) -> Result<()> {
    let _turn = one_at_a_time();
    let guest = LinuxGuest::boot(&images()?, Workers::Calling, isolated)?;
    let mut stops = Stops::of(&guest)?;
    let state = if isolated { "on" } else { "off" };
    println!("Programs and kernel stopped anywhere, page-table isolation {state}:");
    nobody_is_harmed(&guest, &mut stops)?;
    harm::follows(&guest, &mut stops)
}

fn nobody_is_harmed(guest: &LinuxGuest, stops: &mut Stops) -> Result<()> {
    let queue = FaultQueue::new().may_inject(amd64::linux_veto);
    let mut runs = 0;
    let mut missing = [0; 3];
    let mut injections: HashMap<Pa, usize> = HashMap::new();
    while runs < RUNS || missing.iter().any(|stops| *stops < STOPS_IN_EACH_MODE) {
        let stop = stops.next(|_| true)?;
        let root = stop.worker.root;
        match stop.read(&queue)? {
            Ok(found) => {
                stop.worker.check(&found)?;
                runs += 1;
                let injections = injections.remove(&root).unwrap_or_default();
                let pages = stop.worker.pages();
                ensure!(injections == pages, "{injections} for {pages} pages");
                guest.ask_to_swap_out(root)?;
                continue;
            }
            Err(VmiError::Translation(fault)) => {
                ensure!(
                    stop.mode == Mode::User,
                    "{fault} is let through in {:?}",
                    stop.mode
                );
                guest.inject(fault)?;
                *injections.entry(root).or_default() += 1;
            }
            // What the veto holds back.
            Err(error) if error.missing().is_some() => {}
            Err(error) => return Err(error.into()),
        }
        missing[stop.mode as usize] += 1;
    }

    let injected = guest.driver().injected();
    for injection in &injected {
        let is_right = injection.mode == Mode::User && injection.error_code == USER_READ;
        ensure!(is_right, "{injection:x?}");
    }
    for worker in stops.workers() {
        guest.program_is_well(worker.root)?;
    }
    guest.kernel_is_well()?;
    let [user, kernel, without_interrupts] = missing;
    println!(
        "{runs:4} runs, {} injections, all of them in user mode; pages were missing at {user} stops there,\n\
         {:10}{kernel} in the kernel, {without_interrupts} in the kernel without interrupts",
        injected.len(),
        "",
    );
    Ok(())
}
