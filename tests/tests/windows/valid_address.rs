//! What `is_valid_address` answers, and what a queue makes of it: nothing is injected that no guest can serve.

use prober::{
    FaultQueue, ProbeError, Step,
    amd64::windows_veto,
    probed,
    testing::windows::{WindowsBuilder, WindowsGuest, WindowsProfile},
};
use prober_tests::{
    measured::Measured,
    windows::{LOST, PIDS, State, builder, expected, in_turn, lossy},
};
use vmi_core::{AddressContext, Va, VmiError, VmiVa as _, os::VmiOsProcess as _};

use super::listing::ordinary;

const PID: u32 = 724;

/// In a private region of [`PID`].
const PRIVATE: Va = Va(0x1_8000_3000);
/// In a file that is mapped as data.
const DATA: Va = Va(0x2_0000_1000);
/// In the image of the process.
const IMAGE: Va = Va(0x7ff6_5000_2000);
/// In no region.
const NOWHERE: Va = Va(0x6666_0000);
/// In no region either, though it is there.
const STRAY: Va = Va(0x6677_0000);
const KERNEL: Va = Va(0xffff_b700_0000_0000);

/// The guest with those pages, all out but for the stray one.
fn guest(builder: WindowsBuilder) -> WindowsGuest {
    let guest = builder.build();
    for va in [PRIVATE, DATA, IMAGE] {
        guest.space(PID).write_u64(va, va.0);
        guest.space(PID).page_out(va);
    }
    guest.space(PID).write_u64(STRAY, STRAY.0);
    guest.page_out();
    guest
}

fn answer(guest: &WindowsGuest, va: Va) -> Result<Option<bool>, VmiError> {
    guest.vm(PID).with(|vmi| {
        let process = vmi.os().current_process()?;
        process.is_valid_address(va)
    })
}

#[test]
fn what_the_layer_answers() -> Result<(), VmiError> {
    for builder in [builder(), builder().kva_shadow()] {
        let guest = guest(builder);
        assert_eq!(answer(&guest, PRIVATE)?, Some(true), "it is committed");
        assert_eq!(answer(&guest, IMAGE)?, Some(true));
        assert_eq!(answer(&guest, DATA)?, Some(false), "a fault brings it in");
        assert_eq!(answer(&guest, NOWHERE)?, Some(false));
        assert_eq!(answer(&guest, STRAY)?, Some(true), "it is there");
        assert_eq!(answer(&guest, KERNEL)?, Some(false), "it is paged out");
        for va in guest.user_pages(PID) {
            assert_eq!(answer(&guest, *va)?, Some(true), "{va}");
            guest.space(PID).page_in(*va);
            assert_eq!(answer(&guest, *va)?, Some(true), "{va}");
        }
        // No layer can tell that the guest has lost a page.
        guest.space(PID).unbacked(PRIVATE);
        assert_eq!(answer(&guest, PRIVATE)?, Some(true));
        decommit(&guest, PRIVATE);
        assert_eq!(answer(&guest, PRIVATE)?, Some(false));
    }
    Ok(())
}

/// The region that holds an address.
fn region(guest: &WindowsGuest, va: Va) -> Va {
    let region = guest.vm(PID).with(|vmi| {
        let process = vmi.os().current_process()?;
        let region = process.lookup_region(va)?;
        Ok::<_, VmiError>(region.map(|region| region.va()))
    });
    region.unwrap().expect("it lies in a region")
}

/// Reserves the region of an address, in the place of committing it.
fn decommit(guest: &WindowsGuest, va: Va) {
    let profile = WindowsProfile::new();
    let layout = profile.view().find_struct("_MMVAD_SHORT").unwrap();
    let flags = layout.field("VadFlags1").unwrap().offset();
    guest.guest().write_u32(region(guest, va) + flags, 0);
}

/// Reads numbers at addresses of the current process.
#[probed(options)]
fn read(vmi: &State<'_>, addresses: &[Va]) -> prober::Result<Vec<Option<u64>>> {
    let mut values = Vec::new();
    for address in addresses {
        let value = vmi.read_u64(*address)?;
        values.push(value);
    }
    Ok(values)
}

/// Reads at breakpoints of the process. Gives what was injected, too.
fn read_at(
    guest: &WindowsGuest,
    faults: &FaultQueue,
    addresses: &[Va],
) -> (Measured<Vec<Option<u64>>>, Vec<AddressContext>) {
    let mut injected = Vec::new();
    let read = in_turn(guest, &[PID], faults, |vmi| {
        let step = faults.step(vmi, |suppressed| read(vmi, addresses, suppressed));
        if let Step::Inject(fault) = &step {
            injected.push(*fault);
        }
        step
    });
    (read.unwrap(), injected)
}

