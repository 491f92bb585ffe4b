//! Rule 4: the ways out of a function, and the gate that they pass.

use anyhow::bail;
use prober::{ProbeError, Result, SuppressedPages, Unavailable, probed};
use vmi_core::{Va, VmiError};

use crate::{Pages, State, faults, is_broken, page, unavailable};

/// How to leave.
#[derive(Clone, Copy)]
enum By {
    Tail,
    Return,
    Question,
    Bail,
}

#[probed(options)]
fn leave(vmi: &State<'_>, by: By) -> anyhow::Result<u64> {
    let first = vmi.read_u64(page(2))?;
    let second = vmi.read_u64(page(1))?;
    match by {
        By::Tail => {}
        By::Return => return Ok(first.or(second).unwrap_or(1)),
        By::Question => {
            first?;
        }
        By::Bail => bail!("bailed out"),
    }
    Ok(2)
}

#[test]
fn every_way_out_gives_the_whole_batch() {
    let pages = Pages::without([1, 2]);
    for by in [By::Tail, By::Return, By::Question, By::Bail] {
        let result = pages.run(|vmi, none| leave(vmi, by, none));
        assert_eq!(faults(result), [page(2), page(1)]);
    }
}

#[test]
fn with_nothing_pending_the_bodys_own_result_comes_out() {
    let pages = Pages::without([1, 2]);
    let run = |by| pages.vm.with(|vmi| leave(vmi, by, &pages.suppress([1, 2])));
    assert_eq!(run(By::Tail).unwrap(), 2);
    assert_eq!(run(By::Return).unwrap(), 1);
    assert_eq!(unavailable(run(By::Question)), [page(2), page(1)]);
    assert_eq!(run(By::Bail).unwrap_err().to_string(), "bailed out");
}

#[test]
fn a_hard_error_is_deferred_and_then_unchanged() {
    #[probed(options)]
    fn read(vmi: &State<'_>, broken: Va) -> Result<u64, VmiError> {
        let first = vmi.read_u64(page(1))?;
        let second = vmi.read_u64(broken)?;
        Ok(first.or(second).unwrap_or(0))
    }

    let pages = Pages::without([1]);
    let broken = pages.broken();
    let run = || pages.run(|vmi, none| read(vmi, broken, none));
    assert_eq!(faults(run()), [page(1)]);
    pages.guest.page_in(page(1));
    assert!(is_broken(&run().unwrap_err()));
}

#[test]
fn unavailable_lists_what_this_run_met() {
    #[probed(options)]
    fn read(vmi: &State<'_>) -> Result<u64> {
        let first = vmi.read_u64(page(3) + 8)?;
        let second = vmi.read_u64(page(1))?;
        let third = vmi.read_u64(page(2))?;
        Ok(second? + first.or(third).unwrap_or(0))
    }

    let pages = Pages::without([1, 3]);
    let result = pages
        .vm
        .with(|vmi| read(vmi, &pages.suppress([1, 2, 3, 4])));
    // Not page 2, which is there, nor page 4, which nobody asked for.
    assert_eq!(unavailable(result), [page(3) + 8, page(1)]);
}

#[test]
fn unavailable_never_becomes_a_page_fault() {
    #[probed(options)]
    fn read(vmi: &State<'_>) -> Result<u64, VmiError> {
        Ok(vmi.read_u64(page(1))??)
    }

    #[probed(options)]
    fn plain(vmi: &State<'_>, other: &State<'_>) -> Result<u64, VmiError> {
        let _: Option<u8> = vmi.read_u8(page(2))?;
        // No probe, so a fault that is known to be unserviceable.
        other.read_u64(page(1))
    }

    let pages = Pages::without([1]);
    let suppressed = pages.suppress([1]);
    pages.vm.with(|vmi| {
        for result in [read(vmi, &suppressed), plain(vmi, vmi, &suppressed)] {
            let error = result.unwrap_err();
            assert!(matches!(error, VmiError::Os(_)));
            let pages: Vec<_> = Unavailable::of(&error).unwrap().pages().iter().collect();
            assert_eq!(pages[0].va, page(1));
            assert_eq!(pages.len(), 1);
        }
    });
}

