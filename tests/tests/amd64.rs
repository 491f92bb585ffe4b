//! The vetoes for amd64 in a queue, and the faults that are injected with them.

use prober::{FaultQueue, MayInject, amd64, probed, testing::Guest};
use vmi_arch_amd64::Registers;
use vmi_core::{AddressContext, Va, VmiError, VmiOs, VmiRead, VmiState};

const USER: Va = Va(0x10_0000);
const KERNEL: Va = Va(0xffff_f800_0010_0000);

#[probed]
fn sum<Os>(vmi: &VmiState<'_, Os>) -> prober::Result<u64>
where
    Os: VmiOs,
    Os::Driver: VmiRead,
{
    let user = vmi.read_u64(USER)?;
    let kernel = vmi.read_u64(KERNEL)?;
    Ok(user + kernel)
}

/// Which of the two pages come in at an event of one kind, however often it comes.
fn brought_in(
    veto: fn(&Registers, &AddressContext) -> MayInject,
    user_mode: bool,
    interrupts: bool,
) -> Vec<Va> {
    let guest = Guest::new();
    guest.write_u64(USER, 1);
    guest.write_u64(KERNEL, 2);
    guest.page_out_all();
    let vm = guest.vm();
    let vm = if user_mode { vm.user_mode() } else { vm };
    if !interrupts {
        vm.change_registers(|registers| registers.rflags.0 &= !(1 << 9));
    }
    let faults = FaultQueue::new().may_inject(veto);

    let mut pages = Vec::new();
    for _ in 0..10 {
        let result = vm.with(|vmi| faults.run(vmi, |suppressed| sum(vmi, suppressed)));
        if let Err(VmiError::Translation(fault)) = result {
            guest.page_in(fault.va);
            pages.push(fault.va);
        }
    }
    let missing = vm.with(|vmi| faults.run(vmi, |suppressed| sum(vmi, suppressed)).is_err());
    assert_eq!(missing, pages.len() < 2);
    assert_eq!(faults.stats().given_up, 0);
    pages
}

#[test]
fn each_event_brings_in_what_its_guest_can_bear() {
    for (user_mode, interrupts, windows, linux) in [
        (true, true, &[USER][..], &[USER][..]),
        (true, false, &[], &[]),
        (false, true, &[USER, KERNEL], &[]),
        (false, false, &[], &[]),
    ] {
        assert_eq!(
            brought_in(amd64::windows_veto, user_mode, interrupts),
            windows
        );
        assert_eq!(brought_in(amd64::linux_veto, user_mode, interrupts), linux);
    }
}
