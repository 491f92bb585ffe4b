//! A process list through the unmodified vmi-os-linux, of a guest whose processes' command lines
//! are swapped out.
//!
//! Linux does not page its kernel's memory. What a tool misses is what it reads in the memory of the
//! processes themselves, each of which has an address space of its own.

mod btf;
mod dump;
mod profile;
mod tool;

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeSet, HashSet},
};

use anyhow::{Context, Result, bail, ensure};
use prober::{FaultError, FaultQueue, PageFaults, Step, SuppressedPages, amd64};
use vmi_arch_amd64::Amd64;
use vmi_core::{Pa, VcpuId, VmiCore, VmiError, VmiSession, VmiState, os::ProcessId};
use vmi_driver_kdmp::VmiKdmpDriver;
use vmi_os_linux::LinuxOs;

use self::{
    profile::{Fields, LinuxProfile},
    tool::Row,
};
use crate::{
    driver::LiveDriver,
    images,
    layout::{PAGE, WORKERS, arguments},
    linux_guest::{LinuxGuest, TURN, Workers},
    one_at_a_time,
};

/// How many events a list may take.
const EVENT_LIMIT: usize = 1000;

type Vmi<'a> = VmiState<'a, LinuxOs<LiveDriver>>;

/// What a list cost.
struct Cost {
    runs: usize,
    injections: usize,
}

#[test]
#[ignore = "boots a guest: run tests/live/prepare.sh first"]
fn process_list() -> Result<()> {
    lists(false)
}

#[test]
#[ignore = "boots a guest: run tests/live/prepare.sh first"]
fn process_list_with_isolated_page_tables() -> Result<()> {
    lists(true)
}

fn lists(isolated: bool) -> Result<()> {
    let _turn = one_at_a_time();
    let state = if isolated { "on" } else { "off" };
    println!("A process list through vmi-os-linux, page-table isolation {state}:");
    let plain = list(isolated, "plain `?`", plain_list)?;
    ensure!(plain.runs == plain.injections + 1, "{} runs", plain.runs);
    let options = list(
        isolated,
        "#[probed(options)], FaultQueue",
        |guest, profile| queued(guest, profile, tool::options),
    )?;
    let batch = Cell::new(0);
    let kept = list(isolated, "#[probed], FaultQueue", |guest, profile| {
        batch.set(dumped(guest, profile)?);
        queued(guest, profile, tool::kept)
    })?;
    ensure!(
        batch.get() == kept.injections,
        "the dump lacks {} pages, the guest {}",
        batch.get(),
        kept.injections
    );
    let job = list(isolated, "#[probed], Job", as_job)?;
    // All pages are found at once, whichever process owns them.
    ensure!(job.runs == 2, "{} runs of the job", job.runs);
    // How many exactly depends on which process the guest's scheduler lets run when.
    for probed in [options, kept] {
        ensure!(probed.runs < plain.runs / 2, "{} runs", probed.runs);
    }
    Ok(())
}

/// Boots a guest, whose pages can be missing only once, and lists its processes.
fn list(
    isolated: bool,
    name: &str,
    way: impl FnOnce(&LinuxGuest, &LinuxProfile) -> Result<(Vec<Row>, usize)>,
) -> Result<Cost> {
    let guest = LinuxGuest::boot(&images()?, Workers::Spinning, isolated)?;
    let profile = LinuxProfile::of(&guest)?;
    let (rows, runs) = way(&guest, &profile)?;
    let cost = Cost {
        runs,
        injections: guest.driver().injected().len(),
    };
    println!(
        "{:4} runs, {:2} injections: {name}",
        cost.runs, cost.injections
    );
    check_rows(&rows)?;
    check_injections(&guest, &rows)?;
    nobody_is_harmed(&guest, &rows)?;
    Ok(cost)
}

