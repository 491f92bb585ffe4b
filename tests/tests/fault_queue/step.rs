//! The queue's answer as a value, and the errors that it takes.

use anyhow::Context as _;
use prober::{FaultQueue, ProbeError, Step, SuppressedPages, probed};
use vmi_core::{AddressContext, Va, VmiError};

use super::{A, B, C, State, guest, injected, switch_root, values};

#[probed(options)]
fn needs(vmi: &State<'_>, page: Va) -> prober::Result<u64> {
    let value = vmi.read_u64(page)??;
    Ok(value)
}

#[test]
fn each_answer_is_a_variant() {
    let (guest, vm) = guest(&[A, B]);
    let faults = FaultQueue::new().max_injections(1);
    let step = |page| vm.with(|vmi| faults.step(vmi, |suppressed| needs(vmi, page, suppressed)));
    let fault = AddressContext::new(A, guest.root());
    assert!(matches!(step(A), Step::Inject(injected) if injected == fault));
    guest.page_in(A);
    assert!(matches!(step(A), Step::Done(value) if value == A.0 + 1));

    assert!(matches!(step(B), Step::Inject(_)));
    let Step::Unavailable(unavailable) = step(B) else {
        panic!("B does not come in")
    };
    assert_eq!(unavailable.pages().first().map(|page| page.va), Some(B));

    let failed =
        vm.with(|vmi| faults.step(vmi, |_| Err::<(), _>(ProbeError::Vmi(VmiError::Timeout))));
    assert!(matches!(
        failed,
        Step::Failed(ProbeError::Vmi(VmiError::Timeout))
    ));

    let other = guest.new_space();
    switch_root(&vm, other.root());
    let elsewhere = vm.with(|vmi| {
        faults.step(vmi, |_| {
            Err::<(), _>(VmiError::Translation(AddressContext::new(C, guest.root())))
        })
    });
    let Step::NotNow(pages) = elsewhere else {
        panic!("{elsewhere:?}")
    };
    assert_eq!(pages.first().map(|page| page.root), Some(guest.root()));
}

#[test]
fn an_anyhow_error_can_be_run() {
    let (guest, vm) = guest(&[A, B]);
    let faults = FaultQueue::new();
    let look = |vmi: &State<'_>, suppressed: &SuppressedPages| -> anyhow::Result<u64> {
        let pages = values(vmi, &[A, B], suppressed).context("two pages")?;
        Ok(pages.into_iter().flatten().sum())
    };
    for page in [A, B] {
        let step = vm.with(|vmi| faults.step(vmi, |suppressed| look(vmi, suppressed)));
        assert!(
            matches!(step, Step::Inject(fault) if fault.va == page),
            "{step:?}"
        );
        guest.page_in(page);
    }
    let step = vm.with(|vmi| faults.step(vmi, |suppressed| look(vmi, suppressed)));
    assert!(matches!(step, Step::Done(sum) if sum == A.0 + B.0 + 2));
    let failed = vm.with(|vmi| faults.step(vmi, |_| Err::<(), _>(anyhow::anyhow!("own"))));
    assert!(matches!(failed, Step::Failed(error) if error.to_string() == "own"));
}

/// What those do who are told that `anyhow::Error` is no `Into<VmiError>`.
#[test]
fn an_anyhow_error_behind_one_of_vmi_core_is_looked_into() {
    let (guest, vm) = guest(&[A, B]);
    let faults = FaultQueue::new();
    let run = || {
        vm.with(|vmi| {
            faults.run(vmi, |suppressed| {
                let pages = values(vmi, &[A, B], suppressed).map_err(anyhow::Error::from);
                pages.map_err(|error| VmiError::Os(error.into()))
            })
        })
    };
    for page in [A, B] {
        assert_eq!(injected(run()).va, page);
        guest.page_in(page);
    }
    assert_eq!(run().unwrap(), [A, B].map(|page| Some(page.0 + 1)));
}

/// A run that is doomed says so to the functions that it hands its set to, and to nobody else.
#[test]
fn the_doom_of_one_run_is_not_that_of_the_next() {
    #[probed]
    fn inner(vmi: &State<'_>, page: Va, calls: &mut u32) -> prober::Result<u64> {
        let value = vmi.read_u64(page)?;
        *calls += 1;
        Ok(value)
    }
    #[probed]
    fn outer(vmi: &State<'_>, calls: &mut u32) -> prober::Result<u64> {
        let a = inner(vmi, A, &mut 0, suppressed)?;
        let b = inner(vmi, B, calls, suppressed)?;
        Ok(a + b)
    }
    let (guest, vm) = guest(&[A, B]);
    let faults = FaultQueue::new();
    let mut calls = 0;
    let mut step =
        || vm.with(|vmi| faults.step(vmi, |suppressed| outer(vmi, &mut calls, suppressed)));
    for page in [A, B] {
        let step = step();
        assert!(
            matches!(step, Step::Inject(fault) if fault.va == page),
            "{step:?}"
        );
        guest.page_in(page);
    }
    assert!(matches!(step(), Step::Done(sum) if sum == A.0 + B.0 + 2));
    assert_eq!(calls, 1);
}
