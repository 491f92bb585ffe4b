//! Rule 1: what a probe is, and what it gives.

use prober::{ProbeError, SuppressedPages, probe, probed};
use vmi_core::{AccessContext, Gfn, Pa, Va, VmiError};

use crate::{Pages, State, faults, is_broken, page};

const READS: u64 = 23;
type Reads = [bool; 23];

/// The reads by address, each of a page of its own, in order: whether the data was there.
#[probed(options)]
fn by_address(vmi: &State<'_>) -> prober::Result<Reads> {
    let (page, buffer) = (&mut (0..READS).map(page), &mut [0; 8]);
    let mut next = || page.next().unwrap();
    Ok([
        vmi.read(next(), buffer)?.is_some(),
        vmi.read_u8(next())?.is_some(),
        vmi.read_u16(next())?.is_some(),
        vmi.read_u32(next())?.is_some(),
        vmi.read_u64(next())?.is_some(),
        vmi.read_uint(next(), 4)?.is_some(),
        vmi.read_address(next())?.is_some(),
        vmi.read_address_native(next())?.is_some(),
        vmi.read_address32(next())?.is_some(),
        vmi.read_address64(next())?.is_some(),
        vmi.read_va(next())?.is_some(),
        vmi.read_va_native(next())?.is_some(),
        vmi.read_va32(next())?.is_some(),
        vmi.read_va64(next())?.is_some(),
        vmi.read_string_bytes_limited(next(), 8)?.is_some(),
        vmi.read_string_bytes(next())?.is_some(),
        vmi.read_string_utf16_bytes_limited(next(), 8)?.is_some(),
        vmi.read_string_utf16_bytes(next())?.is_some(),
        vmi.read_string_limited(next(), 8)?.is_some(),
        vmi.read_string(next())?.is_some(),
        vmi.read_string_utf16_limited(next(), 8)?.is_some(),
        vmi.read_string_utf16(next())?.is_some(),
        vmi.read_struct::<[u32; 2]>(next())?.is_some(),
    ])
}

/// The same reads in an address space.
#[probed(options)]
fn by_context(vmi: &State<'_>, root: Pa) -> prober::Result<Reads> {
    let (page, buffer) = (&mut (0..READS).map(page), &mut [0; 8]);
    let mut next = || (page.next().unwrap(), root);
    Ok([
        vmi.read_in(next(), buffer)?.is_some(),
        vmi.read_u8_in(next())?.is_some(),
        vmi.read_u16_in(next())?.is_some(),
        vmi.read_u32_in(next())?.is_some(),
        vmi.read_u64_in(next())?.is_some(),
        vmi.read_uint_in(next(), 4)?.is_some(),
        vmi.read_address_in(next())?.is_some(),
        vmi.read_address_native_in(next())?.is_some(),
        vmi.read_address32_in(next())?.is_some(),
        vmi.read_address64_in(next())?.is_some(),
        vmi.read_va_in(next())?.is_some(),
        vmi.read_va_native_in(next())?.is_some(),
        vmi.read_va32_in(next())?.is_some(),
        vmi.read_va64_in(next())?.is_some(),
        vmi.read_string_bytes_limited_in(next(), 8)?.is_some(),
        vmi.read_string_bytes_in(next())?.is_some(),
        vmi.read_string_utf16_bytes_limited_in(next(), 8)?.is_some(),
        vmi.read_string_utf16_bytes_in(next())?.is_some(),
        vmi.read_string_limited_in(next(), 8)?.is_some(),
        vmi.read_string_in(next())?.is_some(),
        vmi.read_string_utf16_limited_in(next(), 8)?.is_some(),
        vmi.read_string_utf16_in(next())?.is_some(),
        vmi.read_struct_in::<[u32; 2]>(next())?.is_some(),
    ])
}

