//! Guests that do what they like with threads, pages and address spaces.

use std::cell::Cell;

use prober::{FaultQueue, MayInject, SuppressedPages, probed, testing::Guest};
use vmi_arch_amd64::Registers;
use vmi_core::{AddressContext, Va, VmiError};

use super::{A, B, C, State, event, guest, injected, skip, switch_root, switch_to, unavailable};

#[probed(options)]
fn needs(vmi: &State<'_>, page: Va) -> prober::Result<u64> {
    let value = vmi.read_u64(page)??;
    Ok(value)
}

/// The thread comes back when many others have come by, and its page was never backed.
#[test]
fn a_busy_guest_does_not_have_a_page_injected_for_ever() {
    for others in [10, 10_001] {
        let (guest, vm) = guest(&[A, B]);
        guest.unbacked(A);
        guest.page_in(B);
        let faults = FaultQueue::new();
        let mut rounds = 0;
        loop {
            rounds += 1;
            assert!(rounds <= 4, "{others}");
            switch_to(&vm, 1);
            let run =
                vm.with(|vmi| faults.run_or_skip(vmi, |suppressed| needs(vmi, A, suppressed)));
            if run.is_ok() {
                break;
            }
            assert_eq!(injected(run).va, A);
            switch_to(&vm, 2);
            for _ in 0..others {
                assert!(event(&vm, &faults, &[B]).is_ok());
            }
        }
    }
}

/// What is suppressed first has expired when the last page is suppressed.
#[test]
fn an_operation_that_lacks_more_pages_than_stay_suppressed_ends() {
    let pages: Vec<Va> = (0..20).map(|page| A + page * 0x1000).collect();
    let (guest, vm) = guest(&[C]);
    guest.page_in(C);
    let faults = FaultQueue::new().suppress_for(100);
    let ends = (0..1_000).any(|_| {
        switch_to(&vm, 1);
        let ends = skip(&vm, &faults, &pages).is_ok();
        switch_to(&vm, 2);
        for _ in 0..10 {
            assert!(event(&vm, &faults, &[C]).is_ok());
        }
        ends
    });
    assert!(ends);
}

#[test]
fn a_new_stack_at_each_event() {
    let (_guest, vm) = guest(&[A]);
    let faults = FaultQueue::new();
    let mut injections = 0;
    for thread in 0..1_000 {
        switch_to(&vm, thread);
        injections += u64::from(event(&vm, &faults, &[A]).is_err());
    }
    assert_eq!((injections, faults.stats().injections), (64, 64));
    assert_eq!(faults.stats().given_up, 1);
}

/// Two operations an event, the first of which ends well; the pages of the second evict one another.
#[test]
fn an_operation_that_ends_well_forgets_its_own_hand_outs_only() {
    let (guest, vm) = guest(&[A, B, C]);
    let faults = FaultQueue::new();
    let mut injections = 0;
    for _ in 0..1_000 {
        guest.page_in(C);
        let handler = |vmi: &State<'_>| {
            faults.run(vmi, |suppressed| needs(vmi, C, suppressed))?;
            faults.run(vmi, |suppressed| super::values(vmi, &[A, B], suppressed))
        };
        match vm.with(handler) {
            Err(VmiError::Translation(fault)) => {
                injections += 1;
                guest.page_out_all();
                guest.page_in(fault.va);
            }
            _ => break,
        }
    }
    assert!((10..=130).contains(&injections), "{injections}");
}

/// A head that is evicted whenever a page behind it comes in.
#[test]
fn a_page_that_comes_in_each_time_is_not_given_up_soon() {
    #[probed(options)]
    fn chain(vmi: &State<'_>, links: u64) -> prober::Result<Va> {
        let mut at = A;
        for _ in 0..links {
            at = vmi.read_va(at)??;
        }
        Ok(at)
    }
    for links in [3, 8, 20] {
        let guest = Guest::new();
        for link in 0..links {
            guest.write_va(A + link * 0x1000, A + (link + 1) * 0x1000);
        }
        guest.page_out_all();
        let vm = guest.vm();
        let faults = FaultQueue::new();
        let end = loop {
            match vm.with(|vmi| faults.run(vmi, |suppressed| chain(vmi, links, suppressed))) {
                Err(VmiError::Translation(fault)) => {
                    guest.page_in(fault.va);
                    if fault.va != A {
                        guest.page_out(A);
                    }
                }
                end => break end,
            }
        };
        assert_eq!(end.unwrap(), A + links * 0x1000);
        assert_eq!(faults.stats().given_up, 0);
    }
}

