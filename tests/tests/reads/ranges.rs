//! `read` and `read_struct`.

use prober::{SuppressedPages, Unavailable, probed, retry, testing::Guest};
use vmi_arch_amd64::Amd64;
use vmi_core::{AccessContext, AddressContext, Gfn, Pa, Va, VmiError};
use zerocopy::{FromBytes, Immutable, IntoBytes};

use super::{Outcome, PAGE, State, batch, faults, none, outcome, page_in, page_out};

const BASE: Va = Va(0x7000_0000);

#[probed(options)]
fn read(vmi: &State<'_>, at: Va, length: usize) -> prober::Result<Option<Vec<u8>>> {
    let mut buffer = vec![0xee; length];
    let read = vmi.read(at, &mut buffer)?;
    Ok(read.map(|()| buffer))
}

fn pattern(length: u64) -> Vec<u8> {
    (0..length)
        .map(|byte| u8::try_from(byte % 251).unwrap())
        .collect()
}

/// Five pages, with every subset missing, and ranges that begin and end around the ends of pages.
#[test]
fn every_missing_page_of_a_range() {
    let guest = Guest::new();
    let content = pattern(5 * PAGE);
    guest.write(BASE, &content);
    let vm = guest.vm();
    for subset in 0..32 {
        page_out(&guest, BASE, subset);
        for begin in [0, 1, PAGE - 1, PAGE, PAGE + 8, 3 * PAGE - 1] {
            for end in (1..=5).flat_map(|page| [page * PAGE - 1, page * PAGE, page * PAGE + 1]) {
                let Some(length) = end.checked_sub(begin).filter(|_| end <= 5 * PAGE) else {
                    continue;
                };
                let length = usize::try_from(length).unwrap();
                let result = vm.with(|vmi| read(vmi, BASE + begin, length, &none()));

                let touched = if length == 0 {
                    0..0
                } else {
                    begin / PAGE..(end - 1) / PAGE + 1
                };
                let missing = touched
                    .filter(|page| subset >> page & 1 == 1)
                    .map(|page| BASE + begin.max(page * PAGE));
                let missing = faults(&guest, missing);
                let expected = if missing.is_empty() {
                    let begin = usize::try_from(begin).unwrap();
                    Outcome::Value(content[begin..begin + length].to_vec())
                } else {
                    Outcome::Faults(missing)
                };
                assert_eq!(
                    outcome(result),
                    expected,
                    "{subset:05b} {begin:#x}..{end:#x}"
                );
            }
        }
        page_in(&guest, BASE, subset);
    }
}

#[test]
fn one_pass_is_enough() {
    let guest = Guest::new();
    guest.write(BASE, &pattern(40 * PAGE));
    guest.page_out_all();
    let vm = guest.vm();
    let mut runs = 0;
    let value = retry(&mut &guest, &mut none(), |suppressed| {
        runs += 1;
        vm.with(|vmi| read(vmi, BASE, 40 * 0x1000, suppressed))
    });
    assert_eq!(value.unwrap().unwrap(), pattern(40 * PAGE));
    assert_eq!((runs, guest.counts().batches), (2, 1));
}

#[test]
fn a_suppressed_page_in_a_range_spares_the_others() {
    let guest = Guest::new();
    guest.write(BASE, &pattern(5 * PAGE));
    let vm = guest.vm();
    for subset in 1..32_u64 {
        page_out(&guest, BASE, subset);
        for page in 0..5 {
            let mut suppressed = none();
            suppressed.insert(AddressContext::new(
                BASE + page * PAGE + 0x123,
                guest.root(),
            ));
            let result = vm.with(|vmi| read(vmi, BASE, 5 * 0x1000, &suppressed));
            let expected = if subset >> page & 1 == 1 {
                Outcome::Missing
            } else {
                // A resident page is read, suppressed or not.
                let missing = (0..5).filter(|page| subset >> page & 1 == 1);
                Outcome::Faults(faults(&guest, missing.map(|page| BASE + page * PAGE)))
            };
            assert_eq!(outcome(result), expected, "{subset:05b} {page}");
        }
        page_in(&guest, BASE, subset);
    }
}

