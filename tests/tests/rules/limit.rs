//! Rule 9: runaway loops end.

use prober::{ProbeLimit, Result, SuppressedPages, probed};
use vmi_core::{Va, VmiError};

use crate::{Pages, State, faults, page};

const LIMIT: u64 = ProbeLimit::DEFAULT as u64;
const FIRST: u64 = 1 << 20;

/// Never ends by itself.
#[probed(options)]
fn scan(vmi: &State<'_>, probes: &mut u64) -> Result<u64> {
    let mut number = FIRST;
    loop {
        *probes += 1;
        if let Some(value) = vmi.read_u64(page(number))? {
            return Ok(value);
        }
        number += 1;
    }
}

#[test]
fn as_many_misses_as_are_allowed_give_the_batch_so_far() {
    let (pages, mut probes) = (Pages::without([]), 0);
    let result = pages.run(|vmi, none| scan(vmi, &mut probes, none));
    // With the page of the probe that was cut off: it is missing as well.
    assert!(
        faults(result)
            .into_iter()
            .eq((FIRST..=FIRST + LIMIT).map(page))
    );
    assert_eq!(probes, LIMIT + 1);
}

#[test]
fn where_all_is_suppressed_it_is_unavailable() {
    let (pages, mut probes) = (Pages::without([]), 0);
    let mut suppressed = SuppressedPages::new();
    suppressed.insert_range(page(FIRST)..page(2 * FIRST));
    let result = pages.vm.with(|vmi| scan(vmi, &mut probes, &suppressed));
    assert_eq!(probes, LIMIT + 1);
    let text = result.as_ref().unwrap_err().to_string();
    assert!(text.contains(&LIMIT.to_string()), "{text}");
    assert!(text.contains("limit = N"), "{text}");
    let pages = crate::unavailable(result);
    assert_eq!(u64::try_from(pages.len()).unwrap(), LIMIT + 1);
}

#[test]
fn one_miss_less_is_no_runaway() {
    let (pages, mut probes) = (Pages::without([]), 0);
    pages.guest.write_u64(page(FIRST + LIMIT), 7);
    let mut suppressed = SuppressedPages::new();
    suppressed.insert_range(page(FIRST)..page(FIRST + LIMIT));
    let result = pages.vm.with(|vmi| scan(vmi, &mut probes, &suppressed));
    assert_eq!(result.unwrap(), 7);
}

#[test]
fn the_limit_is_settable_and_in_a_row() {
    /// Reads pages as long as there is no error.
    #[probed(options, limit = 3)]
    fn read(vmi: &State<'_>, numbers: &[u64], error: &mut Option<VmiError>) -> Result<usize> {
        let mut found = 0;
        for &number in numbers {
            match vmi.read_u64(page(number)) {
                Ok(Some(_)) => found += 1,
                Ok(None) => {}
                Err(other) => {
                    *error = Some(other);
                    break;
                }
            }
        }
        Ok(found)
    }

    let pages = Pages::without([4, 5, 6, 7]);
    let suppressed = pages.suppress([4, 5, 6, 7]);
    let run = |numbers: &[u64], error: &mut Option<VmiError>| {
        pages.vm.with(|vmi| read(vmi, numbers, error, &suppressed))
    };
    let mut error = None;
    // One page counts as often as it is missed, and a success starts the count again.
    assert_eq!(run(&[4, 5, 4, 1, 4, 5, 6, 2], &mut error).unwrap(), 2);
    assert!(error.is_none());
    // The body swallows the error; the gate does not.
    let result = run(&[4, 4, 4, 4, 1], &mut error);
    assert_eq!(crate::unavailable(result), [page(4)]);
    let Some(VmiError::Os(error)) = error else {
        panic!("expected the limit, found {error:?}");
    };
    assert_eq!(
        error
            .downcast_ref::<ProbeLimit>()
            .map(|limit| limit.limit()),
        Some(3)
    );
}

#[test]
fn each_call_counts_for_itself() {
    #[probed(options, limit = 2)]
    fn inner(vmi: &State<'_>, at: Va) -> Result<Option<u64>, VmiError> {
        let _: Option<u64> = vmi.read_u64(at)?;
        vmi.read_u64(at + 0x1000)
    }

    #[probed(options, limit = 2)]
    fn outer(vmi: &State<'_>) -> Result<[Option<u64>; 3]> {
        let _: Option<u64> = vmi.read_u64(page(1))?;
        let _: Option<u64> = vmi.read_u64(page(1))?;
        Ok([
            inner(vmi, page(1), suppressed)?,
            inner(vmi, page(3), suppressed)?,
            inner(vmi, page(5), suppressed)?,
        ])
    }

    let pages = Pages::without(1..7);
    let result = pages.vm.with(|vmi| outer(vmi, &pages.suppress(1..7)));
    assert_eq!(result.unwrap(), [None; 3]);
}