/// As a tool does it today: inject what the list fails with, list again.
fn plain_list(guest: &LinuxGuest, profile: &LinuxProfile) -> Result<(Vec<Row>, usize)> {
    let os = profile.os()?;
    for runs in 1..EVENT_LIMIT {
        match guest.with_state(&os, |vmi| tool::plain(vmi, profile.fields))? {
            Ok(rows) => return Ok((rows, runs)),
            Err(VmiError::Translation(fault)) => {
                guest.stop_in_user_mode(|root| root == fault.root)?;
                guest.inject(fault)?;
                guest.stop_in_user_mode(|root| root == fault.root)?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    bail!("no list after {EVENT_LIMIT} runs");
}

/// With the queue, at each event of a process whose pages are missing.
fn queued(
    guest: &LinuxGuest,
    profile: &LinuxProfile,
    operation: fn(&Vmi, Fields, &SuppressedPages) -> prober::Result<Vec<Row>>,
) -> Result<(Vec<Row>, usize)> {
    let os = profile.os()?;
    let queue = FaultQueue::new().may_inject(amd64::linux_veto);
    let runs = Cell::new(0);
    let missing = RefCell::new(HashSet::new());
    for _ in 0..EVENT_LIMIT {
        let result = guest.with_state(&os, |vmi| {
            queue.run(vmi, |suppressed| {
                runs.update(|runs| runs + 1);
                let rows = operation(vmi, profile.fields, suppressed);
                *missing.borrow_mut() = roots(rows.as_ref().err());
                rows
            })
        })?;
        match result {
            Ok(rows) => return Ok((rows, runs.get())),
            Err(VmiError::Translation(fault)) => guest.inject(fault)?,
            // Pages of other processes only.
            Err(error) if error.missing().is_some() => {}
            Err(error) => return Err(error.into()),
        }
        guest.stop_in_user_mode(|root| missing.borrow().contains(&root))?;
    }
    bail!("no list after {EVENT_LIMIT} events");
}

/// As a job, at each stop of the guest, wherever that is.
fn as_job(guest: &LinuxGuest, profile: &LinuxProfile) -> Result<(Vec<Row>, usize)> {
    let os = profile.os()?;
    let job = FaultQueue::new().may_inject(amd64::linux_veto).job();
    let runs = Cell::new(0);
    for _ in 0..EVENT_LIMIT {
        let step = guest.with_state(&os, |vmi| {
            job.step(vmi, |suppressed| {
                runs.update(|runs| runs + 1);
                tool::kept(vmi, profile.fields, suppressed)
            })
        })?;
        match step {
            Step::Done(rows) => return Ok((rows, runs.get())),
            Step::Inject(fault) => guest.inject(fault)?,
            // The kernel was stopped, or a process whose pages are there.
            Step::NotNow(_) => {}
            other => bail!("the job's step is {other:?}"),
        }
        guest.stop_after(TURN)?;
    }
    bail!("no list after {EVENT_LIMIT} events");
}

/// The address spaces in which an operation missed pages.
fn roots(error: Option<&prober::ProbeError>) -> HashSet<Pa> {
    let faults = error.and_then(prober::ProbeError::page_faults);
    faults
        .into_iter()
        .flatten()
        .map(|fault| fault.root)
        .collect()
}

/// The same list of a dump: what is missing comes as one batch. Returns how many pages that are.
fn dumped(guest: &LinuxGuest, profile: &LinuxProfile) -> Result<usize> {
    let folder = guest.folder();
    let path = folder.join("memory.dmp");
    let entry = guest.symbol("entry_SYSCALL_64")?;
    dump::write(
        &path,
        &folder.join("ram"),
        Pa(guest.registers()?.cr3.0),
        entry,
    )?;

    let core = VmiCore::new(VmiKdmpDriver::<Amd64>::new(&path)?)?;
    let os = profile.os()?;
    let registers = core.registers(VcpuId(0))?;
    let session = VmiSession::new(&core, &os);
    let vmi = session.with_registers(&registers);
    let found = match tool::kept(&vmi, profile.fields, &SuppressedPages::new()) {
        Ok(_) => bail!("no page is missing in the dump"),
        Err(error) => error.into_page_faults()?,
    };
    let alive = guest.with_state(&profile.os()?, |vmi| {
        tool::kept(vmi, profile.fields, &SuppressedPages::new())
    })?;
    let expected: PageFaults = match alive {
        Ok(_) => bail!("no page is missing in the guest"),
        Err(error) => error.into_page_faults()?,
    };
    ensure!(
        found.iter().eq(expected.iter()),
        "in the dump {found:?}, in the guest {expected:?}"
    );
    println!(
        "   1 run, a batch of {} pages: its dump through vmi-driver-kdmp",
        found.len()
    );
    Ok(found.len())
}

/// Compares every byte.
fn check_rows(rows: &[Row]) -> Result<()> {
    let mut names = BTreeSet::new();
    for row in rows {
        ensure!(names.insert(row.name.clone()), "{} twice", row.name);
        let expected = match row.name.strip_prefix("worker-") {
            None => {
                ensure!(row.id == ProcessId(1), "{} is {}", row.name, row.id);
                "/init\0".to_owned()
            }
            Some(number) => arguments(number.parse()?),
        };
        ensure!(
            row.arguments == expected.as_bytes(),
            "arguments of {}: {}",
            row.name,
            String::from_utf8_lossy(&row.arguments)
        );
        ensure!(
            row.executable.as_deref() == Some(&format!("/{}", row.name)),
            "executable of {}: {:?}",
            row.name,
            row.executable
        );
    }
    let expected = ["init".to_owned()].into_iter();
    let expected = expected.chain((0..WORKERS).map(|worker| format!("worker-{worker}")));
    ensure!(names == expected.collect(), "processes: {names:?}");
    Ok(())
}

/// What was injected is what was swapped out: all pages of the workers' arguments but the first.
fn check_injections(guest: &LinuxGuest, rows: &[Row]) -> Result<()> {
    let mut expected = BTreeSet::new();
    for row in rows.iter().filter(|row| row.id != ProcessId(1)) {
        let end = row.arguments_at.0 + row.arguments.len() as u64 - 1;
        let first = row.arguments_at.0.next_multiple_of(PAGE);
        expected.extend((first..end).step_by(4096).map(|page| (row.root, page)));
    }
    let injected: Vec<_> = guest.driver().injected();
    ensure!(
        injected.len() == expected.len(),
        "{} injections for {} pages",
        injected.len(),
        expected.len()
    );
    let injected: BTreeSet<_> = injected
        .iter()
        .map(|injection| {
            (
                guest.kernel_root(injection.fault.root),
                injection.fault.va.0 & !(PAGE - 1),
            )
        })
        .collect();
    ensure!(
        injected == expected,
        "injected {injected:x?}, missing {expected:x?}"
    );
    Ok(())
}

/// All programs go on, with their registers as they were, and without a signal.
fn nobody_is_harmed(guest: &LinuxGuest, rows: &[Row]) -> Result<()> {
    for row in rows {
        guest
            .program_is_well(row.root)
            .with_context(|| row.name.clone())?;
    }
    guest.kernel_is_well()
}
