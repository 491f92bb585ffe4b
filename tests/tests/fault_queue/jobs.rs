//! Operations that belong to no thread.

use std::cell::Cell;

use prober::{
    FaultQueue, Job, MayInject, Step, SuppressedPages, probe, probed,
    testing::{Guest, Vm},
};
use vmi_arch_amd64::Registers;
use vmi_core::{AddressContext, VmiError};

use super::{A, B, KERNEL, State, event, guest, injected, switch_root, switch_to};

type List = Vec<Option<u64>>;

/// The end of a chain of links from A.
#[probed(options)]
fn chain(vmi: &State<'_>, space: &Guest, links: usize) -> prober::Result<u64> {
    let mut at = Some(A);
    for _ in 0..links {
        at = vmi.read_va_in(AddressContext::new(at?, space.root()))?;
    }
    Ok(at?.0)
}

#[probed(options)]
fn list(vmi: &State<'_>, spaces: &[Guest], links: usize) -> prober::Result<List> {
    let mut ends = Vec::new();
    for space in spaces {
        ends.push(probe!(chain(vmi, space, links, suppressed))?);
    }
    Ok(ends)
}

/// Address spaces, each with a chain of pages that are out.
fn spaces(number: usize, links: u64) -> (Vec<Guest>, Vm) {
    let first = Guest::new();
    let mut spaces = vec![first.clone()];
    spaces.resize_with(number, || first.new_space());
    for space in &spaces {
        for link in 0..links {
            space.write_va(A + link * 0x1000, A + (link + 1) * 0x1000);
        }
        space.page_out_all();
    }
    (spaces, first.vm())
}

fn step(vm: &Vm, job: &Job, spaces: &[Guest], links: usize) -> Step<List, prober::ProbeError> {
    vm.with(|vmi| job.step(vmi, |suppressed| list(vmi, spaces, links, suppressed)))
}

#[test]
fn runs_are_the_longest_chain_and_one_whatever_the_number_of_spaces() {
    for number in [1, 2, 20, 50] {
        for links in [1, 3, 5] {
            let (spaces, vm) = spaces(number, links as u64);
            let faults = FaultQueue::new();
            let job = faults.job();
            let mut events = 0;
            let ends = 'done: loop {
                for space in &spaces {
                    switch_root(&vm, space.root());
                    events += 1;
                    match step(&vm, &job, &spaces, links) {
                        Step::Inject(fault) => {
                            assert_eq!(fault.root, space.root());
                            space.page_in(fault.va);
                        }
                        Step::NotNow(pages) => assert!(!pages.is_empty()),
                        Step::Done(ends) => break 'done ends,
                        other => panic!("{other:?}"),
                    }
                }
            };
            let end = Some(A.0 + links as u64 * 0x1000);
            assert_eq!(ends, vec![end; number]);
            let stats = faults.stats();
            assert_eq!(stats.operation_runs, links as u64 + 1, "{number} {links}");
            assert_eq!(stats.injections, number as u64 * links as u64);
            assert!(events <= (links + 1) * (number + 1));
            assert_eq!((stats.given_up, stats.dropped), (0, 0));
        }
    }
}

#[test]
fn a_job_and_threads_share_the_queue_and_not_their_pages() {
    let (spaces, vm) = spaces(2, 1);
    spaces[0].write_u64(B, 7);
    spaces[0].page_out(B);
    let faults = FaultQueue::new();
    let (job, other) = (faults.job(), faults.job());
    assert!(matches!(step(&vm, &job, &spaces, 1), Step::Inject(fault) if fault.va == A));
    // A thread's operation at the same event, and another job.
    assert_eq!(injected(event(&vm, &faults, &[B])).va, B);
    assert!(matches!(step(&vm, &other, &spaces, 1), Step::Inject(fault) if fault.va == A));
    spaces[0].page_in(A);
    spaces[0].page_in(B);
    assert_eq!(event(&vm, &faults, &[B]).unwrap(), [Some(7)]);
    for job in [&job, &other] {
        let Step::NotNow(pages) = step(&vm, job, &spaces, 1) else {
            panic!("waits for the second space")
        };
        assert_eq!(
            pages.iter().map(|page| page.root).collect::<Vec<_>>(),
            [spaces[1].root()]
        );
    }
    switch_root(&vm, spaces[1].root());
    assert!(matches!(step(&vm, &job, &spaces, 1), Step::Inject(_)));
    spaces[1].page_in(A);
    assert!(matches!(step(&vm, &job, &spaces, 1), Step::Done(_)));
    assert!(matches!(step(&vm, &other, &spaces, 1), Step::Done(_)));
}

