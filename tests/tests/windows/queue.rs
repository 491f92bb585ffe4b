//! The lists in an event loop: one fault an event, through a [`FaultQueue`] and a [`Job`](prober::Job).

use std::fmt::Debug;

use prober::{
    FaultQueue, SuppressedPages,
    amd64::windows_veto,
    testing::windows::{Process, WindowsBuilder, WindowsGuest},
};
use prober_tests::{
    measured::Measured,
    windows::{LOST, PIDS, State, builder, cold, expected, in_turn, lossy},
};

use super::{
    listing::{options, ordinary},
    lists::{annotated, drivers, handles, modules, processes, regions, run, threads},
};

/// Patient, for injections that are lost hit the same page again where their number divides that of the processes.
fn queue() -> FaultQueue {
    let queue = FaultQueue::new().may_inject(windows_veto);
    queue.max_injections(16)
}

/// A list of the current process, at its breakpoints: as many runs and pages as a pager needs that serves whole
/// batches.
fn at_a_breakpoint<T: PartialEq + Debug>(
    expected: fn(&WindowsGuest, u32) -> Vec<T>,
    list: impl Fn(&State<'_>, &SuppressedPages) -> prober::Result<Vec<T>>,
) {
    for lose in [0, 3] {
        for pid in PIDS {
            let (guest, faults) = (cold(), queue());
            guest.guest().drop_every(lose);
            let looped = in_turn(&guest, &[pid], &faults, |vmi| {
                faults.step(vmi, |suppressed| list(vmi, suppressed))
            });
            let looped = looped.unwrap();
            assert_eq!(looped.result, expected(&guest, pid), "{pid}");

            let guest = cold();
            let (_, runs) = run(&guest, pid, &list).unwrap();
            assert_eq!(looped.runs, runs, "{pid}");
            assert_eq!(looped.paged_in, guest.guest().counts().paged_in, "{pid}");
            assert!(lose > 0 || looped.in_vain == 0, "{pid}");
        }
    }
}

#[test]
fn each_list_of_a_process() {
    at_a_breakpoint(|guest, _| drivers(guest), annotated::drivers);
    at_a_breakpoint(threads, annotated::threads);
    at_a_breakpoint(modules, annotated::modules);
    at_a_breakpoint(handles, annotated::handles);
    at_a_breakpoint(regions, annotated::regions);
}

/// All processes with their command lines, as a job.
fn as_a_job<T>(
    guest: &WindowsGuest,
    list: impl Fn(&State<'_>, &SuppressedPages) -> prober::Result<T>,
) -> Measured<T> {
    let faults = queue();
    let job = faults.job();
    let mut pids: Vec<_> = guest.processes().iter().map(|it| it.id).collect();
    // System has no memory of its own.
    pids.retain(|pid| *pid != 4);
    let looped = in_turn(guest, &pids, &faults, |vmi| {
        job.step(vmi, |suppressed| list(vmi, suppressed))
    });
    looped.unwrap()
}

/// PEB, process parameters, text: one run more, however many address spaces there are.
#[test]
fn a_job_runs_once_more_than_its_longest_chain() {
    for count in [1, 4, 40] {
        let ids = (0..count).map(|index| 100 + 4 * index);
        let builder = ids.fold(WindowsBuilder::new(), |builder, id| {
            let line = format!("svchost.exe -k {id}");
            builder.process(Process::new(id, "svchost.exe").command_line(&line))
        });
        let guest = builder.build();
        guest.page_out();
        let job = as_a_job(&guest, annotated::processes);
        assert_eq!(job.result, processes(&guest));
        assert_eq!(job.runs, 3 + 1, "{count} processes");
        assert_eq!((job.paged_in, job.in_vain), (3 * u64::from(count), 0));
    }
}

/// One address space after the other: each has its runs.
#[test]
fn without_a_job_each_address_space_has_runs_of_its_own() {
    let (guest, faults) = (cold(), queue());
    let looped = in_turn(&guest, &PIDS, &faults, |vmi| {
        faults.step(vmi, |suppressed| annotated::processes(vmi, suppressed))
    });
    let looped = looped.unwrap();
    assert_eq!(looped.result, processes(&guest));
    let job = as_a_job(&cold(), annotated::processes);
    assert_eq!(looped.paged_in, job.paged_in);
    assert!(looped.runs > 2 * job.runs, "{} {}", looped.runs, job.runs);
}

/// Also where nothing backs two of the pages, where injections are lost, and where user mode has a root of its own.
#[test]
fn the_whole_listing_as_a_job() {
    let longest_chain = |guest: &WindowsGuest| {
        // PEB, loader data, an entry for each module, the name of the last.
        let modules = guest.processes().iter().map(|it| it.modules.len());
        3 + modules.max().unwrap_or(0)
    };
    for forms in [0, 1] {
        let list = |vmi: &State<'_>, suppressed: &SuppressedPages| match forms {
            0 => ordinary::processes(vmi, suppressed),
            _ => options::processes(vmi, suppressed),
        };
        let guest = lossy();
        let job = as_a_job(&guest, list);
        assert_eq!(job.result, expected(&guest, &LOST));
        assert_eq!(job.runs, longest_chain(&guest) + 1);
        // The guest refuses a page once, by an exception.
        assert_eq!(job.in_vain, LOST.len() as u64);

        let guest = lossy();
        guest.guest().drop_every(4);
        let job = as_a_job(&guest, list);
        assert_eq!(job.result, expected(&guest, &LOST));
        assert_eq!(job.runs, longest_chain(&guest) + 1);

        let guest = builder().kva_shadow().build();
        guest.page_out();
        let job = as_a_job(&guest, list);
        assert_eq!(job.result, expected(&guest, &[]));
        assert_eq!((job.runs, job.in_vain), (longest_chain(&guest) + 1, 0));
    }
}
