//! The proof that it works: a Debian kernel under QEMU, whose RAM we map, page faults injected into
//! the running guest, and functions that read what was paged out.
//!
//! ```text
//! tests/live/prepare.sh
//! cargo test -p prober-tests --test live_guest -- --ignored --nocapture
//! ```
//!
//! The first command installs the emulator and builds what the guest boots. No part of it needs
//! hardware virtualisation.
//!
//! The guest's program (`tests/live/init.c`) has laid out the same structures several times, over
//! 33 pages each. All are absent: mapped from a file, swapped out, on a block device, never touched;
//! and one is backed by nothing. Each way to read gets structures that nobody has read before.
//!
//! Other guests run several programs. Their process list comes through vmi-os-linux: see `linux`.
//! And they are stopped anywhere, in the kernel too: see `stopped_anywhere`.

mod driver;
mod events;
mod gdb;
mod guest;
mod layout;
mod linux;
mod linux_guest;
mod plain;
mod probed;
mod qemu;
mod ram;
mod stopped_anywhere;

use std::{
    cell::RefCell,
    collections::HashSet,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use indexmap::IndexSet;
use prober::{FaultError, FaultQueue, SuppressedPages, Unavailable, amd64, retry};
use vmi_core::{AddressContext, VmiError};

use crate::{
    driver::Mode,
    events::{Cost, Meter, TouchPager, handle_events},
    gdb::Register,
    guest::{Guest, Vmi},
    layout::{PAGE, SURVEY_PAGES, Set, Signal, Survey, TEXT_PAGES},
};

/// The missing pages of a survey.
const MISSING: usize = SURVEY_PAGES;
/// The error code of a user's read of a page that is not present.
const USER_READ: u32 = 0b100;
/// The longest chain among them, in which each is known only when the one before has been read.
const LONGEST_CHAIN: usize = 3;

#[test]
#[ignore = "boots a guest: run tests/live/prepare.sh first"]
fn absent_pages() -> Result<()> {
    let _turn = one_at_a_time();
    let guest = Guest::boot(&images()?)?;
    let sets = guest.fresh_sets()?;
    println!("A survey of {MISSING} missing pages, one of which nothing backs:");
    plain_operation(&guest, &sets[0], "plain `?`", plain::survey)?;
    plain_operation(
        &guest,
        &sets[1],
        "vmi_core::VmiProber",
        plain::survey_with_prober,
    )?;
    one_fault_at_a_time(&guest, &sets[2])?;
    a_batch_in_one_stop(&guest, &sets[3])?;
    the_guest_is_unharmed(&guest, &sets[..4])?;
    the_guest_would_have_noticed(&guest)?;
    drop_guest(guest)
}

fn images() -> Result<PathBuf> {
    let images = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("live-guest");
    ensure!(
        images.join("initrd.cpio").exists(),
        "nothing to boot in {}: run tests/live/prepare.sh first",
        images.display()
    );
    Ok(images)
}

type PlainOperation = fn(&Vmi, &Set, &IndexSet<AddressContext>) -> Result<Survey, VmiError>;

/// Any operation that reports one missing page at a time.
fn plain_operation(guest: &Guest, set: &Set, name: &str, operation: PlainOperation) -> Result<()> {
    let suppressed = RefCell::new(IndexSet::new());
    let meter = Meter::start(guest);
    let survey = handle_events(
        guest,
        |page| {
            suppressed.borrow_mut().insert(page);
        },
        |vmi| {
            meter.count_run();
            operation(vmi, set, &suppressed.borrow())
        },
    )
    .context(name.to_owned())?;
    let cost = meter.stop();
    cost.print(name);
    set.check(&survey)?;
    ensure!(
        cost.runs == MISSING + 1 && cost.injections == MISSING,
        "{cost:?}"
    );
    Ok(())
}

/// `#[probed]` functions in an event loop.
fn one_fault_at_a_time(guest: &Guest, set: &Set) -> Result<()> {
    let queue = FaultQueue::new().may_inject(amd64::linux_veto);
    let survey = || {
        queued(guest, &queue, |vmi, suppressed| {
            probed::survey(vmi, set, suppressed)
        })
    };

    let (found, cost) = survey()?;
    cost.print("#[probed(options)], FaultQueue");
    set.check(&found)?;
    ensure!(
        cost.runs == 1 + LONGEST_CHAIN && cost.injections == MISSING,
        "{cost:?}"
    );

    // The guest's handler of SIGSEGV has said so, and nobody asks again.
    let hole = guest.context(set.hole());
    ensure!(
        queue.suppressed().contains(&hole),
        "{hole} is not suppressed"
    );
    let (found, cost) = survey()?;
    set.check(&found)?;
    ensure!(cost.runs == 1 && cost.injections == 0, "{cost:?}");

    let (text, cost) = queued(guest, &queue, |vmi, suppressed| {
        probed::text(vmi, set, suppressed)
    })?;
    cost.print("#[probed(options)], FaultQueue: a string over 4 missing pages");
    set.check_text(&text)?;
    ensure!(cost.injections == TEXT_PAGES, "{cost:?}");

    let word = handle_events(
        guest,
        |page| queue.refuse(page),
        |vmi| queue.run_or_skip(vmi, |suppressed| probed::word_in_hole(vmi, set, suppressed)),
    )?;
    ensure!(word.is_none(), "{word:?} in the hole");
    Ok(())
}

/// Runs an operation in the event loop, by way of the queue.
fn queued<T, E: FaultError + Into<VmiError>>(
    guest: &Guest,
    queue: &FaultQueue,
    operation: impl Fn(&Vmi, &SuppressedPages) -> Result<T, E>,
) -> Result<(T, Cost)> {
    let meter = Meter::start(guest);
    let value = handle_events(
        guest,
        |page| queue.refuse(page),
        |vmi| {
            queue.run(vmi, |suppressed| {
                meter.count_run();
                operation(vmi, suppressed)
            })
        },
    )?;
    Ok((value, meter.stop()))
}

/// The same functions, with a pager that serves a whole batch while we wait.
fn a_batch_in_one_stop(guest: &Guest, set: &Set) -> Result<()> {
    let mut pager = TouchPager::new(guest);
    let mut suppressed = SuppressedPages::new();

    let meter = Meter::start(guest);
    let registers = guest.next_event()?;
    let survey = retry(&mut pager, &mut suppressed, |suppressed| {
        meter.count_run();
        guest.with_state(&registers, |vmi| probed::survey(vmi, set, suppressed))
    })?;
    let cost = meter.stop();
    cost.print("#[probed(options)], retry: the guest's program touches a batch");
    set.check(&survey)?;
    ensure!(
        cost.runs == 1 + LONGEST_CHAIN && cost.injections == 0,
        "{cost:?}"
    );
    ensure!(
        pager.batches() == LONGEST_CHAIN,
        "{} batches",
        pager.batches()
    );
    let hole = guest.context(set.hole());
    ensure!(suppressed.contains(&hole), "{hole} is not suppressed");

    let text = retry(&mut pager, &mut suppressed, |suppressed| {
        guest.with_state(&registers, |vmi| probed::text(vmi, set, suppressed))
    })?;
    set.check_text(&text)?;

    let word = retry(&mut pager, &mut suppressed, |suppressed| {
        guest.with_state(&registers, |vmi| probed::word_in_hole(vmi, set, suppressed))
    });
    let needed = word.as_ref().err().and_then(Unavailable::of);
    ensure!(
        needed.is_some_and(|needed| needed.pages().contains(&hole)),
        "{word:?}"
    );
    Ok(())
}

/// Every page was injected once, with the right error code. The holes alone led to signals, one
/// each. No register was changed.
fn the_guest_is_unharmed(guest: &Guest, sets: &[Set]) -> Result<()> {
    let mut pages = HashSet::new();
    for injection in guest.vmi().driver().injected() {
        let is_right = injection.mode == Mode::User && injection.error_code == USER_READ;
        ensure!(is_right, "{injection:x?}");
        ensure!(
            pages.insert(injection.fault.va.0 / PAGE),
            "again: {injection:x?}"
        );
    }
    guest.next_event()?;
    let info = guest.info()?;
    ensure!(
        info.mismatches == 0,
        "{} registers changed",
        info.mismatches
    );

    let signals = guest.signals_after(0)?;
    let is_right = |(signal, set): (&Signal, &Set)| {
        signal.address == set.hole().0 && signal.error_code == u64::from(USER_READ)
    };
    ensure!(
        signals.len() == sets.len() && signals.iter().zip(sets).all(is_right),
        "signals: {signals:x?}"
    );

    // The kernel says what it sends to process 1, also where that handles it.
    for line in guest.qemu().borrow().serial().lines() {
        let is_bad = ["BUG", "Oops", "panic"]
            .iter()
            .any(|bad| line.contains(bad))
            || line.contains("segfault") && !line.contains("error 4 ");
        ensure!(!is_bad, "the guest said: {line}");
    }
    Ok(())
}

/// The program does look at its registers.
fn the_guest_would_have_noticed(guest: &Guest) -> Result<()> {
    guest.change_register(Register::RBX, |value| !value)?;
    guest.next_event()?;
    let mismatches = guest.info()?.mismatches;
    ensure!(mismatches == 1, "{mismatches} for one changed register");
    Ok(())
}

/// A guest that hangs, one that has ended: the error says so, and says what was last seen.
/// And neither leaves a process.
#[test]
#[ignore = "boots a guest: run tests/live/prepare.sh first"]
fn dead_guests() -> Result<()> {
    let _turn = one_at_a_time();
    let mut guest = Guest::boot(&images()?)?;
    guest.set_limit(Duration::from_millis(500));
    // Its handler returns to the fault, for ever.
    let hole = guest.fresh_sets()?[0].hole();
    guest.change_register(Register::RIP, |_| hole.0)?;
    expect_report(
        &guest,
        &["no heartbeat", "rip 0x", "the emulator runs", "READY"],
    )?;
    drop_guest(guest)?;

    let guest = Guest::boot(&images()?)?;
    // The kernel panics without its first process, and the emulator ends rather than reboot.
    let fatal = guest.info()?.fatal;
    guest.change_register(Register::RIP, |_| fatal)?;
    let expected = [
        "the emulator has ended",
        "exit status: 0",
        "Attempted to kill init",
    ];
    expect_report(&guest, &expected)?;
    drop_guest(guest)
}

fn expect_report(guest: &Guest, expected: &[&str]) -> Result<()> {
    let Err(report) = guest.next_event() else {
        bail!("an event of a dead guest");
    };
    let report = format!("{report:#}");
    for part in expected {
        ensure!(report.contains(part), "no `{part}` in: {report}");
    }
    Ok(())
}

fn drop_guest(guest: Guest) -> Result<()> {
    let traces = guest.qemu().borrow().traces();
    drop(guest);
    for trace in traces {
        ensure!(!trace.exists(), "{} is left", trace.display());
    }
    Ok(())
}

/// Two guests at once would get in each other's way, on a machine with two processors.
fn one_at_a_time() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}