#[test]
fn probes_of_which_a_part_is_missing_count() {
    #[probed(options, limit = 5)]
    fn scan(vmi: &State<'_>, probes: &mut u32) -> Result<u64> {
        let base = vmi.read_va(page(1))?;
        let mut offset = 0;
        loop {
            *probes += 1;
            if let Some(value) = vmi.read_u64(base? + offset)? {
                return Ok(value);
            }
            offset += 8;
        }
    }

    let (pages, mut probes) = (Pages::without([1]), 0);
    let result = pages.run(|vmi, none| scan(vmi, &mut probes, none));
    assert_eq!(faults(result), [page(1)]);
    // The first miss is that of the base.
    assert_eq!(probes, 5);
}

/// Adapters swallow the error of the probe that was cut off.
#[test]
fn a_swallowed_limit_lets_no_ok_out() {
    #[probed(options)]
    fn sum(vmi: &State<'_>, pages: u64) -> Result<u64> {
        Ok((0..pages)
            .filter_map(|number| vmi.read_u64(page(FIRST + number)).ok().flatten())
            .sum())
    }

    /// The same with an error that cannot be looked into.
    #[derive(Debug)]
    struct Opaque(prober::ProbeError);

    impl From<prober::ProbeError> for Opaque {
        fn from(error: prober::ProbeError) -> Self {
            Self(error)
        }
    }

    #[probed(options)]
    fn opaque(vmi: &State<'_>, pages: u64) -> std::result::Result<u64, Opaque> {
        Ok((0..pages)
            .filter_map(|number| vmi.read_u64(page(FIRST + number)).ok().flatten())
            .sum())
    }

    let pages = Pages::without([]);
    pages.guest.write_u64(page(FIRST + 1199), 7);
    pages.guest.page_out(page(FIRST + 1199));
    let mut suppressed = SuppressedPages::new();
    suppressed.insert_range(page(FIRST)..page(FIRST + 1199));

    // The last page is only out: it is asked for.
    let out = pages.vm.with(|vmi| sum(vmi, 1200, &suppressed));
    assert_eq!(faults(out), [page(FIRST + 1199)]);
    let out = pages.vm.with(|vmi| opaque(vmi, 1200, &suppressed));
    assert_eq!(faults(out.map_err(|error| error.0)), [page(FIRST + 1199)]);

    // With it in, some probes were cut off all the same.
    pages.guest.page_in(page(FIRST + 1199));
    for result in [
        pages.vm.with(|vmi| sum(vmi, 1200, &suppressed)),
        pages
            .vm
            .with(|vmi| opaque(vmi, 1200, &suppressed).map_err(|error| error.0)),
    ] {
        let text = result.unwrap_err().to_string();
        assert!(text.contains("limit = N"), "{text}");
    }
    // As many as are allowed are none too many.
    let sums = pages.vm.with(|vmi| sum(vmi, LIMIT, &suppressed));
    assert_eq!(sums.unwrap(), 0);
}

/// A read that succeeds in each round starts the count in a row anew.
#[test]
fn misses_in_all_are_bounded() {
    #[probed(options)]
    fn search(vmi: &State<'_>, probes: &mut u32) -> Result<u64> {
        let mut cursor = Some(page(FIRST));
        while cursor != Some(page(0)) {
            let _ = vmi.read_u64(page(1))?;
            *probes += 1;
            cursor = vmi.read_va(cursor? + 8)?;
        }
        Ok(0)
    }

    #[probed(options)]
    fn scan(vmi: &State<'_>, probes: &mut u32) -> Result<u64> {
        let mut at = page(FIRST);
        loop {
            let _ = vmi.read_u64(page(1))?;
            *probes += 1;
            // Two reads of each page: a batch counts pages, the limit misses.
            if vmi.read_u64(at)? == Some(7) {
                return Ok(at.0);
            }
            at += 0x800;
        }
    }

    let pages = Pages::without([]);
    let mut probes = 0;
    let result = pages.run(|vmi, none| scan(vmi, &mut probes, none));
    assert_eq!(probes, ProbeLimit::IN_ALL + 1);
    assert_eq!(faults(result).len(), (ProbeLimit::IN_ALL / 2 + 1) as usize);

    let mut probes = 0;
    let result = pages.run(|vmi, none| search(vmi, &mut probes, none));
    // `cursor?` outside of a probe would leave; within one, the probe is missing.
    assert!(probes <= ProbeLimit::IN_ALL + 1);
    assert_eq!(faults(result), [page(FIRST) + 8]);
}