#[test]
fn a_none_of_the_bodys_own_says_so() {
    #[probed(options)]
    fn last(vmi: &State<'_>, numbers: &[u64]) -> Result<u64> {
        let last = numbers.last()?;
        let first = vmi.read_u64(page(1))?;
        Ok(first.unwrap_or(0) + last)
    }

    let result = Pages::without([]).run(|vmi, none| last(vmi, &[], none));
    let Err(ProbeError::Unavailable(unavailable)) = result else {
        panic!("there is no last number");
    };
    assert!(unavailable.pages().is_empty());
    let text = unavailable.to_string();
    assert!(
        text.contains("`None`") && text.contains("no page"),
        "{text}"
    );
}

#[test]
fn what_is_none_in_a_result_is_so_for_good() {
    #[probed(options)]
    fn read(vmi: &State<'_>) -> Result<[Option<u64>; 3]> {
        Ok([
            vmi.read_u64(page(1))?,
            vmi.read_u64(page(2))?,
            vmi.read_u64(page(3))?,
        ])
    }

    // Whatever of it is paged out or suppressed: no `None` for a page that could be had.
    for (out, gone) in (0..8u64).flat_map(|out| (0..8u64).map(move |gone| (out, gone))) {
        let is_in = |set: u64, number: u64| set >> (number - 1) & 1 == 1;
        let of = |set| (1..4).filter(move |&number| is_in(set, number));
        let pages = Pages::without(of(out));
        let result = pages.vm.with(|vmi| read(vmi, &pages.suppress(of(gone))));
        let missing: Vec<_> = of(out & !gone).map(page).collect();
        if missing.is_empty() {
            let none = result.unwrap().map(|value| value.is_none());
            assert_eq!(none, [1, 2, 3].map(|number| is_in(out & gone, number)));
        } else {
            assert_eq!(faults(result), missing);
        }
    }
}

#[test]
fn the_error_of_a_callee_is_merged() {
    fn two(vmi: &State<'_>, suppressed: &SuppressedPages) -> Result<u64> {
        #[probed(options)]
        fn two(vmi: &State<'_>) -> Result<u64> {
            let second = vmi.read_u64(page(2))?;
            let third = vmi.read_u64(page(3))?;
            Ok(second? + third?)
        }
        two(vmi, suppressed)
    }

    #[probed(options)]
    fn by_question(vmi: &State<'_>) -> Result<u64> {
        let first = vmi.read_u64(page(3) + 8)?;
        let two = two(vmi, suppressed)?;
        Ok(first? + two)
    }

    #[probed(options)]
    fn by_tail(vmi: &State<'_>) -> Result<u64> {
        let _: Option<u64> = vmi.read_u64(page(1))?;
        two(vmi, suppressed)
    }

    let pages = Pages::without([1, 2, 3]);
    // Page 3 is known by the address that faulted first.
    assert_eq!(faults(pages.run(by_question)), [page(3) + 8, page(2)]);
    assert_eq!(faults(pages.run(by_tail)), [page(1), page(2), page(3)]);

    let with = |gone: &[u64], run: fn(&State<'_>, &SuppressedPages) -> Result<u64>| {
        pages
            .vm
            .with(|vmi| run(vmi, &pages.suppress(gone.iter().copied())))
    };
    assert_eq!(faults(with(&[2, 3], by_tail)), [page(1)]);
    assert_eq!(faults(with(&[1, 2], by_tail)), [page(3)]);
    assert_eq!(unavailable(with(&[1, 2, 3], by_tail)), [1, 2, 3].map(page));
}

#[test]
fn each_function_sees_its_own_faults_only() {
    #[probed(options)]
    fn inner(vmi: &State<'_>) -> Result<u64> {
        Ok(vmi.read_u64(page(2))??)
    }

    #[probed(options)]
    fn outer(vmi: &State<'_>, seen: &mut Option<u64>) -> Result<u64> {
        let first = vmi.read_u64(page(1))?;
        // Not held back by the fault that is pending here.
        *seen = Some(inner(vmi, suppressed)?);
        Ok(first?)
    }

    let (pages, mut seen) = (Pages::without([1]), None);
    let result = pages.run(|vmi, none| outer(vmi, &mut seen, none));
    assert_eq!(faults(result), [page(1)]);
    assert_eq!(seen, Some(page(3).0));
}
