//! One process, two translation roots (KVA shadow).

use prober::{FaultQueue, Step, amd64::windows_veto, probed};
use prober_tests::windows::{State, builder};
use vmi_core::{AddressContext, Pa, Va};

const PID: u32 = 724;

#[probed(options)]
fn read(vmi: &State<'_>, addresses: &[AddressContext]) -> prober::Result<Vec<Option<u8>>> {
    let mut values = Vec::new();
    for address in addresses {
        let value = vmi.read_u8_in(*address)?;
        values.push(value);
    }
    Ok(values)
}

/// Pages that were recorded under the root of user mode, while that of the kernel is in CR3.
#[test]
fn pages_of_the_other_root_are_handed_out_where_the_layer_is_asked() {
    for ask_os in [false, true] {
        let guest = builder().kva_shadow().build();
        let user = guest.user_space(PID).expect("a second root").clone();
        let pages: Vec<Va> = guest.user_pages(PID).iter().copied().take(3).collect();
        let under = |root: Pa| {
            pages
                .iter()
                .map(move |page| AddressContext::new(*page, root))
        };
        let wanted: Vec<_> = under(user.root()).collect();
        guest.page_out();
        let vm = guest.vm(PID);
        assert_ne!(vm.registers().cr3.0, user.root().0);

        let faults = FaultQueue::new().may_inject(windows_veto).ask_os(ask_os);
        let step = || vm.with(|vmi| faults.step(vmi, |suppressed| read(vmi, &wanted, suppressed)));
        if !ask_os {
            // Not one of them is taken for the current process's, and the list is not short either.
            assert!(matches!(step(), Step::NotNow(pages) if pages.len() == 3));
            continue;
        }
        for fault in &wanted {
            let injected = step();
            assert!(
                matches!(injected, Step::Inject(of) if of == *fault),
                "{injected:?}"
            );
            user.page_in(fault.va);
        }
        assert!(matches!(step(), Step::Done(values) if values.iter().all(Option::is_some)));

        // A refusal under the other root is one of this process.
        user.page_out(pages[0]);
        assert!(matches!(step(), Step::Inject(_)));
        vm.with(|vmi| faults.refuse_at(vmi, pages[0]));
        assert!(faults.suppressed().contains(&wanted[0]));
    }
}

/// Pages of another process are not handed out, whatever the layer says.
#[test]
fn pages_of_another_process_are_not() {
    let guest = builder().kva_shadow().build();
    let others = guest
        .processes()
        .iter()
        .find(|process| process.id != PID && guest.user_space(process.id).is_some());
    let other = others.expect("another process").id;
    let page = guest.user_pages(other)[0];
    guest.page_out();
    let vm = guest.vm(PID);
    let faults = FaultQueue::new().may_inject(windows_veto).ask_os(true);
    for space in [guest.space(other), guest.user_space(other).unwrap()] {
        let wanted = [AddressContext::new(page, space.root())];
        let step = vm.with(|vmi| faults.step(vmi, |suppressed| read(vmi, &wanted, suppressed)));
        assert!(matches!(step, Step::NotNow(_)), "{step:?}");
    }
    assert_eq!(faults.stats().injections, 0);
}
