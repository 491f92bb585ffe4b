//! Bodies that take the `Result` of a read apart: each gives the value that
//! plain code gives, in every state of three pages.

#![allow(clippy::all, clippy::pedantic, reason = "the shapes are the test")]

use std::collections::HashSet;

use prober::{ProbeError, SuppressedPages, probed};
use prober_theorem::{Outcome, Outs, Program, Reads, State, World, check, outcome, page_of};
use vmi_core::VmiError;

/// Bodies in both forms, over pages 0, 1 and 2 of `vmi`.
macro_rules! bodies {
    ($($name:ident: |$vmi:ident| $body:block)*) => {$(
        mod $name {
            use super::*;

            fn plain($vmi: &Reads<'_>) -> Result<u64, ProbeError> $body

            #[probed]
            fn probed($vmi: &Reads<'_>) -> Result<u64, ProbeError> $body

            #[test]
            fn is_unchanged() {
                fn as_plain<'w>(w: &'w World<'w>, _: &mut Outs, _: &SuppressedPages) -> Outcome {
                    outcome(plain(&Reads(w)))
                }
                fn as_probed<'w>(w: &'w World<'w>, _: &mut Outs, s: &SuppressedPages) -> Outcome {
                    outcome(probed(&Reads(w), s))
                }
                super::holds(&Program {
                    name: stringify!($name),
                    source: stringify!($body),
                    plain: as_plain,
                    probed: as_probed,
                });
            }
        }
    )*};
}

/// Checks all states of the first pages: each is in, out, or out and
/// suppressed.
fn holds(program: &Program) {
    let pages: Vec<u64> = (0..4).map(|at| page_of("read", 0, at)).collect();
    let mut faulted = 0;
    for number in 0..3_usize.pow(4) {
        let place = |index: usize| number / 3_usize.pow(index as u32) % 3;
        let some = |kind: fn(usize) -> bool| {
            (0..4)
                .filter(|index| kind(place(*index)))
                .map(|index| pages[index])
                .collect::<HashSet<u64>>()
        };
        let mut state = State::listed(some(|kind| kind > 0));
        state.suppress(some(|kind| kind == 2));
        match check(program, &state) {
            Ok(batch) => faulted += usize::from(!batch.is_empty()),
            Err(broken) => panic!("{}: {broken}", program.source),
        }
    }
    assert!(faulted > 0, "{}: no page is ever asked for", program.name);
}

