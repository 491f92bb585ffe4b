//! Rules 2 and 3: `?` on a missing value and on an error, inside a probe and elsewhere.

use std::{cell::Cell, error::Error, num::ParseIntError};

use prober::{
    FaultError, Missing, ProbeError, Result, SuppressedPages, Unavailable, probe, probed,
};
use vmi_core::{Va, VmiError};

use crate::{Pages, State, faults, is_broken, page, unavailable};

#[test]
fn a_missing_value_makes_a_probe_missing() {
    #[probed(options)]
    fn chain(vmi: &State<'_>, at: Va, asked: &Cell<u32>) -> Result<[Option<Va>; 3]> {
        let first = vmi.read_va(at)?;
        let second = vmi.read_va(first? + 8)?;
        let third = vmi.read_va({
            let at = second?;
            asked.set(asked.get() + 1);
            at
        })?;
        Ok([first, second, third])
    }

    let (pages, asked) = (Pages::without([1]), Cell::new(0));
    let run =
        |suppressed: &SuppressedPages| pages.vm.with(|vmi| chain(vmi, page(1), &asked, suppressed));
    pages.guest.reset_counts();
    assert_eq!(faults(run(&SuppressedPages::new())), [page(1)]);
    assert_eq!(run(&pages.suppress([1])).unwrap(), [None; 3]);
    // In each run one walk, in vain: nothing was read at an address that was made up.
    let counts = pages.guest.counts();
    assert_eq!((counts.walks, counts.reads, asked.get()), (2, 0, 0));

    pages.guest.page_in(page(1));
    let there = run(&SuppressedPages::new()).unwrap();
    assert_eq!(there, [2, 3, 4].map(|number| Some(page(number))));
    assert_eq!(asked.get(), 1);
}

#[test]
fn elsewhere_a_missing_value_leaves_the_function() {
    #[probed(options)]
    fn sum(vmi: &State<'_>, after: &Cell<bool>) -> Result<u64> {
        let first = vmi.read_u64(page(1))?;
        let second = vmi.read_u64(page(2))?;
        let sum = first? + second?;
        after.set(true);
        Ok(sum)
    }

    let (pages, after) = (Pages::without([1, 2]), Cell::new(false));
    let run = |suppressed: &SuppressedPages| pages.vm.with(|vmi| sum(vmi, &after, suppressed));
    assert_eq!(faults(run(&SuppressedPages::new())), [page(1), page(2)]);
    assert_eq!(faults(run(&pages.suppress([1]))), [page(2)]);
    assert_eq!(
        unavailable(run(&pages.suppress([2, 1]))),
        [page(1), page(2)]
    );
    assert!(!after.get());
    pages.guest.page_in(page(1));
    pages.guest.page_in(page(2));
    assert_eq!(run(&SuppressedPages::new()).unwrap(), page(2).0 + page(3).0);
    assert!(after.get());
}

#[test]
fn a_fault_inside_a_probe_makes_it_missing() {
    fn plain(vmi: &State<'_>, at: Va) -> Result<Va, VmiError> {
        vmi.read_va(at)
    }

    #[probed(options)]
    fn read(vmi: &State<'_>) -> Result<[bool; 2]> {
        let through = vmi.read_u64(plain(vmi, page(1))? + 8)?;
        let other = probe!(plain(vmi, plain(vmi, page(4))?))?;
        Ok([through.is_some(), other.is_some()])
    }

    let pages = Pages::without([1, 4]);
    assert_eq!(faults(pages.run(read)), [page(1), page(4)]);
    let there = pages.vm.with(|vmi| read(vmi, &pages.suppress([1, 4])));
    assert_eq!(there.unwrap(), [false; 2]);
}