#[test]
fn pages_that_are_never_to_be_injected_cost_a_bounded_number_of_calls() {
    let (guest, vm) = guest(&[]);
    let faults = FaultQueue::new()
        .max_suppressed(500)
        .may_inject(|_: &Registers, _: &AddressContext| MayInject::Never);
    let next = Cell::new(0);
    for event in 1..=50 {
        let run = vm.with(|vmi| {
            faults.run(vmi, |_| {
                let first = next.replace(next.get() + 100);
                let pages = (first..first + 100)
                    .map(|page| AddressContext::new(A + page * 0x1000, guest.root()));
                Err::<(), _>(prober::ProbeError::PageFaults(pages.collect()))
            })
        });
        assert!(run.is_err());
        assert_eq!(faults.stats().operation_runs, event * 16);
        assert!(faults.suppressed().iter().len() <= 500);
    }
    assert!(faults.stats().dropped > 0);
}

/// A process ends, and its root is used again at once.
#[test]
fn a_root_that_is_used_again() {
    let (guest, vm) = guest(&[A, B]);
    let faults = FaultQueue::new();
    let fault = injected(event(&vm, &faults, &[A, B]));
    faults.refuse(fault);
    assert!(faults.suppressed().contains(&fault));
    faults.forget_root(guest.root());
    assert!(!faults.suppressed().contains(&fault));
    // Nothing is left of the old process, not even what it waited for.
    guest.page_in(A);
    assert_eq!(event(&vm, &faults, &[A]).unwrap(), [Some(A.0 + 1)]);
}

/// A fault of another process's own at the same address.
#[test]
fn a_refusal_counts_under_its_own_root_only() {
    let (guest, vm) = guest(&[A]);
    let other = guest.new_space();
    let faults = FaultQueue::new();
    let fault = injected(event(&vm, &faults, &[A]));
    faults.refuse(AddressContext::new(A, other.root()));
    assert!(!faults.suppressed().contains(&fault));
    guest.page_in(A);
    assert_eq!(event(&vm, &faults, &[A]).unwrap(), [Some(A.0 + 1)]);
    switch_root(&vm, other.root());
    assert_eq!(injected(event(&vm, &faults, &[A])).root, other.root());
}

/// The veto refuses the page that would come next.
#[test]
fn a_page_that_is_suppressed_meanwhile_is_not_handed_out() {
    let (guest, vm) = guest(&[A, B]);
    let faults = FaultQueue::new();
    let [a, b] = [A, B].map(|page| AddressContext::new(page, guest.root()));
    injected(event(&vm, &faults, &[B]));
    switch_to(&vm, 1);
    let inner = faults.clone();
    let faults = faults.may_inject(move |_: &Registers, fault: &AddressContext| {
        inner.refuse(b);
        match fault.va {
            A => MayInject::NotNow,
            _ => MayInject::Now,
        }
    });
    // B is refused while A is asked about, and while it is asked about itself.
    assert!(skip(&vm, &faults, &[A, B]).unwrap().is_none());
    assert!(faults.suppressed().contains(&b) && !faults.suppressed().contains(&a));
    assert_eq!(faults.stats().injections, 1);
}

#[test]
fn what_was_given_up_is_unavailable_and_not_injected() {
    let (_guest, vm) = guest(&[A]);
    let faults = FaultQueue::with_suppressed(SuppressedPages::empty());
    for _ in 0..3 {
        injected(event(&vm, &faults, &[A]));
    }
    let run = vm.with(|vmi| faults.run(vmi, |_| vmi.read_u64(A)));
    assert_eq!(unavailable(run), [A]);
}