#[test]
fn what_was_needed_names_the_suppressed_pages() {
    #[probed(options)]
    fn needs(vmi: &State<'_>, length: usize) -> Result<Vec<u8>, VmiError> {
        let mut buffer = vec![0; length];
        vmi.read(BASE, &mut buffer)??;
        Ok(buffer)
    }
    let guest = Guest::new();
    guest.write(BASE, &pattern(5 * PAGE));
    page_out(&guest, BASE, 0b11011);
    let wanted = faults(&guest, [BASE + PAGE, BASE + 4 * PAGE]);
    let suppressed: SuppressedPages = wanted.iter().copied().collect();
    let error = guest
        .vm()
        .with(|vmi| needs(vmi, 5 * 0x1000, &suppressed))
        .unwrap_err();
    let unavailable = Unavailable::of(&error).expect("no fault to inject");
    assert_eq!(unavailable.pages(), &batch(&wanted));
}

#[test]
fn at_most_512_pages_are_recorded() {
    let guest = Guest::new();
    let vm = guest.vm();
    for (pages, expected) in [(511_u64, 511), (512, 512), (513, 512), (2000, 512)] {
        let length = usize::try_from(pages * PAGE).unwrap();
        let Outcome::Faults(found) = outcome(vm.with(|vmi| read(vmi, BASE, length, &none())))
        else {
            panic!("nothing is mapped");
        };
        assert_eq!(
            found,
            faults(&guest, (0..expected).map(|page| BASE + page * PAGE))
        );
    }
    // Those that are there do not count.
    guest.map(BASE + PAGE);
    let result = vm.with(|vmi| read(vmi, BASE, 600 * 0x1000, &none()));
    let expected = (0..513).filter(|page| *page != 1);
    let expected = faults(&guest, expected.map(|page| BASE + page * PAGE));
    assert_eq!(outcome(result), Outcome::Faults(expected));
}

#[test]
fn nothing_is_touched_for_nothing() {
    let guest = Guest::new();
    let vm = guest.vm();
    // Not mapped, null, not canonical, the last byte.
    for at in [BASE, Va(0), Va(0x8000_0000_0000_0000), Va(u64::MAX)] {
        let result = vm.with(|vmi| read(vmi, at, 0, &SuppressedPages::empty()));
        assert_eq!(outcome(result), Outcome::Value(vec![]), "{at}");
    }
    assert_eq!(guest.counts().walks, 0);
}

#[test]
fn the_top_of_the_address_space() {
    const TOP: Va = Va(0xffff_ffff_ffff_f000);
    let guest = Guest::new();
    guest.write(TOP, &pattern(PAGE));
    let vm = guest.vm();
    // The set of `new` holds the last page.
    let at_top = |offset: u64, length: usize| {
        outcome(vm.with(|vmi| read(vmi, TOP + offset, length, &SuppressedPages::empty())))
    };
    let content = pattern(PAGE);
    assert_eq!(
        at_top(0xff0, 15),
        Outcome::Value(content[0xff0..0xfff].to_vec())
    );
    // Up to the last byte.
    assert_eq!(at_top(0xff0, 16), Outcome::Value(content[0xff0..].to_vec()));
    assert_eq!(at_top(0xfff, 1), Outcome::Value(content[0xfff..].to_vec()));
    assert_eq!(at_top(0, 0x1000), Outcome::Value(content));
    // Beyond it: no page can help.
    for (offset, length) in [(0xff0, 17), (0xfff, 2), (0, 0x1001), (0, 0x10_0000)] {
        assert_eq!(
            at_top(offset, length),
            Outcome::Missing,
            "{offset:#x} {length:#x}"
        );
    }
    guest.page_out(TOP);
    assert_eq!(
        at_top(0xff0, 16),
        Outcome::Faults(faults(&guest, [TOP + 0xff0]))
    );
    assert_eq!(at_top(0xff0, 17), Outcome::Missing);
    // The pages before the last one.
    let before = Va(0xffff_ffff_ffff_d000);
    let result = vm.with(|vmi| read(vmi, before, 0x3000, &SuppressedPages::empty()));
    let expected = [before, before + PAGE, before + 2 * PAGE];
    assert_eq!(outcome(result), Outcome::Faults(faults(&guest, expected)));
}

