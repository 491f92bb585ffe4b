//! A published driver as a user would use it: `vmi-driver-kdmp` on a full dump.

use std::marker::PhantomData;

use prober::{
    FaultQueue, PageFaults, ProbeError, SuppressedPages, Unavailable, probed, retry, testing::Guest,
};
use prober_tests::dump::DumpFile;
use vmi_arch_amd64::Amd64;
use vmi_core::{
    AddressContext, Gfn, Registers as _, Va, VcpuId, VmiCore, VmiError, VmiSession, VmiState,
    os::NoOS,
};
use vmi_driver_kdmp::VmiKdmpDriver;

type Driver = VmiKdmpDriver<Amd64>;
type State<'a> = VmiState<'a, NoOS<Driver>>;

const KERNEL: Va = Va(0xffff_f800_0000_0000);
const PRESENT: Va = Va(0xffff_f800_0010_0000);
const OUT: [Va; 2] = [Va(0xffff_f800_0020_0000), Va(0x30_0000)];
const LACKING: Va = Va(0xffff_f800_0040_0000);

/// Reads everything, and needs nothing.
#[probed(options)]
fn read(vmi: &State<'_>, pages: &[Va]) -> prober::Result<Vec<Option<u64>>> {
    let mut values = Vec::new();
    for page in pages {
        values.push(vmi.read_u64(*page)?);
    }
    Ok(values)
}

fn guest() -> Guest {
    let guest = Guest::new();
    for page in [PRESENT, OUT[0], OUT[1], LACKING] {
        guest.write_u64(page, page.0);
    }
    for page in OUT {
        guest.page_out(page);
    }
    guest
}