#[test]
fn the_operation_does_not_run_while_a_page_can_still_come_in() {
    let (spaces, vm) = spaces(2, 1);
    let faults = FaultQueue::new();
    let job = faults.job();
    assert!(matches!(step(&vm, &job, &spaces, 1), Step::Inject(_)));
    for _ in 0..100 {
        // Nothing has come in, and the second space does not come by.
        switch_to(&vm, 3);
        let answer = step(&vm, &job, &spaces, 1);
        assert!(
            matches!(answer, Step::NotNow(_) | Step::Inject(_)),
            "{answer:?}"
        );
        assert_eq!(faults.stats().operation_runs, 1);
    }
    // The page was kept from the other thread for a while, and then handed to it until it was given up.
    let stats = faults.stats();
    assert_eq!((stats.injections, stats.given_up), (4, 1));
}

#[test]
fn an_address_space_that_never_comes_by_is_given_up() {
    let (spaces, vm) = spaces(3, 2);
    let faults = FaultQueue::new().wait_for_space(20);
    let job = faults.job();
    let mut events = 0;
    let ends = loop {
        events += 1;
        assert!(events < 100);
        let space = &spaces[events % 2];
        switch_root(&vm, space.root());
        match step(&vm, &job, &spaces, 2) {
            Step::Inject(fault) => space.page_in(fault.va),
            Step::NotNow(_) => {}
            Step::Done(ends) => break ends,
            other => panic!("{other:?}"),
        }
    };
    let end = Some(A.0 + 0x2000);
    assert_eq!(ends, [end, end, None]);
    // For this job, and not for good.
    let third = AddressContext::new(A, spaces[2].root());
    assert!(!faults.suppressed().contains(&third));
    switch_root(&vm, spaces[2].root());
    assert!(matches!(step(&vm, &job, &spaces, 2), Step::Inject(fault) if fault == third));
}

#[test]
fn so_is_one_in_which_the_veto_never_lets_a_page_through() {
    let (spaces, vm) = spaces(1, 1);
    let faults = FaultQueue::new()
        .wait_for_space(20)
        .may_inject(|_: &Registers, _: &AddressContext| MayInject::NotNow);
    let job = faults.job();
    let mut events = 0;
    while !matches!(step(&vm, &job, &spaces, 1), Step::Done(_)) {
        events += 1;
        assert!(events < 100);
    }
    assert_eq!(faults.stats().injections, 0);
}

#[test]
fn pages_of_the_kernel_half_come_in_at_any_event_that_the_veto_allows() {
    #[probed(options)]
    fn kernel(vmi: &State<'_>, root: vmi_core::Pa) -> prober::Result<Vec<Option<u64>>> {
        let first = vmi.read_u64_in(AddressContext::new(KERNEL, root))?;
        let second = vmi.read_u64_in(AddressContext::new(KERNEL + 0x1000, root))?;
        Ok(vec![first, second])
    }
    let (guest, vm) = guest(&[KERNEL, KERNEL + 0x1000]);
    let space = guest.new_space();
    let faults = FaultQueue::new();
    let job = faults.job();
    switch_root(&vm, space.root());
    let rip = vm.registers().rip;
    let step = || vm.with(|vmi| job.step(vmi, |suppressed| kernel(vmi, guest.root(), suppressed)));
    vm.change_registers(|registers| registers.rip = 0x40_0000);
    assert!(matches!(step(), Step::NotNow(pages) if pages.len() == 2));
    // One comes in by itself.
    guest.page_in(KERNEL + 0x1000);
    assert!(matches!(step(), Step::NotNow(pages) if pages.len() == 1));
    vm.change_registers(|registers| registers.rip = rip);
    assert!(matches!(step(), Step::Inject(fault) if fault.va == KERNEL));
    guest.page_in(KERNEL);
    assert!(matches!(step(), Step::Done(values) if values.iter().all(Option::is_some)));
    assert_eq!(faults.stats().operation_runs, 2);
}