#[test]
fn a_range_into_the_hole_is_not_to_be_had() {
    let guest = Guest::new();
    let end = Va(0x7fff_ffff_f000);
    guest.map(end);
    let vm = guest.vm();
    let result = vm.with(|vmi| read(vmi, end + 0xff8, 16, &none()));
    // vmi-core reads addresses that are not canonical as the page they alias; here none is mapped.
    assert_eq!(outcome(result), Outcome::Missing);
}

#[test]
fn a_walk_that_fails_otherwise_ends_the_listing() {
    let guest = Guest::new();
    // A page table each.
    let pages = [0, 1, 2, 3].map(|table| Va(0x7020_0000 - PAGE) + table * 0x20_0000);
    for page in pages {
        guest.write(page, &pattern(2 * PAGE));
    }
    let at = pages[1];
    guest.page_out(at);
    guest.page_out(at + PAGE);
    let vm = guest.vm();
    let result = vm.with(|vmi| read(vmi, at, 0x2000, &none()));
    assert_eq!(
        outcome(result),
        Outcome::Faults(faults(&guest, [at, at + PAGE]))
    );
    // The page directory entry of the second page leads nowhere.
    vm.with(|vmi| {
        let translation = Amd64::translation(vmi, at + PAGE, guest.root());
        let directory = translation.entries()[2].entry_address;
        let lost = Gfn(0xf_ffff).0 << 12 | 7;
        vmi.core()
            .write_u64(AccessContext::direct(directory), lost)
            .unwrap();
    });
    let result = vm.with(|vmi| read(vmi, at, 0x2000, &none()));
    assert_eq!(outcome(result), Outcome::Faults(faults(&guest, [at])));
    guest.page_in(at);
    let result = vm.with(|vmi| read(vmi, at, 0x2000, &none()));
    assert!(result.is_err_and(|error| error.to_string().contains("no frame")));
}

#[test]
fn physical_ranges_have_no_pages_to_miss() {
    #[probed(options)]
    fn physical(vmi: &State<'_>, at: Pa) -> prober::Result<Option<[u8; 16]>> {
        Ok(vmi.read_struct_in(at)?)
    }
    let guest = Guest::new();
    guest.write(BASE, &pattern(PAGE));
    let at = Pa(guest.frame(BASE).unwrap().0 << 12);
    let vm = guest.vm();
    let value = vm.with(|vmi| physical(vmi, at + 0x10, &none()));
    assert_eq!(value.unwrap().unwrap()[..], pattern(PAGE)[0x10..0x20]);
    let beyond = vm.with(|vmi| physical(vmi, Pa(0xffff_f000), &none()));
    assert!(beyond.is_err_and(|error| error.to_string().contains("no frame")));
    // No overflow.
    let wraps = vm.with(|vmi| physical(vmi, Pa(u64::MAX - 3), &none()));
    assert_eq!(outcome(wraps), Outcome::Missing);
}

#[derive(Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
struct Header {
    magic: u64,
    rest: [u8; 0x2000],
    end: u64,
}