/// Opens a dump of a guest, without the frames given.
fn open<R>(guest: &Guest, without: &[Gfn], act: impl FnOnce(&State<'_>) -> R) -> R {
    let dump = DumpFile::of(guest, without).unwrap();
    let core = VmiCore::new(Driver::new(dump.path()).unwrap()).unwrap();
    let registers = core.registers(VcpuId(0)).unwrap();
    assert_eq!(registers.translation_root(Va(0)), guest.root());
    let session = VmiSession::new(&core, &NoOS(PhantomData));
    act(&session.with_registers(&registers))
}

#[track_caller]
fn batch<T>(result: prober::Result<T>) -> PageFaults {
    match result {
        Err(ProbeError::PageFaults(faults)) => faults,
        Err(other) => panic!("expected page faults, found {other:?}"),
        Ok(_) => panic!("expected page faults"),
    }
}

#[test]
fn present_pages_are_read() {
    open(&guest(), &[], |vmi| {
        let values = read(vmi, &[PRESENT, LACKING], &SuppressedPages::new());
        assert_eq!(values.unwrap(), [Some(PRESENT.0), Some(LACKING.0)]);
    });
}

#[test]
fn pages_that_are_not_present_are_one_batch() {
    let guest = guest();
    open(&guest, &[], |vmi| {
        // Beside a page that has no page table.
        let pages = [OUT[0], PRESENT, OUT[1], Va(0x7f00_0000_0000)];
        let faults = batch(read(vmi, &pages, &SuppressedPages::new()));
        let expected = [pages[0], pages[2], pages[3]];
        let expected = expected.map(|va| AddressContext::new(va, guest.root()));
        assert_eq!(faults, PageFaults::from_iter(expected));
    });
}

#[test]
fn a_frame_that_the_dump_lacks_is_a_hard_error() {
    let guest = guest();
    let lacking = [guest.frame(LACKING).unwrap()];
    open(&guest, &lacking, |vmi| {
        let result = read(vmi, &[PRESENT, LACKING], &SuppressedPages::new());
        let Err(ProbeError::Vmi(VmiError::Driver(error))) = result else {
            panic!("expected an error of the driver, found {result:?}");
        };
        assert!(error.to_string().contains("dump"), "{error}");
        // It is not retried.
        let mut asked = 0;
        let mut pager = |_: &PageFaults, _: &mut SuppressedPages| {
            asked += 1;
            Ok(())
        };
        let result = retry(&mut pager, &mut SuppressedPages::new(), |suppressed| {
            read(vmi, &[LACKING], suppressed)
        });
        assert!(matches!(result, Err(ProbeError::Vmi(VmiError::Driver(_)))));
        assert_eq!(asked, 0);
    });
}

#[test]
fn so_is_a_page_table_that_it_lacks() {
    let guest = guest();
    // All page tables but the root: the frames that hold no page.
    let data = [PRESENT, OUT[0], OUT[1], LACKING].map(|page| guest.frame(page).unwrap());
    let root = Gfn(guest.root().0 >> 12);
    let tables: Vec<_> = (0..=data.iter().map(|gfn| gfn.0).max().unwrap())
        .map(Gfn)
        .filter(|gfn| *gfn != root && !data.contains(gfn))
        .collect();
    open(&guest, &tables, |vmi| {
        let result = read(vmi, &[PRESENT], &SuppressedPages::new());
        assert!(matches!(result, Err(ProbeError::Vmi(VmiError::Driver(_)))));
    });
}

#[test]
fn a_hard_error_waits_for_what_is_missing() {
    let guest = guest();
    let lacking = [guest.frame(LACKING).unwrap()];
    open(&guest, &lacking, |vmi| {
        let pages = [OUT[0], LACKING, OUT[1]];
        let mut suppressed = SuppressedPages::new();
        let faults = batch(read(vmi, &pages, &suppressed));
        // The error leaves the function, so what follows it is not found.
        assert_eq!(faults.len(), 1);
        suppressed.extend(faults.iter().copied());
        let result = read(vmi, &pages, &suppressed);
        assert!(matches!(result, Err(ProbeError::Vmi(VmiError::Driver(_)))));
    });
}

#[test]
fn what_a_dump_cannot_answer_can_be_listed() {
    #[probed(options)]
    fn list(vmi: &State<'_>, pages: &[Va]) -> prober::Result<Vec<&'static str>> {
        let mut answers = Vec::new();
        for page in pages {
            answers.push(match vmi.read_u64(*page) {
                Ok(Some(_)) => "present",
                Ok(None) => "paged out",
                Err(_) => "lacking",
            });
        }
        Ok(answers)
    }
    let guest = guest();
    let lacking = [guest.frame(LACKING).unwrap()];
    open(&guest, &lacking, |vmi| {
        let pages = [LACKING, OUT[0], PRESENT, OUT[1]];
        let (mut runs, mut missing) = (0, PageFaults::new());
        let mut note = |faults: &PageFaults, refused: &mut SuppressedPages| {
            missing.extend(faults.iter().copied());
            refused.extend(faults.iter().copied());
            Ok(())
        };
        let answers = retry(&mut note, &mut SuppressedPages::new(), |suppressed| {
            runs += 1;
            list(vmi, &pages, suppressed)
        });
        assert_eq!(
            answers.unwrap(),
            ["lacking", "paged out", "present", "paged out"]
        );
        assert_eq!((runs, missing.len()), (2, 2));
    });
}

#[test]
fn ranges_and_strings_of_a_dump() {
    #[probed(options)]
    fn text(vmi: &State<'_>, at: Va, limit: usize) -> prober::Result<String> {
        let text = vmi.read_string_limited(at, limit)??;
        Ok(text)
    }
    #[probed(options)]
    fn range(vmi: &State<'_>, at: Va) -> prober::Result<Vec<u8>> {
        let mut bytes = vec![0; 0x4000];
        vmi.read(at, &mut bytes)??;
        Ok(bytes)
    }
    let guest = guest();
    let at = KERNEL + 0xf00;
    let long = "x".repeat(0x3000);
    guest.write_str(at, &long);
    open(&guest, &[], |vmi| {
        assert_eq!(
            text(vmi, at, 0x4000, &SuppressedPages::new()).unwrap(),
            long
        );
        let faults = batch(range(vmi, at, &SuppressedPages::new()));
        assert_eq!(faults.first().map(|fault| fault.va), Some(KERNEL + 0x4000));
    });
    guest.page_out(KERNEL + 0x1000);
    guest.page_out(KERNEL + 0x3000);
    open(&guest, &[], |vmi| {
        let faults = batch(range(vmi, at, &SuppressedPages::new()));
        let pages = faults.iter().map(|fault| fault.va);
        assert!(pages.eq([0x1000, 0x3000, 0x4000].map(|page| KERNEL + page)));
        assert_eq!(
            batch(text(vmi, at, 0x4000, &SuppressedPages::new())).len(),
            1
        );
    });
}

/// A queue has no use here: nothing runs. But it ends.
#[test]
fn a_queue_over_a_dump_ends() {
    open(&guest(), &[], |vmi| {
        let faults = FaultQueue::new().max_injections(0);
        let values = faults.run(vmi, |suppressed| read(vmi, &[OUT[0], PRESENT], suppressed));
        assert_eq!(values.unwrap(), [None, Some(PRESENT.0)]);
        let needed = faults.run(vmi, |_| vmi.read_u64(OUT[1]));
        assert!(needed.is_err_and(|error| Unavailable::of(&error).is_some()));
    });
}