#[test]
fn lost_injections_are_made_again_and_counted() {
    let (spaces, vm) = spaces(2, 1);
    let faults = FaultQueue::new();
    let job = faults.job();
    let mut injections = [0, 0];
    let ends = 'done: loop {
        for (number, space) in spaces.iter().enumerate() {
            switch_root(&vm, space.root());
            match step(&vm, &job, &spaces, 1) {
                Step::Inject(_) => {
                    injections[number] += 1;
                    if number == 0 && injections[0] == 3 {
                        space.page_in(A);
                    }
                    assert!(injections[number] <= 3);
                }
                Step::NotNow(_) => {}
                Step::Done(ends) => break 'done ends,
                other => panic!("{other:?}"),
            }
        }
    };
    assert_eq!(ends, [Some(A.0 + 0x1000), None]);
    assert_eq!((injections, faults.stats().given_up), ([3, 3], 1));
}

#[test]
fn a_mistaken_operation_ends() {
    // It finds a page missing in another space, which is there.
    let (guest, vm) = guest(&[A]);
    guest.page_in(A);
    let other = guest.new_space();
    other.write_u64(B, 1);
    let faults = FaultQueue::new();
    let job = faults.job();
    let runs = Cell::new(0);
    let fault = AddressContext::new(B, other.root());
    for event in 0.. {
        assert!(event < 1_000, "{:?}", faults.stats());
        switch_root(
            &vm,
            if event % 2 == 0 {
                guest.root()
            } else {
                other.root()
            },
        );
        let step = vm.with(|vmi| {
            job.step(vmi, |_: &SuppressedPages| {
                runs.set(runs.get() + 1);
                Err::<(), _>(VmiError::Translation(fault))
            })
        });
        if let Step::Unavailable(_) = step {
            break;
        }
    }
}

#[test]
fn run_and_run_or_skip_answer_as_those_of_the_queue() {
    let (spaces, vm) = spaces(2, 1);
    let faults = FaultQueue::new();
    let job = faults.job();
    let run = || vm.with(|vmi| job.run(vmi, |suppressed| list(vmi, &spaces, 1, suppressed)));
    let skip =
        || vm.with(|vmi| job.run_or_skip(vmi, |suppressed| list(vmi, &spaces, 1, suppressed)));
    assert_eq!(injected(run()).va, A);
    spaces[0].page_in(A);
    assert_eq!(super::batch(run()), [A]);
    assert!(skip().unwrap().is_none());
    switch_root(&vm, spaces[1].root());
    assert_eq!(injected(skip()).root, spaces[1].root());
    spaces[1].page_in(A);
    assert_eq!(run().unwrap().len(), 2);
    assert_eq!(skip().unwrap().unwrap().len(), 2);
}

#[test]
fn a_job_that_is_dropped_forgets_its_pages() {
    let (spaces, vm) = spaces(1, 1);
    let faults = FaultQueue::new();
    let job = faults.job();
    assert!(matches!(step(&vm, &job, &spaces, 1), Step::Inject(_)));
    drop(job);
    let job = faults.job();
    assert!(matches!(step(&vm, &job, &spaces, 1), Step::Inject(_)));
    assert_eq!(faults.stats().operation_runs, 2);
    faults.forget_root(spaces[0].root());
    assert!(matches!(step(&vm, &job, &spaces, 1), Step::Inject(_)));
    assert_eq!(faults.stats().operation_runs, 3);
}

/// A job within an operation of the same queue leaves the faults to that.
#[test]
fn within_an_operation() {
    let (spaces, vm) = spaces(1, 1);
    let faults = FaultQueue::new();
    let job = faults.job();
    let run = || {
        vm.with(|vmi| {
            faults.run(vmi, |_| {
                job.run(vmi, |suppressed| list(vmi, &spaces, 1, suppressed))
            })
        })
    };
    assert_eq!(injected(run()).va, A);
    spaces[0].page_in(A);
    assert_eq!(run().unwrap(), [Some(A.0 + 0x1000)]);
}
