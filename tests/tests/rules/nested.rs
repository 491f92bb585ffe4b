//! Rule 7: probed functions in probes of others share the batch.

use prober::{Result, SuppressedPages, probe, probed};
use prober_tests::measured::measure;
use vmi_core::{Va, VmiError};

use crate::{Pages, State, faults, is_broken, page};

/// The sum of two pages, both needed.
#[probed(options)]
fn pair(vmi: &State<'_>, at: Va) -> Result<u64> {
    let first = vmi.read_u64(at)?;
    let second = vmi.read_u64(at + 0x1000)?;
    Ok(first? + second?)
}

#[probed(options)]
fn pairs(vmi: &State<'_>, starts: &[Va]) -> Result<Vec<Option<u64>>> {
    let mut pairs = Vec::new();
    for &start in starts {
        pairs.push(probe!(pair(vmi, start, suppressed))?);
    }
    Ok(pairs)
}

#[test]
fn all_their_faults_are_in_one_batch() {
    let pages = Pages::without(1..7);
    let starts = [5, 1, 3].map(page);
    let result = pages.run(|vmi, none| pairs(vmi, &starts, none));
    assert_eq!(faults(result), [5, 6, 1, 2, 3, 4].map(page));
}

#[test]
fn one_that_is_unavailable_is_missing_for_good() {
    let pages = Pages::without([2, 3, 6]);
    for number in [2, 6] {
        pages.guest.unbacked(page(number));
    }
    let starts = [1, 3, 5].map(page);
    let measured = measure(&pages.guest, |vmi, suppressed| {
        pairs(vmi, &starts, suppressed)
    });
    let third = page(4).0 + page(5).0;
    assert_eq!(measured.result.unwrap(), [None, Some(third), None]);
    assert_eq!(measured.runs, 2);
}

#[test]
fn an_argument_that_is_missing_keeps_it_from_being_called() {
    #[probed(options)]
    fn outer(vmi: &State<'_>) -> Result<Option<u64>> {
        let at = vmi.read_va(page(1))?;
        probe!(pair(vmi, at?, suppressed))
    }

    let pages = Pages::without([1, 2, 3]);
    let measured = measure(&pages.guest, outer);
    assert_eq!(measured.result.unwrap(), Some(page(3).0 + page(4).0));
    let batches: Vec<Vec<_>> = measured
        .batches
        .iter()
        .map(|batch| batch.iter().map(|fault| fault.va).collect())
        .collect();
    assert_eq!(batches, [vec![page(1)], vec![page(2), page(3)]]);
    assert_eq!(measured.runs, 3);
}

#[test]
fn a_hard_error_of_one_leaves_the_outer_function() {
    #[probed(options)]
    fn outer(vmi: &State<'_>, at: Va) -> Result<Option<u64>, VmiError> {
        let value = probe!(pair(vmi, at, suppressed).map_err(VmiError::from))?;
        unreachable!("{value:?} was read from a frame that is not there")
    }

    let pages = Pages::without([]);
    let broken = pages.broken();
    let result = pages.run(|vmi, none| outer(vmi, broken, none));
    assert!(is_broken(&result.unwrap_err()));
}

#[test]
fn a_function_that_calls_itself_walks_a_tree_in_as_many_runs_as_it_is_deep() {
    /// Each node holds the addresses of two others, and its number.
    #[probed(options)]
    fn sum(vmi: &State<'_>, node: Va) -> Result<u64> {
        if node.0 == 0 {
            return Ok(0);
        }
        let left = vmi.read_va(node)?;
        let right = vmi.read_va(node + 8)?;
        let number = vmi.read_u64(node + 16)?;
        let left = probe!(sum(vmi, left?, suppressed))?;
        let right = probe!(sum(vmi, right?, suppressed))?;
        Ok(number? + left? + right?)
    }

    const NODES: u64 = 15;
    let pages = Pages::without([]);
    let child = |number| match number {
        1..=NODES => page(number),
        _ => Va(0),
    };
    for number in 1..=NODES {
        pages.guest.write_va(page(number), child(2 * number));
        pages
            .guest
            .write_va(page(number) + 8, child(2 * number + 1));
        pages.guest.write_u64(page(number) + 16, number);
    }
    pages.guest.page_out_all();
    let measured = measure(&pages.guest, |vmi, suppressed: &SuppressedPages| {
        sum(vmi, page(1), suppressed)
    });
    assert_eq!(measured.result.unwrap(), (1..=NODES).sum::<u64>());
    assert_eq!(measured.paged_in, NODES);
    let depth = usize::try_from((NODES + 1).ilog2()).unwrap();
    assert_eq!(measured.runs, depth + 1);
}
