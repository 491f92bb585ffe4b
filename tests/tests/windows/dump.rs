//! The guest as a dump, through vmi-driver-kdmp: what is missing stays so, and comes as one batch.

use prober::{
    PageFaults, ProbeError, SuppressedPages, probe, probed, retry, testing::windows::WindowsGuest,
};
use prober_tests::{
    dump::DumpFile,
    windows::{State, cold, expected},
};
use vmi_arch_amd64::Amd64;
use vmi_core::{AddressContext, Gfn, Va, VmiCore, VmiError, VmiSession, os::VmiOsProcess as _};
use vmi_driver_kdmp::VmiKdmpDriver;

use super::{
    listing::{options, ordinary},
    lists::{
        PIDS, annotated, drivers, guest, handles, modules, plain, processes, regions, threads,
    },
};

type Driver = VmiKdmpDriver<Amd64>;

/// Opens a dump of the guest, without the frames given, with a process as the current one.
fn open<R>(
    guest: &WindowsGuest,
    without: &[Gfn],
    pid: u32,
    act: impl FnOnce(&State<'_, Driver>) -> R,
) -> R {
    let dump = DumpFile::of(guest.guest(), without).unwrap();
    let core = VmiCore::new(Driver::new(dump.path()).unwrap()).unwrap();
    let os = guest.os();
    let registers = guest.registers(pid, &guest.vm(pid).registers());
    let session = VmiSession::new(&core, &os);
    act(&session.with_registers(&registers))
}

/// Runs an operation on a dump. Nobody can bring a page in, so each batch is noted and refused.
fn refusing<T>(
    mut operation: impl FnMut(&SuppressedPages) -> prober::Result<T>,
) -> (prober::Result<T>, Vec<PageFaults>) {
    let mut batches = Vec::new();
    let mut note = |faults: &PageFaults, refused: &mut SuppressedPages| {
        batches.push(faults.clone());
        refused.extend(faults.iter().copied());
        Ok(())
    };
    let result = retry(&mut note, &mut SuppressedPages::new(), &mut operation);
    (result, batches)
}

/// The page of an address.
fn page(va: Va) -> Va {
    Va(va.0 & !0xfff)
}

/// The pages of a batch, in order.
fn pages(faults: &PageFaults) -> Vec<Va> {
    let mut pages: Vec<_> = faults.iter().map(|fault| page(fault.va)).collect();
    pages.sort_unstable();
    pages
}

/// The pages that a list needs: it fails without any one of them, with all others resident.
fn needed<T>(
    guest: &WindowsGuest,
    pid: u32,
    list: impl Fn(&State<'_>) -> prober::Result<T>,
) -> Vec<Va> {
    let (space, vm) = (guest.space(pid), guest.vm(pid));
    let candidates = guest.user_pages(pid).iter().chain(guest.paged_pool());
    let mut needed: Vec<_> = candidates.copied().collect();
    needed.retain(|va| {
        space.page_out(*va);
        let missing = match vm.with(|vmi| list(vmi)) {
            Err(ProbeError::PageFaults(faults)) => faults.first().map(|fault| page(fault.va)),
            Err(other) => panic!("without {va}: {other}"),
            Ok(_) => None,
        };
        space.page_in(*va);
        assert!(missing.is_none_or(|missing| missing == *va));
        missing.is_some()
    });
    needed.sort_unstable();
    needed
}

/// The batch of a list on a dump of the paged-out guest, all in the address space of the process.
fn batch<T>(
    guest: &WindowsGuest,
    pid: u32,
    list: impl Fn(&State<'_, Driver>, &SuppressedPages) -> prober::Result<T>,
) -> Vec<Va> {
    let root = guest.space(pid).root();
    open(guest, &[], pid, |vmi| {
        match list(vmi, &SuppressedPages::new()) {
            Err(ProbeError::PageFaults(faults)) => {
                assert!(faults.iter().all(|fault| fault.root == root));
                pages(&faults)
            }
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("something is missing"),
        }
    })
}

#[test]
fn a_resident_dump_gives_all_lists() -> prober::Result<()> {
    let guest = guest();
    for pid in PIDS {
        open(&guest, &[], pid, |vmi| {
            let none = &SuppressedPages::new();
            assert_eq!(annotated::processes(vmi, none)?, processes(&guest));
            assert_eq!(annotated::drivers(vmi, none)?, drivers(&guest));
            assert_eq!(annotated::modules(vmi, none)?, modules(&guest, pid));
            assert_eq!(annotated::threads(vmi, none)?, threads(&guest, pid));
            assert_eq!(annotated::handles(vmi, none)?, handles(&guest, pid));
            assert_eq!(annotated::regions(vmi, none)?, regions(&guest, pid));
            let rows = ordinary::processes(vmi, none)?;
            assert_eq!(rows, expected(&guest, &[]));
            assert_eq!(options::processes(vmi, none)?, rows);
            Ok::<_, ProbeError>(())
        })?;
    }
    Ok(())
}

/// Nothing of these lists lies behind another page that is paged out.
#[test]
fn the_batch_of_a_list_is_all_that_the_dump_lacks() {
    let (resident, cold) = (guest(), cold());
    for pid in PIDS {
        let lacks = batch(&cold, pid, annotated::drivers);
        assert_eq!(lacks, needed(&resident, pid, plain::drivers), "{pid}");
        let lacks = batch(&cold, pid, annotated::threads);
        assert_eq!(lacks, needed(&resident, pid, plain::threads), "{pid}");
        assert_eq!(lacks.len(), threads(&resident, pid).len(), "a TEB each");
        let lacks = batch(&cold, pid, annotated::regions);
        assert_eq!(lacks, needed(&resident, pid, plain::regions), "{pid}");
    }
}

#[test]
fn what_is_found_through_a_missing_page_is_not_made_up() {
    let (resident, cold) = (guest(), cold());
    for pid in PIDS {
        // The PEB, which leads to all else. That of 32 bits, where there is one.
        let needed = needed(&resident, pid, plain::modules);
        let lacks = batch(&cold, pid, annotated::modules);
        assert_eq!(lacks, needed[..1], "{pid}");
        assert!(needed.len() > modules(&resident, pid).len());
    }
    // The handle table itself.
    let lacks = batch(&cold, 500, annotated::handles);
    assert_eq!(lacks, needed(&resident, 500, plain::handles)[..1]);
}

/// A PEB and a page of kernel pool for each process but System.
#[test]
fn the_batch_of_the_listing_spans_all_address_spaces() {
    let guest = cold();
    open(&guest, &[], 500, |vmi| {
        for (result, batches) in [
            refusing(|suppressed| ordinary::processes(vmi, suppressed)),
            refusing(|suppressed| options::processes(vmi, suppressed)),
        ] {
            let [batch] = &batches[..] else {
                panic!("{} batches", batches.len())
            };
            assert_eq!(batch.len(), 2 * PIDS.len());
            for pid in PIDS {
                let root = guest.space(pid).root();
                let user = |fault: &&AddressContext| fault.root == root && fault.va.0 >> 63 == 0;
                assert_eq!(batch.iter().filter(user).count(), 1, "{pid}");
            }
            // The modules are not to be had, and nobody takes that for no modules.
            let error = result.unwrap_err();
            assert!(error.is_unavailable(), "{error}");
        }
    });
}

/// The processes, with what is left of their command lines.
#[probed]
fn lines(vmi: &State<'_, Driver>) -> prober::Result<Vec<(u32, Option<String>)>> {
    let mut lines = Vec::new();
    for process in vmi.os().processes()? {
        let process = process?;
        let id = process.id()?.0;
        let line = match process.peb()? {
            Some(peb) => probe!(peb.command_line())?,
            None => Some(String::new()),
        };
        lines.push((id, line));
    }
    Ok(lines)
}

#[test]
fn what_is_optional_is_marked() -> prober::Result<()> {
    let guest = guest();
    // The whole user memory of one process.
    for page in guest.user_pages(724) {
        guest.space(724).page_out(*page);
    }
    let (rows, batches) = open(&guest, &[], 388, |vmi| {
        refusing(|suppressed| lines(vmi, suppressed))
    });
    let expected = guest.processes().iter().map(|process| {
        let line = (process.id != 724).then(|| process.command_line.clone());
        (process.id, line)
    });
    assert_eq!(rows?, expected.collect::<Vec<_>>());
    let [batch] = &batches[..] else {
        panic!("{} batches", batches.len())
    };
    assert_eq!(pages(batch), [guest.user_pages(724)[0]]);
    Ok(())
}

/// A kernel dump has no frames of user memory, though the page tables name them. That is no page fault.
#[test]
fn a_frame_that_the_dump_left_out_is_an_error() {
    let guest = guest();
    let left_out = |pid| {
        let space = guest.space(pid);
        let pages = guest.user_pages(pid).iter();
        pages.filter_map(|va| space.frame(*va)).collect::<Vec<_>>()
    };
    open(&guest, &left_out(500), 500, |vmi| {
        for (result, batches) in [
            refusing(|suppressed| ordinary::processes(vmi, suppressed)),
            refusing(|suppressed| options::processes(vmi, suppressed)),
        ] {
            assert!(batches.is_empty());
            let error = result.unwrap_err();
            assert!(
                matches!(error, ProbeError::Vmi(VmiError::Driver(_))),
                "{error:?}"
            );
        }
        let (drivers_read, _) = refusing(|suppressed| annotated::drivers(vmi, suppressed));
        assert_eq!(drivers_read.unwrap(), drivers(&guest));
        let (regions_read, _) = refusing(|suppressed| annotated::regions(vmi, suppressed));
        assert_eq!(regions_read.unwrap(), regions(&guest, 500));
    });
}

/// What can be asked for comes first; the error waits for the run that has nothing to ask for.
#[test]
fn page_faults_come_before_a_frame_that_was_left_out() {
    let guest = guest();
    guest.space(388).page_out(guest.user_pages(388)[0]);
    let left_out: Vec<_> = guest
        .space(724)
        .frame(guest.user_pages(724)[0])
        .into_iter()
        .collect();
    open(&guest, &left_out, 500, |vmi| {
        let (result, batches) = refusing(|suppressed| lines(vmi, suppressed));
        assert_eq!(batches.len(), 1);
        assert_eq!(pages(&batches[0]), [guest.user_pages(388)[0]]);
        let error = result.unwrap_err();
        assert!(
            matches!(error, ProbeError::Vmi(VmiError::Driver(_))),
            "{error:?}"
        );
    });
}