#[test]
fn structs_over_several_pages() {
    #[probed(options)]
    fn header(vmi: &State<'_>, at: Va) -> prober::Result<Option<Header>> {
        Ok(vmi.read_struct(at)?)
    }
    #[probed(options)]
    fn nothing(vmi: &State<'_>, at: Va) -> prober::Result<Option<[u8; 0]>> {
        Ok(vmi.read_struct(at)?)
    }
    let guest = Guest::new();
    let value = Header {
        magic: 7,
        rest: [9; 0x2000],
        end: 8,
    };
    let at = BASE + 0xffc;
    guest.write_struct(at, &value);
    let vm = guest.vm();
    for subset in 0..16 {
        page_out(&guest, BASE, subset);
        let result = outcome(vm.with(|vmi| header(vmi, at, &none())));
        let missing = (0..4).filter(|page| subset >> page & 1 == 1);
        let missing = missing.map(|page| BASE + (page * PAGE).max(0xffc));
        let missing = faults(&guest, missing);
        if missing.is_empty() {
            assert_eq!(result, Outcome::Value(Header { ..value }));
        } else {
            assert_eq!(result, Outcome::Faults(missing));
        }
        page_in(&guest, BASE, subset);
    }
    let empty = vm.with(|vmi| nothing(vmi, Va(0x1234_5000), &none()));
    assert_eq!(outcome(empty), Outcome::Value([]));
}

/// A suppressed page behind the pages that are recorded at most.
#[test]
fn all_pages_of_a_range_are_looked_at_for_suppressed_ones() {
    let guest = Guest::new();
    let vm = guest.vm();
    let length = 600 * 0x1000;
    for page in [0, 511, 512, 599] {
        let at = AddressContext::new(BASE + page * PAGE, guest.root());
        let suppressed = SuppressedPages::from_iter([at]);
        let result = vm.with(|vmi| read(vmi, BASE, length, &suppressed));
        assert_eq!(outcome(result), Outcome::Missing, "{page}");
    }
    let beyond = AddressContext::new(BASE + 600 * PAGE, guest.root());
    let suppressed = SuppressedPages::from_iter([beyond]);
    let result = vm.with(|vmi| read(vmi, BASE, length, &suppressed));
    assert!(matches!(outcome(result), Outcome::Faults(found) if found.len() == 512));
}

/// The user half ends before the non-canonical hole: the bytes behind it are not those of the kernel half.
#[test]
fn a_range_over_the_end_of_the_user_half() {
    const END: Va = Va(0x7fff_ffff_f000);
    let guest = Guest::new();
    guest.write(END, &pattern(PAGE));
    guest.write(Va(0xffff_8000_0000_0000), &pattern(PAGE));
    let vm = guest.vm();
    for suppressed in [none(), SuppressedPages::empty()] {
        let read = |at, length| outcome(vm.with(|vmi| read(vmi, at, length, &suppressed)));
        assert_eq!(
            read(END + 0xff8, 8),
            Outcome::Value(pattern(PAGE)[0xff8..].to_vec())
        );
        for length in [9, 14, 0x1008, 0x2000] {
            assert_eq!(read(END + 0xff8, length), Outcome::Missing, "{length}");
        }
        guest.page_out(END);
        assert_eq!(read(END + 0xff8, 14), Outcome::Missing);
        assert_eq!(
            read(END + 0xff8, 8),
            Outcome::Faults(faults(&guest, [END + 0xff8]))
        );
        guest.page_in(END);
    }
}

#[test]
fn what_reaches_over_an_end_is_named() {
    #[probed(options)]
    fn needs(vmi: &State<'_>, at: Va) -> prober::Result<u64> {
        Ok(vmi.read_u64(at)??)
    }
    let guest = Guest::new();
    guest.map(Va(0x7fff_ffff_f000));
    guest.map(Va(0xffff_ffff_ffff_f000));
    for (at, named) in [
        (0x7fff_ffff_fffc, 0x8000_0000_0000),
        (0xffff_ffff_ffff_fffc, u64::MAX),
    ] {
        let error = guest
            .vm()
            .with(|vmi| needs(vmi, Va(at), &SuppressedPages::empty()))
            .unwrap_err();
        let unavailable = error.unavailable().expect("no page to bring in");
        assert!(unavailable.pages().iter().eq(&faults(&guest, [Va(named)])));
    }
}
