//! The checks of this crate see what is wrong: functions that break one
//! promise each, and a right one.

#![allow(clippy::many_single_char_names, reason = "short functions")]

use prober::{ProbeError, SuppressedPages, VmiProber, probed};
use prober_theorem::{
    Call, Me, Object, Outcome, Outs, Program, Row, State, World, check, outcome, page_of,
};

/// Asks twice, acts, and asks once more.
fn plain(w: &World<'_>, outs: &mut Outs, _: &SuppressedPages) -> Result<u64, ProbeError> {
    let o = Object::root(w);
    let a = o.num(1)?;
    let guard = w.guard(1);
    let b = o.num(a % 8)?;
    w.act("act", b);
    outs.out.push(b);
    Ok(o.num(4)? ^ guard.pass(b))
}

#[probed]
fn right(w: &World<'_>, outs: &mut Outs) -> Result<u64, ProbeError> {
    let o = Object::root(w);
    let a = o.num(1)?;
    let guard = w.guard(1);
    let b = o.num(a % 8)?;
    w.act("act", b);
    outs.out.push(b);
    Ok(o.num(4)? ^ guard.pass(b))
}

/// Asks of everything, whatever is missing.
fn asks_on(w: &World<'_>, outs: &mut Outs, set: &SuppressedPages) -> Result<u64, ProbeError> {
    let o = Object::root(w);
    let prober = VmiProber::new(set);
    let a = prober.probe(|| o.num(1))?.unwrap_or_default();
    let guard = w.guard(1);
    // An address from data that was not read.
    let b = prober.probe(|| o.num(a % 8))?;
    let c = prober.probe(|| o.num(4))?;
    prober.error_for_page_faults()?;
    let (b, c) = (b.unwrap_or_default(), c.unwrap_or_default());
    w.act("act", b);
    outs.out.push(b);
    Ok(c ^ guard.pass(b))
}

/// Acts although the last read is missing.
fn acts_on(w: &World<'_>, outs: &mut Outs, set: &SuppressedPages) -> Result<u64, ProbeError> {
    let o = Object::root(w);
    let prober = VmiProber::new(set);
    let a = o.num(1)?;
    let guard = w.guard(1);
    let b = prober.probe(|| o.num(a % 8))?.unwrap_or_default();
    w.act("act", b);
    outs.out.push(b);
    let c = prober.probe(|| o.num(4))?.unwrap_or_default();
    prober.error_for_page_faults()?;
    Ok(c ^ guard.pass(b))
}

/// Changes what is outside, but does not act.
fn pushes_on(w: &World<'_>, outs: &mut Outs, _: &SuppressedPages) -> Result<u64, ProbeError> {
    let o = Object::root(w);
    let a = o.num(1);
    outs.out.push(1);
    let a = a?;
    outs.out.pop();
    let guard = w.guard(1);
    let b = o.num(a % 8)?;
    w.act("act", b);
    outs.out.push(b);
    Ok(o.num(4)? ^ guard.pass(b))
}

/// Asks in another order.
fn asks_early(w: &World<'_>, outs: &mut Outs, _: &SuppressedPages) -> Result<u64, ProbeError> {
    let o = Object::root(w);
    let c = o.num(4)?;
    let a = o.num(1)?;
    let guard = w.guard(1);
    let b = o.num(a % 8)?;
    w.act("act", b);
    outs.out.push(b);
    Ok(c ^ guard.pass(b))
}

/// Drops too early.
fn drops_early(w: &World<'_>, outs: &mut Outs, _: &SuppressedPages) -> Result<u64, ProbeError> {
    let o = Object::root(w);
    let a = o.num(1)?;
    let passed = w.guard(1).pass(0);
    let b = o.num(a % 8)?;
    w.act("act", b);
    outs.out.push(b);
    Ok(o.num(4)? ^ passed ^ b)
}

/// Never drops.
fn forgets(w: &World<'_>, outs: &mut Outs, _: &SuppressedPages) -> Result<u64, ProbeError> {
    let o = Object::root(w);
    let a = o.num(1)?;
    let guard = std::mem::ManuallyDrop::new(w.guard(1));
    let b = o.num(a % 8)?;
    w.act("act", b);
    outs.out.push(b);
    Ok(o.num(4)? ^ guard.pass(b))
}

/// Takes 0 for what is missing.
fn makes_up(w: &World<'_>, outs: &mut Outs, _: &SuppressedPages) -> Result<u64, ProbeError> {
    let o = Object::root(w);
    let a = o.num(1)?;
    let guard = w.guard(1);
    let b = o.num(a % 8)?;
    w.act("act", b);
    outs.out.push(b);
    Ok(o.num(4).unwrap_or_default() ^ guard.pass(b))
}

/// Gives another value.
fn miscounts(w: &World<'_>, outs: &mut Outs, set: &SuppressedPages) -> Result<u64, ProbeError> {
    plain(w, outs, set).map(|value| value + 1)
}

macro_rules! call {
    ($function:ident) => {{
        fn call<'w>(w: &'w World<'w>, outs: &mut Outs, set: &SuppressedPages) -> Outcome {
            outcome($function(w, outs, set))
        }
        call
    }};
}

/// The promises that a function breaks in some state of memory.
fn broken(probed: Call) -> Vec<&'static str> {
    let program = Program {
        name: "plain",
        source: "",
        plain: call!(plain),
        probed,
    };
    let mut promises = Vec::new();
    for seed in 0..200 {
        let mut state = State::random(seed, seed % 9);
        if seed % 3 == 0 {
            let pages = (0..8).map(|index| page_of("num", 1, index));
            state.suppress(pages.filter(|page| page % 2 == seed % 2));
        }
        if let Err(broken) = check(&program, &state)
            && !promises.contains(&broken.promise)
        {
            promises.push(broken.promise);
        }
    }
    promises
}

#[test]
fn a_right_function_passes() {
    // Plain code knows of no suppressed pages.
    let plain = broken(call!(plain));
    assert_eq!(plain, ["no suppressed page is in a batch"]);
    assert_eq!(broken(call!(right)), [""; 0]);
}

#[test]
fn each_mistake_is_seen() {
    let sees = |probed, promise: &str| {
        let promises = broken(probed);
        assert!(promises.contains(&promise), "{promise}: only {promises:?}");
    };
    sees(
        call!(asks_on),
        "nothing is asked that a resident run does not ask",
    );
    sees(
        call!(acts_on),
        "the effects are those up to the first fault",
    );
    sees(
        call!(pushes_on),
        "the effects are those up to the first fault",
    );
    sees(call!(asks_early), "a batch begins with the first fault");
    sees(call!(drops_early), "all that happens is the same");
    sees(call!(forgets), "what is made is dropped");
    sees(call!(makes_up), "a batch begins with the first fault");
    sees(call!(miscounts), "the outcome is the same");
}

#[test]
fn a_row_and_a_self_differ_by_each_part() {
    let row = Row { a: 1, b: 2, c: 3 };
    for other in [
        Row { a: 0, ..row },
        Row { b: 0, ..row },
        Row { c: 0, ..row },
    ] {
        assert_ne!(row.sum(), other.sum());
    }
    let mut me: Me = Outs::default().me;
    me.bump(9);
    assert_ne!(me, Outs::default().me);
}