bodies! {
    if_let_err: |vmi| {
        if let Err(_) = vmi.read_u64(0) { return Ok(1); }
        Ok(vmi.read_u64(1)?)
    }
    if_let_ok: |vmi| {
        if let Ok(_) = vmi.read_u64(0) { Ok(7) } else { Ok(vmi.read_u64(2)?) }
    }
    if_let_ok_value: |vmi| {
        if let Ok(x) = vmi.read_u64(0) && x > 3 { return Ok(x); }
        Ok(2)
    }
    let_else_ok: |vmi| {
        let Ok(x) = vmi.read_u64(0) else { return Ok(9) };
        Ok(x ^ vmi.read_u64(1)?)
    }
    let_else_wildcard: |vmi| {
        let Ok(_) = vmi.read_u64(0) else { return Ok(9) };
        Ok(vmi.read_u64(1)?)
    }
    match_translation: |vmi| {
        match vmi.read_u64(0) {
            Err(VmiError::Translation(_)) => Ok(0),
            Err(error) => Err(error.into()),
            Ok(x) => Ok(x + vmi.read_u64(1)?),
        }
    }
    match_wildcards: |vmi| {
        match vmi.read_u64(0) { Ok(_) => Ok(1), Err(_) => Ok(vmi.read_u64(1)?) }
    }
    match_two: |vmi| {
        match (vmi.read_u64(0), vmi.read_u64(1)) {
            (Ok(a), Ok(b)) => Ok(a ^ b),
            (Ok(a), Err(_)) | (Err(_), Ok(a)) => Ok(a),
            _ => Ok(100),
        }
    }
    is_ok: |vmi| { Ok(u64::from(vmi.read_u64(0).is_ok()) + vmi.read_u64(1)?) }
    is_err: |vmi| {
        if vmi.read_u64(0).is_err() { return Ok(4); }
        Ok(vmi.read_u64(1)?)
    }
    is_ok_and: |vmi| { Ok(u64::from(vmi.read_u64(0).is_ok_and(|x| x > 0))) }
    is_err_and: |vmi| { Ok(u64::from(vmi.read_u64(0).is_err_and(|_| true))) }
    ok: |vmi| { Ok(vmi.read_u64(0).ok().unwrap_or(77)) }
    ok_and_then: |vmi| { Ok(vmi.read_u64(0).ok().and_then(|x| x.checked_sub(5)).unwrap_or(1)) }
    ok_filter: |vmi| { Ok(vmi.read_u64(0).ok().filter(|x| x % 2 == 0).map_or(3, |x| x)) }
    err: |vmi| { Ok(u64::from(vmi.read_u64(0).err().is_some())) }
    unwrap_or: |vmi| { Ok(vmi.read_u64(0).unwrap_or(5) ^ vmi.read_u64(1)?) }
    unwrap_or_default: |vmi| { Ok(vmi.read_u64(0).unwrap_or_default()) }
    unwrap_or_else: |vmi| { Ok(vmi.read_u64(0).unwrap_or_else(|_| 8)) }
    unwrap_or_read: |vmi| { Ok(vmi.read_u64(0).unwrap_or(vmi.read_u64(1)?)) }
    map_or: |vmi| { Ok(vmi.read_u64(0).map_or(3, |x| x + 1)) }
    map_or_else: |vmi| { Ok(vmi.read_u64(0).map_or_else(|_| 3, |x| x + 1)) }
    map_unwrap_or: |vmi| { Ok(vmi.read_u64(0).map(|x| x * 2).unwrap_or(1)) }
    or_else: |vmi| { Ok(vmi.read_u64(0).or_else(|_| vmi.read_u64(1))?) }
    and_then: |vmi| { Ok(vmi.read_u64(0).and_then(|x| vmi.read_u64(1 + x % 2))?) }
    map_err: |vmi| { Ok(vmi.read_u64(0).map_err(|_| VmiError::Timeout)?) }
    while_let: |vmi| {
        let mut at = 0;
        while let Ok(x) = vmi.read_u64(at) {
            at += 1;
            if at == 4 || x == 1_000 { break; }
        }
        Ok(at)
    }
    until_is_err: |vmi| {
        let mut at = 0;
        while at < 4 && vmi.read_u64(at).is_ok() { at += 1; }
        Ok(at)
    }
    find: |vmi| { Ok((0..4).find(|at| vmi.read_u64(*at).is_ok()).unwrap_or(9)) }
    filter_map: |vmi| { Ok((0..4).filter_map(|at| vmi.read_u64(at).ok()).fold(0, |x, y| x ^ y)) }
    all: |vmi| { Ok(u64::from((0..4).all(|at| vmi.read_u64(at).is_ok()))) }
    sum_of_defaults: |vmi| { Ok((0..4).map(|at| vmi.read_u64(at).unwrap_or_default()).sum()) }
    stale_buffer: |vmi| {
        let mut buffer = [3_u8; 2];
        if vmi.read_u64(0).is_err() { buffer[0] = 1; }
        vmi.read(1, &mut buffer)?;
        Ok(vmi.read_u64(u64::from(buffer[1]) % 4)?)
    }
    an_address_of_ones_own: |vmi| {
        let at = vmi.read_u64(0).unwrap_or(2) % 4;
        Ok(vmi.read_u64(at)?)
    }
    matches: |vmi| {
        if matches!(vmi.read_u64(0), Ok(0..=20)) { return Ok(vmi.read_u64(1)?); }
        Ok(vmi.read_u64(2)?)
    }
    a_flag: |vmi| {
        let there = vmi.read_u64(0).is_ok();
        if there { Ok(vmi.read_u64(1)?) } else { Ok(vmi.read_u64(2)?) }
    }
}