#[test]
fn a_value_that_is_not_to_be_had_makes_a_probe_missing() {
    fn gone() -> Result<Va, VmiError> {
        Err(VmiError::os(Unavailable::default()))
    }

    #[probed(options)]
    fn read(vmi: &State<'_>) -> Result<[bool; 3]> {
        Ok([
            vmi.read_u8(gone()?)?.is_some(),
            probe!(gone())?.is_some(),
            vmi.read_u8(page(1))?.is_some(),
        ])
    }

    assert_eq!(Pages::without([]).run(read).unwrap(), [false, false, true]);
    // It adds nothing to a batch.
    assert_eq!(faults(Pages::without([1]).run(read)), [page(1)]);
}

#[test]
fn any_other_error_leaves_from_inside_a_probe_too() {
    #[probed(options)]
    fn read(vmi: &State<'_>, broken: Va, after: &Cell<bool>) -> Result<Option<u8>, VmiError> {
        let value = vmi.read_u8(vmi.read_va(broken)? + 8);
        after.set(true);
        value
    }

    let (pages, after) = (Pages::without([]), Cell::new(false));
    let broken = pages.broken();
    let result = pages.run(|vmi, none| read(vmi, broken, &after, none));
    assert!(is_broken(&result.unwrap_err()));
    assert!(!after.get());
}

#[test]
fn elsewhere_a_fault_leaves_the_function_recorded() {
    fn plain(vmi: &State<'_>, at: Va) -> Result<u64, VmiError> {
        vmi.read_u64(at)
    }

    #[probed(options)]
    fn read(vmi: &State<'_>, after: &Cell<bool>) -> Result<u64> {
        let first = vmi.read_u64(page(1))?;
        let second = plain(vmi, page(2))?;
        after.set(true);
        Ok(first.unwrap_or(0) + second)
    }

    let (pages, after) = (Pages::without([1, 2]), Cell::new(false));
    let run = |suppressed: &SuppressedPages| pages.vm.with(|vmi| read(vmi, &after, suppressed));
    assert_eq!(faults(run(&SuppressedPages::new())), [page(1), page(2)]);
    assert_eq!(
        unavailable(run(&pages.suppress([1, 2]))),
        [page(1), page(2)]
    );
    assert!(!after.get());
}

#[derive(Debug)]
enum Failure {
    Probe(ProbeError),
    Vmi(VmiError),
    Number,
}

impl From<ProbeError> for Failure {
    fn from(error: ProbeError) -> Self {
        Self::Probe(error)
    }
}

impl From<VmiError> for Failure {
    fn from(error: VmiError) -> Self {
        Self::Vmi(error)
    }
}

impl From<ParseIntError> for Failure {
    fn from(_: ParseIntError) -> Self {
        Self::Number
    }
}

impl FaultError for Failure {
    fn missing(&self) -> Option<Missing<'_>> {
        match self {
            Self::Probe(error) => error.missing(),
            Self::Vmi(error) => error.missing(),
            Self::Number => None,
        }
    }
}

#[test]
fn errors_convert_and_types_are_inferred_as_by_a_plain_question_mark() {
    #[probed(options)]
    fn own(vmi: &State<'_>, number: &str) -> Result<Option<u64>, Failure> {
        let number = number.parse()?;
        Ok(vmi.read_u64(page(number))?)
    }

    #[probed(options)]
    fn boxed(vmi: &State<'_>, number: &str) -> Result<Option<u64>, Box<dyn Error>> {
        Ok(vmi.read_u64(page(number.parse()?))?)
    }

    #[probed(options)]
    fn any(vmi: &State<'_>, number: &str) -> anyhow::Result<Option<u64>> {
        let at = page(number.parse()?);
        Ok(vmi.read_u64(at)?)
    }

    let pages = Pages::without([]);
    pages.run(|vmi, none| {
        let next = Some(page(2).0);
        assert_eq!(own(vmi, "1", none).unwrap(), next);
        assert_eq!(boxed(vmi, "1", none).unwrap(), next);
        assert_eq!(any(vmi, "1", none).unwrap(), next);
        assert!(matches!(own(vmi, "x", none), Err(Failure::Number)));
        assert!(boxed(vmi, "x", none).unwrap_err().is::<ParseIntError>());
        assert!(any(vmi, "x", none).unwrap_err().is::<ParseIntError>());
    });
}