fn queue(ask_os: bool) -> FaultQueue {
    FaultQueue::new().may_inject(windows_veto).ask_os(ask_os)
}

#[test]
fn what_is_invalid_is_never_injected() {
    for builder in [builder(), builder().kva_shadow()] {
        let guest = guest(builder);
        let reserved = Va(0x1_8001_0000);
        decommit(&guest, reserved);
        let addresses = [NOWHERE, PRIVATE, reserved, DATA, IMAGE, STRAY];
        // As long as its region is reserved, a page of it cannot come in.
        let there = [DATA, IMAGE, STRAY];
        let values: Vec<_> = addresses
            .iter()
            .map(|va| there.contains(va).then_some(va.0))
            .collect();

        let faults = queue(true);
        let (asked, injected) = read_at(&guest, &faults, &addresses);
        assert_eq!(asked.result, values);
        let injected: Vec<_> = injected.into_iter().map(|fault| fault.va).collect();
        assert_eq!(injected, [DATA, IMAGE]);
        assert_eq!((asked.paged_in, asked.in_vain), (2, 0));
        assert_eq!(faults.stats().invalid, 3);
        assert_eq!(faults.stats().given_up, 0);
    }
}

#[test]
fn without_the_question_it_is_injected() {
    let guest = guest(builder());
    let faults = queue(false);
    let (read, injected) = read_at(&guest, &faults, &[NOWHERE, PRIVATE]);
    assert_eq!(read.result, [None, Some(PRIVATE.0)]);
    assert_eq!((injected.len(), read.in_vain), (2, 1));
    assert_eq!(faults.stats().invalid, 0);
}

/// The question reads the regions of the process. What it lacks itself comes in first.
#[test]
fn the_question_may_miss_a_page_itself() {
    let guest = guest(builder());
    let vad = Va(region(&guest, PRIVATE).0 & !0xfff);
    guest.guest().page_out(vad);
    let faults = queue(true);
    let (read, injected) = read_at(&guest, &faults, &[PRIVATE, NOWHERE]);
    assert_eq!(read.result, [Some(PRIVATE.0), None]);
    let injected: Vec<_> = injected
        .into_iter()
        .map(|fault| fault.va.0 & !0xfff)
        .collect();
    assert_eq!(injected, [vad.0, PRIVATE.0]);
    assert_eq!((read.in_vain, faults.stats().invalid), (0, 1));
}

/// The whole listing, with a pointer that leads to no region: only what the guest has lost is asked for in vain.
#[test]
fn a_listing_with_a_stray_pointer() -> Result<(), ProbeError> {
    let line = "setup32.exe /quiet";
    for ask_os in [false, true] {
        let guest = lossy();
        stray_line(&guest, 1204, line);
        let faults = queue(ask_os);
        let job = faults.job();
        let listed = in_turn(&guest, &PIDS, &faults, |vmi| {
            job.step(vmi, |suppressed| ordinary::processes(vmi, suppressed))
        })?;
        let lost = [LOST[0], LOST[1], (1204, line)];
        assert_eq!(listed.result, expected(&guest, &lost));
        let bogus = u64::from(!ask_os);
        assert_eq!(listed.in_vain, LOST.len() as u64 + bogus);
        assert_eq!(faults.stats().invalid, 1 - bogus);
    }
    Ok(())
}

/// Has the command line of a 32-bit process, which is the text, point to an address in no region.
fn stray_line(guest: &WindowsGuest, pid: u32, text: &str) {
    let space = guest.space(pid);
    let low = |va: Va| u32::try_from(va.0).unwrap().to_le_bytes();
    // There is one text of 64 bits, too; that of 32 bits lies below.
    let mut pages = guest.user_pages(pid).iter().filter(|page| page.0 < 1 << 32);
    let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let buffer = *pages
        .find(|page| space.content(**page, units.len()) == units)
        .unwrap();
    let mut pages = guest.user_pages(pid).iter().filter(|page| page.0 < 1 << 32);
    let pointer = pages.find_map(|page| {
        let content = space.content(*page, 0x1000);
        let places = (0..0x1000).step_by(4);
        let mut places = places.filter(|place| content[*place..*place + 4] == low(buffer));
        places.next().map(|place| *page + place as u64)
    });
    space.write(pointer.unwrap(), &low(NOWHERE));
}
