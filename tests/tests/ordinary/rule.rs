//! The rule, one part after the other: what a doomed run asks, and what it
//! does not do.

#![allow(
    clippy::missing_errors_doc,
    clippy::let_unit_value,
    clippy::match_result_ok,
    reason = "test code"
)]

use std::cell::{Cell, RefCell};

use prober::{ProbeError, SuppressedPages, probe, probed, settle, unprobed};
use prober_tests::{Vmi, faults, hard, none, suppress, unavailable};
use vmi_core::VmiError;

type Log = RefCell<Vec<u64>>;

fn act(log: &Log, value: u64) {
    log.borrow_mut().push(value);
}

#[probed]
fn siblings(vmi: &Vmi, log: &Log) -> prober::Result<u64> {
    let a = vmi.read_u64(1)?;
    let b = vmi.read_u64(2)?;
    let follows = vmi.read_u64(a + 100)?;
    act(log, a);
    let c = vmi.read_u64(3)? + vmi.read_u64(4)?;
    act(log, vmi.read_u64(5)? ^ vmi.read_u64(6)?);
    Ok(a + b + c + follows + vmi.read_u64(7)?)
}

#[test]
fn all_that_can_be_asked_is() {
    let log = Log::default();
    let all = Vmi::with(&[1, 2, 3, 4, 5, 6, 7, 101]);
    assert_eq!(faults(siblings(&all, &log, &none())), [1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(log.take(), [0; 0]);
    assert_eq!(
        faults(siblings(&Vmi::with(&[101, 6]), &log, &none())),
        [101, 6]
    );
    assert_eq!(faults(siblings(&Vmi::with(&[3, 4]), &log, &none())), [3, 4]);
    assert_eq!(log.take(), [1], "what came before the first miss is done");
    assert_eq!(siblings(&Vmi::default(), &log, &none()).ok(), Some(118));
}

#[probed]
fn exits(vmi: &Vmi) -> prober::Result<u64> {
    if vmi.read_u64(1)? > 100 {
        return Ok(0);
    }
    let a = vmi.read_u64(2)?;
    if a > 100 {
        return Ok(1);
    }
    Ok(vmi.read_u64(3)?)
}

#[test]
fn a_skipped_exit_ends_the_search() {
    assert_eq!(faults(exits(&Vmi::with(&[1, 2, 3]), &none())), [1]);
    assert_eq!(faults(exits(&Vmi::with(&[2, 3]), &none())), [2]);
    assert_eq!(faults(exits(&Vmi::with(&[3]), &none())), [3]);
}

#[probed]
fn counted(vmi: &Vmi) -> prober::Result<Vec<u64>> {
    let mut list = Vec::new();
    for address in [1, 2, 3] {
        list.push(vmi.read_u64(address)?);
        // Follows from the list.
        vmi.read_u64(10 + list.len() as u64)?;
    }
    Ok(list)
}

#[probed]
fn cursor(vmi: &Vmi) -> prober::Result<u64> {
    let mut at = 1;
    for _ in 0..3 {
        at = vmi.read_u64(at)? + 1;
    }
    let other = vmi.read_u64(50)?;
    Ok(at + other)
}

#[probed]
fn seen(vmi: &Vmi) -> prober::Result<u64> {
    let count = Cell::new(10);
    let at = || count.get();
    let a = vmi.read_u64(1)?;
    count.set(a);
    Ok(vmi.read_u64(at())? + vmi.read_u64(2)?)
}

#[test]
fn what_a_skipped_statement_changes_is_missing() {
    assert_eq!(
        faults(counted(&Vmi::with(&[1, 2, 10, 11, 12]), &none())),
        [1]
    );
    assert_eq!(faults(cursor(&Vmi::with(&[1, 2, 50]), &none())), [1, 50]);
    assert_eq!(faults(seen(&Vmi::with(&[1, 2, 10]), &none())), [1, 2]);
}

#[probed]
fn apart(vmi: &Vmi, log: &Log) -> prober::Result<u64> {
    let a = vmi.read_u64(1).unwrap_or(9);
    let b = match vmi.read_u64(2) {
        Ok(value) => value,
        Err(VmiError::Translation(_)) => 8,
        Err(error) => return Err(error.into()),
    };
    let c = vmi.read_u64(3)?;
    let d = if let Ok(value) = vmi.read_u64(4) {
        value
    } else {
        7
    };
    act(log, a);
    Ok(a + b + c + d)
}

#[test]
fn results_taken_apart() {
    let log = Log::default();
    let all = Vmi::with(&[1, 2, 3, 4]);
    assert_eq!(faults(apart(&all, &log, &none())), [1, 2, 3, 4]);
    assert_eq!(log.take(), [0; 0]);
    // Nothing can be brought in: the function goes on as it is written.
    let rest = Vmi::with(&[1, 2, 4]);
    assert_eq!(apart(&rest, &log, &suppress(&[1, 2, 4])).ok(), Some(27));
    assert_eq!(log.take(), [9]);
    assert_eq!(
        unavailable(apart(&all, &log, &suppress(&[1, 2, 3, 4]))),
        [1, 2, 3]
    );
}

/// What an iterator of an OS layer gives: the items of a list, each of which may fault.
fn items(vmi: &Vmi) -> impl Iterator<Item = Result<u64, VmiError>> {
    [1, 2, 3].into_iter().map(|address| vmi.read_u64(address))
}

/// The same, but it stays at the first error.
fn stuck(vmi: &Vmi) -> impl Iterator<Item = Result<u64, VmiError>> {
    std::iter::repeat_with(|| vmi.read_u64(1))
}

#[probed]
fn items_apart(vmi: &Vmi, log: &Log) -> prober::Result<u64> {
    let mut sum = vmi.read_u64(0)?;
    for item in items(vmi) {
        match item {
            Ok(value) => sum += value,
            Err(_) => continue,
        }
    }
    for item in items(vmi) {
        let Ok(value) = item else { continue };
        sum += value;
    }
    for item in items(vmi) {
        if let Some(value) = item.ok() {
            sum += value;
        }
    }
    let mut all = items(vmi);
    while let Some(Ok(value)) = all.next() {
        sum += value;
    }
    for value in items(vmi).flatten() {
        sum += value;
    }
    for (_, value) in items(vmi).filter_map(Result::ok).enumerate() {
        sum += value;
    }
    // Nothing of these can fault.
    for value in [Some(100), None].into_iter().flatten() {
        sum += value;
    }
    for value in Some(Some(100)).flatten() {
        sum += value;
    }
    act(log, 1);
    Ok(sum)
}

#[test]
fn items_taken_apart() {
    let log = Log::default();
    let plain = items_apart(&Vmi::default(), &log, &none());
    assert_eq!((plain.ok(), log.take()), (Some(6 * 6 + 200), vec![1]));
    let vmi = Vmi::with(&[2]);
    assert_eq!(faults(items_apart(&vmi, &log, &none())), [2]);
    assert_eq!(log.take(), [0; 0], "the act waits");
    // It cannot be had: the function goes on as it is written.
    let rest = items_apart(&vmi, &log, &suppress(&[2])).ok();
    assert_eq!((rest, log.take()), (Some(5 * 4 + 1 + 200), vec![1]));
}

#[probed]
fn apart_for_ever(vmi: &Vmi) -> prober::Result<u64> {
    let none = vmi.read_u64(0)?;
    for item in stuck(vmi) {
        let Ok(value) = item else { continue };
        return Ok(value);
    }
    Ok(none)
}

#[probed]
fn probed_for_ever(vmi: &Vmi) -> prober::Result<u64> {
    let none = vmi.read_u64(0)?;
    for item in stuck(vmi) {
        let Some(value) = probe!(item)? else { continue };
        return Ok(value);
    }
    Ok(none)
}

/// As many misses in a row as are allowed, and no more.
#[test]
fn an_iterator_that_repeats_an_error_ends() {
    for function in [apart_for_ever, probed_for_ever] {
        let vmi = Vmi::with(&[1]);
        assert_eq!(faults(function(&vmi, &none())), [1]);
        assert!(vmi.asked().len() <= 1026, "{}", vmi.asked().len());
        let vmi = Vmi::with(&[1]);
        assert_eq!(unavailable(function(&vmi, &suppress(&[1]))), [1]);
        assert_eq!(vmi.asked().len(), 1026);
        assert_eq!(function(&Vmi::default(), &none()).ok(), Some(1));
    }
}

#[probed]
fn suppressed_first(vmi: &Vmi) -> prober::Result<u64> {
    let a = vmi.read_u64(1)?;
    let b = vmi.read_u64(2)?;
    Ok(a + b)
}

#[test]
fn a_suppressed_page_ends_the_search() {
    let vmi = Vmi::with(&[1, 2]);
    assert_eq!(unavailable(suppressed_first(&vmi, &suppress(&[1]))), [1]);
    assert_eq!(vmi.asked(), [1]);
    assert_eq!(faults(suppressed_first(&vmi, &suppress(&[2]))), [1]);
}

#[probed]
fn inner(vmi: &Vmi, address: u64, log: &Log) -> prober::Result<u64> {
    act(log, address);
    let a = vmi.read_u64(address)?;
    act(log, a);
    let b = vmi.read_u64(address + 1)?;
    Ok(a + b)
}

#[probed]
fn outer(vmi: &Vmi, log: &Log) -> prober::Result<u64> {
    let a = inner(vmi, 1, log, suppressed)?;
    let b = inner(vmi, 10, log, suppressed)?;
    inner(vmi, 20, log, suppressed)?;
    Ok(a + b)
}

#[probed]
fn forwards(vmi: &Vmi, log: &Log) -> prober::Result<u64> {
    vmi.read_u64(0)?;
    inner(vmi, 1, log, suppressed)
}

#[test]
fn nested_functions_inherit_the_doom() {
    let log = Log::default();
    let missing = Vmi::with(&[0, 1, 2, 11, 21]);
    assert_eq!(faults(outer(&missing, &log, &none())), [1, 2, 11, 21]);
    assert_eq!(log.take(), [1], "nothing acts behind the first miss");
    assert_eq!(faults(forwards(&missing, &log, &none())), [0, 1, 2]);
    assert_eq!(log.take(), [0; 0]);
    // The caller's own set is not doomed for good.
    let set = none();
    assert!(outer(&missing, &log, &set).is_err());
    assert!(outer(&Vmi::default(), &log, &set).is_ok());
}

#[probed]
fn writes(vmi: &Vmi) -> prober::Result<()> {
    let a = vmi.read_u64(1)?;
    let _written = vmi.write_u64(5, 5)?;
    let b = vmi.read_u64(2)?;
    vmi.write_u64(a, b)?;
    vmi.write_u64(6, vmi.read_u64(3).unwrap_or(0))?;
    Ok(())
}

#[test]
fn a_doomed_run_never_changes_the_guest() {
    let vmi = Vmi::with(&[1, 2, 3]);
    assert_eq!(faults(writes(&vmi, &none())), [1, 2, 3]);
    assert_eq!(vmi.written(), []);
    let vmi = Vmi::with(&[3]);
    assert_eq!(faults(writes(&vmi, &none())), [3]);
    assert_eq!(vmi.written(), [(5, 5), (1, 2)]);
}

#[probed]
fn buffers(vmi: &Vmi) -> prober::Result<u64> {
    let mut name = [0; 2];
    let mut path = [0; 2];
    vmi.read(1, &mut name)?;
    vmi.read(2, &mut path)?;
    let a = vmi.read_u64(u64::from(name[0]) + 30)?;
    let b = vmi.read_u64(3)?;
    Ok(a + b)
}

#[test]
fn a_read_into_a_buffer_asks() {
    assert_eq!(
        faults(buffers(&Vmi::with(&[1, 2, 3, 30, 31]), &none())),
        [1, 2, 3]
    );
}

#[probed]
fn mapped(vmi: &Vmi, calls: &Cell<u32>) -> Result<u64, String2> {
    let a = vmi.read_u64(1).map_err(|error| {
        calls.set(calls.get() + 1);
        String2(error.to_string())
    })?;
    let b = vmi
        .read_u64(2)
        .map_err(|error| String2(error.to_string()))?;
    Ok(a + b)
}

/// An error into which nobody can look.
#[derive(Debug)]
struct String2(String);

impl From<ProbeError> for String2 {
    fn from(error: ProbeError) -> Self {
        Self(error.to_string())
    }
}

#[test]
fn faults_are_found_before_adapters() {
    let calls = Cell::new(0);
    let error = mapped(&Vmi::with(&[1, 2]), &calls, &none()).expect_err("missing");
    assert!(error.0.contains("2 pages"), "{}", error.0);
    assert_eq!(calls.get(), 0);
}

#[probed]
fn fails(vmi: &Vmi) -> prober::Result<u64> {
    let a = vmi.read_u64(1)?;
    Err::<(), _>(VmiError::Timeout)?;
    Ok(a)
}

#[test]
fn other_errors_wait() {
    assert_eq!(faults(fails(&Vmi::with(&[1]), &none())), [1]);
    assert_eq!(
        hard(fails(&Vmi::default(), &none())),
        VmiError::Timeout.to_string()
    );
}

#[probed]
fn marked(vmi: &Vmi, log: &Log) -> prober::Result<Option<u64>> {
    let a = probe!(vmi.read_u64(1))?;
    let b = unprobed!(vmi.read_u64(2))?;
    settle!();
    act(log, b);
    let c = probe!(
        vmi.read_u64(a? + 2)?
            .checked_add(0)
            .ok_or(VmiError::Timeout)
    )?;
    Ok(c)
}

#[test]
fn markers() {
    let log = Log::default();
    assert_eq!(faults(marked(&Vmi::with(&[1, 2]), &log, &none())), [1, 2]);
    assert_eq!(faults(marked(&Vmi::with(&[1]), &log, &none())), [1]);
    assert_eq!(log.take(), [0; 0]);
    assert_eq!(
        marked(&Vmi::with(&[3]), &log, &suppress(&[3])).ok(),
        Some(None)
    );
}

#[probed(suppressed = set)]
fn own_set(vmi: &Vmi, set: &SuppressedPages) -> Result<u64, VmiError> {
    let a = vmi.read_u64(1)?;
    let b = vmi.read_u64(2)?;
    Ok(a + b)
}

#[test]
fn every_argument() {
    assert_eq!(faults(own_set(&Vmi::with(&[1, 2]), &none())), [1]);
}

#[probed]
fn never_ending(vmi: &Vmi) -> prober::Result<u64> {
    let first = vmi.read_u64(1)?;
    let mut n = 0;
    while n < 3 && vmi.read_u64(4)? > 0 {
        #[allow(clippy::items_after_statements)]
        fn id(x: u64) -> u64 {
            x
        }
        n += 1;
        let _k = id(vmi.read_u64(2)?);
    }
    Ok(vmi.read_u64(first % 8)?)
}

#[probed]
fn operand_that_returns(vmi: &Vmi, log: &Log) -> prober::Result<u64> {
    let first = vmi.read_u64(7)?;
    act(
        log,
        (if vmi.read_u64(first % 8)? > 100 {
            return Ok(6);
        } else {
            first
        }) + vmi.read_u64(5)?,
    );
    Ok(first)
}

#[probed]
fn only_at_need(vmi: &Vmi) -> prober::Result<u64> {
    let first = vmi.read_u64(7)?;
    assert!(vmi.read_u64(first)? < 100, "{}", vmi.read_u64(4)?);
    Ok(first)
}

#[probed]
fn in_closures(vmi: &Vmi) -> prober::Result<u64> {
    let sum = [1, 2, 3]
        .into_iter()
        .filter_map(|address| vmi.read_u64(address).ok())
        .sum();
    Ok(sum)
}

#[probed]
fn nested_taken_apart(vmi: &Vmi, log: &Log) -> prober::Result<u64> {
    let first = vmi.read_u64(0)?;
    let n = inner(vmi, 7, log, suppressed).unwrap_or(50);
    let x = vmi.read_u64(n)?;
    match inner(vmi, 9, log, suppressed) {
        Ok(_) => {}
        Err(_) => {
            vmi.read_u64(60)?;
        }
    }
    Ok(first + x)
}

#[probed]
fn loop_that_may_return(vmi: &Vmi) -> prober::Result<u64> {
    let first = vmi.read_u64(6)?;
    for _ in 0..vmi.read_u64(1)? {
        if first % 3 == 0 {
            return Ok(first);
        }
    }
    Ok(vmi.read_u64(5)?)
}

#[test]
fn nothing_is_asked_that_a_resident_run_may_not_ask() {
    let log = Log::default();
    let all = Vmi::with(&[0, 1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(faults(never_ending(&Vmi::with(&[1]), &none())), [1]);
    assert_eq!(faults(operand_that_returns(&all, &log, &none())), [7]);
    assert_eq!(
        faults(operand_that_returns(&Vmi::with(&[5]), &log, &none())),
        [5]
    );
    assert_eq!(faults(only_at_need(&all, &none())), [7]);
    assert_eq!(
        faults(only_at_need(&Vmi::with(&[4]), &none()).and_then(|_| only_at_need(&all, &none()))),
        [7]
    );
    assert_eq!(faults(in_closures(&all, &none())), [1, 2, 3]);
    let missing = Vmi::with(&[0, 50, 60]);
    assert_eq!(faults(nested_taken_apart(&missing, &log, &none())), [0]);
    assert_eq!(
        faults(loop_that_may_return(&Vmi::with(&[6, 5]), &none())),
        [6]
    );
}

#[probed]
fn buffers_of_items(vmi: &Vmi) -> prober::Result<Vec<Vec<u8>>> {
    let mut rows = Vec::new();
    for item in [1, 2, 3] {
        let size = vmi.read_u64(item * 10)?;
        let mut bytes = vec![0; 2];
        vmi.read(item, &mut bytes)?;
        bytes.push(u8::try_from(size).unwrap_or(0));
        rows.push(bytes);
    }
    Ok(rows)
}

#[test]
fn what_an_item_binds_is_its_own() {
    let missing = Vmi::with(&[1, 2, 3, 10, 20, 30]);
    assert_eq!(
        faults(buffers_of_items(&missing, &none())),
        [10, 1, 20, 2, 30, 3]
    );
}

#[probed]
fn last_statement_of_a_branch(vmi: &Vmi, log: &Log) -> Result<u64, VmiError> {
    let first = vmi.read_u64(4)?;
    let mut n = vmi.read_u64(1)?;
    if vmi.read_u64(2)?.wrapping_add(first) > vmi.read_u64(3)? {
        let _old = std::mem::replace(&mut n, vmi.read_u64(5)? ^ vmi.read_u64(6)?);
    } else if vmi.read_u64(9).unwrap_or_default() > vmi.read_u64(10)? {
        act(log, n);
    }
    let _ = vmi.read_u64(first)?;
    {
        act(log, vmi.read_u64(7)?);
        Ok(5)
    }
}

#[test]
fn a_branch_that_ends_doomed() {
    let log = Log::default();
    assert_eq!(
        faults(last_statement_of_a_branch(&Vmi::with(&[5]), &log, &none())),
        [5]
    );
    assert_eq!(log.take(), [0; 0]);
}

#[probed]
fn unwraps(vmi: &Vmi, list: &[u64]) -> prober::Result<u64> {
    let a = vmi.read_u64(1)?;
    let b = vmi.read_u64(2).unwrap();
    let c = vmi.read_u64(b + 10)?;
    let d = list.first().expect("one");
    Ok(a + c + vmi.read_u64(*d)?)
}

#[test]
fn a_doomed_run_does_not_panic() {
    assert_eq!(unwraps(&Vmi::default(), &[3], &none()).ok(), Some(16));
    let missing = Vmi::with(&[1, 2, 3, 12]);
    assert_eq!(faults(unwraps(&missing, &[3], &none())), [1, 2, 3]);
    let missing = Vmi::with(&[1, 3, 12]);
    assert_eq!(faults(unwraps(&missing, &[3], &none())), [1, 12, 3]);
    // Nor where there is no value at all.
    assert_eq!(faults(unwraps(&missing, &[], &none())), [1, 12]);
    assert_eq!(
        faults(unwraps(&Vmi::with(&[1, 2]), &[], &suppress(&[2]))),
        [1]
    );
}

#[probed]
fn numbered_items(vmi: &Vmi, log: &Log) -> prober::Result<u64> {
    let mut sum = vmi.read_u64(0)?;
    for (number, item) in items(vmi).enumerate() {
        let Ok(value) = item else { continue };
        sum += value + number as u64;
    }
    act(log, 1);
    Ok(sum)
}

#[test]
fn items_with_numbers() {
    let log = Log::default();
    assert_eq!(numbered_items(&Vmi::default(), &log, &none()).ok(), Some(9));
    assert_eq!(log.take(), [1]);
    let vmi = Vmi::with(&[3]);
    assert_eq!(faults(numbered_items(&vmi, &log, &none())), [3]);
    assert_eq!(log.take(), [0; 0]);
    assert_eq!(numbered_items(&vmi, &log, &suppress(&[3])).ok(), Some(4));
}

#[probed]
fn takes_from_the_caller(
    vmi: &Vmi,
    mut items: impl Iterator<Item = u64>,
    mut list: std::cell::RefMut<'_, Vec<u64>>,
    called: impl FnOnce() -> u64,
) -> prober::Result<u64> {
    let mut sum = vmi.read_u64(1)?;
    let item = items.next().unwrap_or(2);
    let of_item = vmi.read_u64(item)?;
    let entry = list.pop().unwrap_or(3);
    let of_entry = vmi.read_u64(entry)?;
    let of_call = vmi.read_u64(called())?;
    sum += of_item + of_entry + of_call;
    Ok(sum)
}

#[test]
fn a_doomed_run_takes_nothing_from_the_caller() {
    let list = RefCell::new(vec![10]);
    let mut items = [20, 21].into_iter();
    let calls = Cell::new(0);
    let call = || {
        calls.set(calls.get() + 1);
        30
    };
    let vmi = Vmi::with(&[1]);
    let found = takes_from_the_caller(&vmi, &mut items, list.borrow_mut(), call, &none());
    assert_eq!(faults(found), [1]);
    assert_eq!((items.len(), list.borrow().len(), calls.get()), (2, 1, 0));
    let vmi = Vmi::default();
    let found = takes_from_the_caller(&vmi, &mut items, list.borrow_mut(), call, &none());
    assert_eq!(found.ok(), Some(61));
    assert_eq!((items.len(), list.borrow().len(), calls.get()), (1, 0, 1));
}

fn add(list: &mut Vec<u64>, value: u64) {
    list.push(value);
}

#[probed]
fn mutable_parameter(vmi: &Vmi, mut list: Vec<u64>) -> prober::Result<u64> {
    add(&mut list, vmi.read_u64(1)?);
    let next = vmi.read_u64(10 + list.len() as u64)?;
    Ok(next + vmi.read_u64(2)?)
}

#[test]
fn a_parameter_that_a_skipped_statement_changes_is_missing() {
    let vmi = Vmi::with(&[1, 2, 10, 11]);
    assert_eq!(faults(mutable_parameter(&vmi, vec![], &none())), [1, 2]);
    assert_eq!(vmi.asked(), [1, 2]);
    let vmi = Vmi::with(&[2, 10, 11]);
    assert_eq!(faults(mutable_parameter(&vmi, vec![], &none())), [11, 2]);
}
