//! Which page is handed out, and when the operation runs.

use prober::{FaultQueue, PageFaults, PageIn, SuppressedPages, probed, testing::Guest};
use vmi_arch_amd64::Amd64;
use vmi_core::{AccessContext, AddressContext, Va, VmiError};

use super::{A, B, C, KERNEL, State, batch, event, guest, injected, switch_root, values};

#[test]
fn one_page_an_event_and_the_operation_again_when_dry() {
    let (guest, vm) = guest(&[A, B, C]);
    let faults = FaultQueue::new();
    for page in [A, B, C] {
        assert_eq!(
            injected(event(&vm, &faults, &[A, B, C])),
            AddressContext::new(page, guest.root())
        );
        assert_eq!(faults.stats().operation_runs, 1);
        guest.page_in(page);
    }
    let values = event(&vm, &faults, &[A, B, C]).unwrap();
    assert_eq!(values, [A, B, C].map(|page| Some(page.0 + 1)));

    let stats = faults.stats();
    assert_eq!((stats.operation_runs, stats.injections), (2, 3));
    assert_eq!(
        (stats.came_in, stats.refused, stats.given_up, stats.vetoed),
        (0, 0, 0, 0)
    );
}

#[test]
fn the_exact_address_is_handed_out() {
    let (guest, vm) = guest(&[A]);
    let fault = injected(event(&vm, &FaultQueue::new(), &[A + 0x128]));
    assert_eq!(fault, AddressContext::new(A + 0x128, guest.root()));
}

#[test]
fn the_least_often_injected_first_and_lost_ones_again() {
    let (_guest, vm) = guest(&[A, B]);
    let faults = FaultQueue::new();
    for page in [A, B, A, B, A, B] {
        assert_eq!(injected(event(&vm, &faults, &[A, B])).va, page);
    }
    // Three times each, and nothing came in.
    assert_eq!(event(&vm, &faults, &[A, B]).unwrap(), [None, None]);
    let stats = faults.stats();
    assert_eq!(
        (stats.operation_runs, stats.injections, stats.given_up),
        (2, 6, 2)
    );
    for page in [A, B] {
        let fault = AddressContext::new(page, vm.guest().root());
        assert!(faults.suppressed().contains(&fault));
    }
}

#[test]
fn pages_that_came_in_are_dropped() {
    let (guest, vm) = guest(&[A, B, C]);
    let faults = FaultQueue::new();
    injected(event(&vm, &faults, &[A, B, C]));
    for page in [A, B, C] {
        guest.page_in(page);
    }
    assert!(event(&vm, &faults, &[A, B, C]).is_ok());
    let stats = faults.stats();
    assert_eq!(
        (stats.injections, stats.came_in, stats.operation_runs),
        (1, 2, 2)
    );
}

#[test]
fn a_page_that_went_is_seen_past_the_v2p_cache() {
    let (guest, vm) = guest(&[A, B]);
    let faults = FaultQueue::new();
    injected(event(&vm, &faults, &[A, B]));
    let fault = vm.with(|vmi| {
        guest.page_in(A);
        guest.page_in(B);
        values(vmi, &[A, B], &SuppressedPages::new()).unwrap();
        guest.page_out(B);
        // Nobody has flushed the cache.
        injected(faults.run(vmi, |suppressed| values(vmi, &[A, B], suppressed)))
    });
    assert_eq!(fault.va, B);
}

#[test]
fn two_operations_in_one_handler() {
    let (guest, vm) = guest(&[A, B, C]);
    let faults = FaultQueue::new();
    let both = |vmi: &State<'_>| {
        let first = faults.run(vmi, |suppressed| values(vmi, &[A, B], suppressed))?;
        let second = faults.run(vmi, |suppressed| values(vmi, &[B, C], suppressed))?;
        Ok::<_, VmiError>([first, second].concat())
    };
    for page in [A, B, C] {
        assert_eq!(injected(vm.with(both)).va, page);
        guest.page_in(page);
    }
    let values = vm.with(both).unwrap();
    assert_eq!(values, [A, B, B, C].map(|page| Some(page.0 + 1)));
    // The first runs: missing A and B, with both, again when C is in.
    // The second: missing C, and with it.
    assert_eq!(faults.stats().operation_runs, 5);
}

#[test]
fn chains_are_followed_in_one_run_a_link() {
    #[probed(options)]
    fn chain(vmi: &State<'_>) -> prober::Result<u64> {
        let b = vmi.read_va(A)?;
        let c = vmi.read_va(b?)?;
        let value = vmi.read_u64(c?)??;
        Ok(value)
    }
    let (guest, vm) = guest(&[]);
    guest.write_va(A, B);
    guest.write_va(B, C);
    guest.write_u64(C, 42);
    guest.page_out_all();
    let faults = FaultQueue::new();
    for page in [A, B, C] {
        let fault = injected(vm.with(|vmi| faults.run(vmi, |suppressed| chain(vmi, suppressed))));
        assert_eq!(fault.va, page);
        guest.page_in(page);
    }
    let value = vm.with(|vmi| faults.run(vmi, |suppressed| chain(vmi, suppressed)));
    assert_eq!(value.unwrap(), 42);
    assert_eq!(faults.stats().operation_runs, 4);
}