#[test]
fn every_read_is_a_probe() {
    let pages = Pages::without(0..READS);
    let all: Vec<_> = (0..READS).map(page).collect();
    assert_eq!(faults(pages.run(by_address)), all);
    // In another space, which is empty.
    let other = pages.guest.new_space().root();
    let result = pages.run(|vmi, suppressed| by_context(vmi, other, suppressed));
    let Err(ProbeError::PageFaults(batch)) = result else {
        panic!("all pages are missing");
    };
    assert!(batch.iter().all(|fault| fault.root == other));
    assert!(batch.iter().map(|fault| fault.va).eq(all));
}

#[test]
fn what_is_there_is_read_and_what_is_suppressed_is_not_recorded() {
    let pages = Pages::without((0..READS).filter(|number| number % 3 == 0));
    for number in 0..READS {
        pages.guest.write_u64(page(number), 0x41_4141);
    }
    // Also the pages that are there.
    let suppressed = pages.suppress(0..READS);
    let there: Vec<_> = (0..READS).map(|number| number % 3 != 0).collect();
    pages.vm.with(|vmi| {
        assert_eq!(by_address(vmi, &suppressed).unwrap()[..], there);
        let root = pages.guest.root();
        assert_eq!(by_context(vmi, root, &suppressed).unwrap()[..], there);
    });
}

#[test]
fn values_are_those_of_the_plain_read() {
    #[probed(options)]
    fn values(
        vmi: &State<'_>,
        at: Va,
    ) -> prober::Result<(Option<u64>, Option<u64>, Option<String>)> {
        let number = vmi.read_u64(at)?;
        let part = vmi.read_uint(at + 1, 4)?;
        let text = vmi.read_string_limited(at + 0x10, 3)?;
        Ok((number, part, text))
    }

    let pages = Pages::without([]);
    pages.guest.write_str(page(1) + 0x10, "lsass");
    let (number, part, text) = pages.run(|vmi, none| values(vmi, page(1), none)).unwrap();
    assert_eq!(number, Some(page(2).0));
    assert_eq!(part, Some(page(2).0 >> 8));
    assert_eq!(text.as_deref(), Some("lsa"));
}

#[test]
#[allow(clippy::needless_borrow)] // What is seen through.
fn the_receiver_is_seen_through_parentheses_and_references() {
    #[probed(options)]
    fn all(vmi: &State<'_>) -> prober::Result<[Option<u8>; 4]> {
        Ok([
            (vmi).read_u8(page(4))?,
            (&vmi).read_u8(page(3))?,
            (*vmi).read_u8(page(2))?,
            (&*(vmi)).read_u8(page(1))?,
        ])
    }

    let pages = Pages::without(1..5);
    assert_eq!(faults(pages.run(all)), [4, 3, 2, 1].map(page));
}

#[test]
fn any_other_error_stays_one() {
    #[probed(options)]
    fn read(vmi: &State<'_>, at: Va) -> Result<Option<u64>, VmiError> {
        let value = vmi.read_u64(at);
        assert!(value.as_ref().is_err_and(is_broken));
        value
    }

    let pages = Pages::without([]);
    let at = pages.broken();
    let result = pages.run(|vmi, suppressed| read(vmi, at, suppressed));
    assert!(is_broken(&result.unwrap_err()));
}

#[test]
fn a_page_and_a_length_are_no_probes() {
    #[probed(options)]
    fn first_byte(vmi: &State<'_>, gfn: Gfn) -> prober::Result<(u8, Option<usize>, Option<u8>)> {
        let page = vmi.read_page(gfn)?;
        let limit: Option<usize> = vmi.read_string_length_limit();
        Ok((page[0], limit, vmi.read_u8(page_of(&page))?))
    }

    fn page_of(bytes: &[u8]) -> Va {
        Va(u64::from_le_bytes(bytes[..8].try_into().unwrap()))
    }

    let pages = Pages::without([1]);
    let gfn = pages.guest.frame(page(0)).unwrap();
    let result = pages.run(|vmi, none| first_byte(vmi, gfn, none));
    assert_eq!(faults(result), [page(1)]);
    let result = pages
        .vm
        .with(|vmi| first_byte(vmi, gfn, &pages.suppress([1])));
    let (byte, limit, next) = result.unwrap();
    assert_eq!(byte, page(1).0.to_le_bytes()[0]);
    assert_eq!(
        (limit, next),
        (pages.vm.core().read_string_length_limit(), None)
    );
}

