//! A page of the kernel half that not all address spaces have alike: session space.

use prober::{
    FaultQueue, SuppressedPages, probed, retry,
    testing::{Guest, GuestDriver},
};
use vmi_core::{AddressContext, Pa, Va, VmiError, VmiState, os::NoOS};

type State<'a> = VmiState<'a, NoOS<GuestDriver>>;

const SESSION: Va = Va(0xffff_f900_0000_0000);

#[probed(options)]
fn both(vmi: &State<'_>, first: Pa, second: Pa) -> prober::Result<(Option<u64>, Option<u64>)> {
    let first = vmi.read_u64_in((SESSION, first))?;
    let second = vmi.read_u64_in((SESSION, second))?;
    Ok((first, second))
}

#[probed]
fn one(vmi: &State<'_>, root: Pa) -> prober::Result<u64> {
    Ok(vmi.read_u64_in((SESSION, root))?)
}

/// An address space with the page, which is out, and one that lacks it.
fn spaces() -> (Guest, Guest) {
    let explorer = Guest::new();
    explorer.write_u64(SESSION, 42);
    explorer.page_out(SESSION);
    let system = explorer.new_space_without_kernel();
    (explorer, system)
}

#[test]
fn a_page_that_one_root_lacks_is_read_under_the_other() {
    for explorer_first in [false, true] {
        let (explorer, system) = spaces();
        let vm = explorer.vm();
        let mut roots = [system.root(), explorer.root()];
        let mut expected = (None, Some(42));
        if explorer_first {
            roots.reverse();
            expected = (Some(42), None);
        }
        let read = retry(&mut &explorer, &mut SuppressedPages::new(), |suppressed| {
            vm.with(|vmi| both(vmi, roots[0], roots[1], suppressed))
        });
        assert_eq!(read.unwrap(), expected);
        assert_eq!(explorer.counts().batches, 1);
    }
}

#[test]
fn a_refusal_under_one_root_is_none_under_the_other() {
    let (explorer, system) = spaces();
    let vm = explorer.vm();
    let mut suppressed = SuppressedPages::new();
    let mut read = |root| {
        retry(&mut &explorer, &mut suppressed, |suppressed| {
            vm.with(|vmi| one(vmi, root, suppressed))
        })
    };
    assert!(read(system.root()).unwrap_err().is_unavailable());
    assert_eq!(read(explorer.root()).unwrap(), 42);
}

#[test]
fn two_sessions_have_two_pages() {
    let one = Guest::new();
    one.write_u64(SESSION, 1);
    one.page_out(SESSION);
    let two = one.new_space_without_kernel();
    two.write_u64(SESSION, 2);
    two.page_out(SESSION);
    let vm = one.vm();
    let read = retry(&mut &one, &mut SuppressedPages::new(), |suppressed| {
        vm.with(|vmi| both(vmi, one.root(), two.root(), suppressed))
    });
    assert_eq!(read.unwrap(), (Some(1), Some(2)));
    assert_eq!(one.counts().batches, 1);
}

#[test]
fn a_handler_has_its_context_in_a_line() {
    let guest = Guest::new();
    let (a, b) = (Va(0x40_0000), Va(0x50_0000));
    guest.write_u64(a, 1);
    guest.page_out(a);
    guest.page_out(b);
    guest.unbacked(b);
    let (vm, queue) = (guest.vm(), FaultQueue::new());
    // The bare error of a read is injected, too.
    let value = vm.at_breakpoint(|vmi| vmi.read_u64(a));
    assert_eq!(value.unwrap(), 1);
    // A page that nothing backs: an exception each time, then it is given up.
    let value =
        vm.at_breakpoint(|vmi| queue.run_or_skip(vmi, |suppressed| need(vmi, b, suppressed)));
    assert_eq!(value.unwrap(), None);
    let error = vm.at_breakpoint(|_| Err::<(), _>(VmiError::NotSupported));
    assert!(matches!(error, Err(VmiError::NotSupported)));
    let registers = vm.with_context(|vmi| *vmi.event().registers());
    assert_eq!(registers.rip, vm.registers().rip);
    let page = AddressContext::new(b, guest.root());
    assert!(queue.suppressed().contains(&page));
}

#[probed]
fn need(vmi: &State<'_>, at: Va) -> prober::Result<u64> {
    Ok(vmi.read_u64(at)?)
}