#[probed(options)]
pub(crate) fn in_spaces(
    vmi: &State<'_>,
    faults: &[AddressContext],
) -> prober::Result<Vec<Option<u8>>> {
    let mut values = Vec::new();
    for fault in faults {
        values.push(vmi.read_u8_in(*fault)?);
    }
    Ok(values)
}

#[test]
fn pages_of_other_roots_are_not_handed_out() {
    let (guest, vm) = guest(&[A]);
    let other = guest.new_space();
    other.write_u8(B, 7);
    other.page_out(B);
    let both = [
        AddressContext::new(B, other.root()),
        AddressContext::new(A, guest.root()),
    ];
    let faults = FaultQueue::new();
    let run = || vm.with(|vmi| faults.run(vmi, |suppressed| in_spaces(vmi, &both, suppressed)));
    assert_eq!(injected(run()), both[1]);
    guest.page_in(A);
    assert_eq!(batch(run()), [B]);
    let skipped =
        vm.with(|vmi| faults.run_or_skip(vmi, |suppressed| in_spaces(vmi, &both, suppressed)));
    assert!(skipped.unwrap().is_none());
    // Nothing stays pending, and nothing is held against the page.
    switch_root(&vm, other.root());
    assert_eq!(injected(run()), both[0]);
    other.page_in(B);
    assert_eq!(run().unwrap(), [Some(7), Some(1)]);
    assert_eq!(faults.stats().injections, 2);
}

#[test]
fn pages_of_the_kernel_half_are_handed_out_under_any_root() {
    let (guest, vm) = guest(&[]);
    guest.write_u8(KERNEL, 7);
    guest.page_out(KERNEL);
    let other = guest.new_space();
    let faults = FaultQueue::new();
    let under = [other.root(), guest.root()].map(|root| AddressContext::new(KERNEL, root));
    let run = || vm.with(|vmi| faults.run(vmi, |suppressed| in_spaces(vmi, &under, suppressed)));
    // One page, whatever the root.
    assert_eq!(injected(run()), under[0]);
    guest.page_in(KERNEL);
    assert_eq!(run().unwrap(), [Some(7), Some(7)]);
    assert_eq!(faults.stats().injections, 1);
}

#[test]
fn a_page_whose_tables_are_gone_is_a_hard_error() {
    let (guest, vm) = guest(&[A, B]);
    let faults = FaultQueue::new();
    assert_eq!(injected(event(&vm, &faults, &[A, B])).va, A);
    guest.page_in(A);
    // B's entry of the page directory leads nowhere.
    vm.with(|vmi| {
        let translation = Amd64::translation(vmi, B, guest.root());
        let entry = AccessContext::direct(translation.entries()[2].entry_address);
        vmi.core().write_u64(entry, 0xf_ffff << 12 | 7).unwrap();
    });
    let result = event(&vm, &faults, &[A, B]);
    assert!(matches!(result, Err(VmiError::Driver(_))), "{result:?}");
    assert_eq!(faults.stats().injections, 1);
}

/// All combinations of resident, paged out and unbacked pages, with losses:
/// the result is the plain one, in a bounded number of events.
#[test]
fn every_combination_ends_with_all_that_is_to_be_had() {
    const PAGES: [Va; 5] = [A, B, C, Va(0x40_0000), Va(0x50_0000)];
    for states in 0..3_u32.pow(5) {
        for lose in [0, 2, 3, 4] {
            let mut guest = Guest::new();
            let mut expected = Vec::new();
            let mut missing = 0;
            for (digit, page) in (0..).zip(PAGES) {
                guest.write_u64(page, page.0);
                let state = states / 3_u32.pow(digit) % 3;
                match state {
                    0 => {}
                    1 => guest.page_out(page),
                    _ => guest.unbacked(page),
                }
                missing += u64::from(state != 0);
                expected.push((state != 2).then_some(page.0));
            }
            guest.drop_every(lose);
            let vm = guest.vm();
            let faults = FaultQueue::new().max_injections(6);
            let mut events = 0;
            let result = loop {
                events += 1;
                assert!(events <= 1 + 2 * missing, "{states} {lose}");
                match event(&vm, &faults, &PAGES) {
                    Err(VmiError::Translation(fault)) => {
                        let mut refused = SuppressedPages::empty();
                        let one = PageFaults::from_iter([fault]);
                        PageIn::page_in(&mut guest, &one, &mut refused).unwrap();
                        refused.iter().for_each(|page| faults.refuse(*page));
                    }
                    result => break result.unwrap(),
                }
            };
            assert_eq!(result, expected, "{states} {lose}");
            let stats = faults.stats();
            assert_eq!(stats.operation_runs, 1 + u64::from(missing > 0));
            assert_eq!(stats.injections, missing + guest.counts().dropped);
            assert_eq!(stats.given_up, 0);
        }
    }
}