#[test]
fn a_read_in_the_arguments_is_part_of_the_probe() {
    #[probed(options)]
    fn second(vmi: &State<'_>, at: Va) -> Result<Option<Va>, VmiError> {
        vmi.read_va(vmi.read_va(at)? + 8)
    }

    for (out, found) in [(vec![1, 2], 1), (vec![2], 2), (vec![1], 1)] {
        let pages = Pages::without(out);
        let result = pages.run(|vmi, none| second(vmi, page(1), none));
        let at = page(found) + if found == 2 { 8 } else { 0 };
        assert_eq!(faults(result), [at]);
        let suppressed = pages.suppress([found]);
        assert_eq!(
            pages
                .vm
                .with(|vmi| second(vmi, page(1), &suppressed))
                .unwrap(),
            None
        );
    }
    let pages = Pages::without([]);
    let result = pages.run(|vmi, none| second(vmi, page(1), none));
    assert_eq!(result.unwrap(), Some(page(3)));
}

#[test]
fn probe_takes_any_expression_whose_error_can_carry_faults() {
    fn sum(vmi: &State<'_>, at: Va) -> Result<u64, VmiError> {
        Ok(vmi.read_u64(at)? + vmi.read_u64(at + 0x1000)?)
    }

    #[probed(options)]
    fn all(vmi: &State<'_>) -> anyhow::Result<[bool; 4]> {
        let by_call = probe!(sum(vmi, page(1)))?;
        let by_method = probe!(vmi.core().read_u64((page(3), vmi.registers().cr3.into())))?;
        let by_other_error = probe!(sum(vmi, page(4)).map_err(anyhow::Error::from))?;
        let with_plain_reads = probe!({
            let low: u64 = vmi.read_u64(page(6))?;
            Ok::<_, ProbeError>(low..vmi.read_u64(page(7))?)
        })?;
        Ok([
            by_call.is_some(),
            by_method.is_some(),
            by_other_error.is_some(),
            with_plain_reads.is_some(),
        ])
    }

    let pages = Pages::without(1..8);
    assert_eq!(faults(pages.run(all)), [1, 3, 4, 6].map(page));
    let suppressed: SuppressedPages = pages.suppress([1, 4, 6]);
    pages.guest.page_in(page(3));
    let there = pages.vm.with(|vmi| all(vmi, &suppressed)).unwrap();
    assert_eq!(there, [false, true, false, false]);
}

#[test]
fn a_fault_of_the_kernel_half_is_one_under_its_root_only() {
    const KERNEL: Va = Va(0xffff_8000_0010_0000);

    #[probed(options)]
    fn twice(vmi: &State<'_>, other: Pa, at: Va) -> prober::Result<[Option<u8>; 2]> {
        let here = vmi.read_u8(at)?;
        let there = vmi.read_u8_in(AccessContext::paging(at + 4, other))?;
        Ok([here, there])
    }

    let pages = Pages::without([1]);
    pages.guest.page_out(KERNEL);
    let other = pages.guest.new_space().root();
    let run =
        |at, suppressed: &SuppressedPages| pages.vm.with(|vmi| twice(vmi, other, at, suppressed));
    let none = SuppressedPages::new();
    for at in [KERNEL, page(1)] {
        assert_eq!(faults(run(at, &none)), [at, at + 4]);
    }

    // Suppressed under one root: session space differs from root to root.
    for at in [KERNEL, page(1)] {
        let here = SuppressedPages::from_iter([pages.fault(at)]);
        assert_eq!(faults(run(at, &here)), [at + 4]);
    }
}
