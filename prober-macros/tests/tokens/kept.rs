//! `#[probed]` on small bodies, which the machine runs.

#![allow(
    clippy::needless_raw_string_hashes,
    reason = "any of them may hold a text"
)]

use std::panic::catch_unwind;

use proc_macro2::TokenStream;
use quote::quote;
use syn::ItemFn;

use crate::{
    cases::grouped,
    expand,
    machine::{End, Event, Memory, Page, run},
};

/// A function, as it is written and as it is expanded.
struct Function {
    text: String,
    plain: ItemFn,
    probed: ItemFn,
}

impl Function {
    fn new(signature: &str, body: &str) -> Self {
        let text = format!("{signature} -> Result<u8, E> {{ {body} }}");
        let tokens: TokenStream = text.parse().unwrap_or_else(|_| panic!("tokens: {text}"));
        let tokens = grouped(tokens);
        let parse = |tokens: TokenStream| match syn::parse2(tokens.clone()) {
            Ok(function) => function,
            Err(error) => panic!("{error}: {text}\n{tokens}"),
        };
        let probed = parse(expand::probed(quote!(), &tokens));
        let plain = parse(tokens);
        Self {
            text,
            plain,
            probed,
        }
    }

    /// What the expanded function asks and does: `a` where a page was there,
    /// `a!` where it was not, `[act]` for an act.
    fn events(&self, memory: &Memory) -> String {
        let (events, _) = run(&self.probed, memory);
        let events = events.iter().map(|event| match event {
            Event::Asked(page) if memory.contains_key(page) => format!("{page}!"),
            Event::Asked(page) => page.clone(),
            Event::Acted(act) => format!("[{act}]"),
        });
        events.collect::<Vec<_>>().join(" ")
    }

    /// Compares it with the plain function in many states of memory.
    fn holds(&self) {
        let mut pages: Vec<String> = Vec::new();
        let mut of_plain: Vec<String>;
        'more: loop {
            of_plain = Vec::new();
            for memory in states(pages.clone()) {
                let known = pages.len();
                for (plain, event) in self.compared(&memory) {
                    if let Event::Asked(page) = event {
                        if plain && !of_plain.contains(&page) {
                            of_plain.push(page.clone());
                        }
                        if !pages.contains(&page) {
                            pages.push(page);
                        }
                    }
                }
                if pages.len() > known {
                    continue 'more;
                }
            }
            break;
        }
        let bogus = pages.iter().find(|page| !of_plain.contains(page));
        assert_eq!(
            bogus, None,
            "a page that the plain one never asks for: {}",
            self.text
        );
        let (plain, probed) = (runs(&self.plain, &pages), runs(&self.probed, &pages));
        if let Some(plain) = plain {
            assert!(
                probed <= Some(plain),
                "{probed:?} runs for {plain}: {}",
                self.text
            );
        }
    }

    /// Runs both, and compares. Returns their events, with whether they are the
    /// plain one's.
    fn compared(&self, memory: &Memory) -> Vec<(bool, Event)> {
        let (plain, plain_end) = run(&self.plain, memory);
        let (probed, probed_end) = run(&self.probed, memory);
        let context = || {
            let text = &self.text;
            format!("{text}\n{memory:?}\n{plain:?} {plain_end:?}\n{probed:?} {probed_end:?}")
        };
        let is = |event: &Event, what| match event {
            Event::Asked(page) => memory.get(page) == Some(&what),
            Event::Acted(_) => false,
        };
        let acts = |events: &[Event]| {
            let acts = events
                .iter()
                .filter(|event| matches!(event, Event::Acted(_)));
            acts.cloned().collect::<Vec<_>>()
        };
        let (plain_acts, probed_acts) = (acts(&plain), acts(&probed));
        assert!(plain_acts.starts_with(&probed_acts), "acts: {}", context());

        let fault = plain.iter().position(|event| is(event, Page::Missing));
        if let Some(fault) = fault {
            let before = acts(&plain[..fault]).len();
            assert_eq!(
                probed_acts.len(),
                before,
                "acts before the fault: {}",
                context()
            );
            let Event::Asked(page) = &plain[fault] else {
                unreachable!("a page is asked for")
            };
            match &probed_end {
                End::Batch(pages) => assert_eq!(pages.first(), Some(page), "{}", context()),
                _ => panic!("no batch: {}", context()),
            }
        } else {
            assert_eq!(plain_acts, probed_acts, "acts: {}", context());
            match (&plain_end, &probed_end) {
                (End::Batch(_), End::Unavailable) => {}
                (plain, probed) => assert_eq!(plain, probed, "{}", context()),
            }
        }
        let suppressed = plain.iter().any(|event| is(event, Page::Suppressed));
        if fault.is_none() && !suppressed {
            assert_eq!(plain, probed, "{}", context());
        }
        let plain = plain.into_iter().map(|event| (true, event));
        plain
            .chain(probed.into_iter().map(|event| (false, event)))
            .collect()
    }
}

/// In how many states of memory a function is compared.
const STATES: usize = 100;

/// States of memory: all of them, or as many as are enough.
fn states(pages: Vec<String>) -> impl Iterator<Item = Memory> {
    let count = u32::try_from(pages.len()).expect("few pages");
    let all = 4_usize.saturating_pow(count);
    let mut random = 1_usize;
    (0..all.min(STATES)).map(move |state| {
        random = random
            .wrapping_mul(0x5851_f42d_4c95_7f2d)
            .wrapping_add(0x1405_7b7e_f767_814f);
        let mut memory = Memory::new();
        let (mut number, mut rest) = (state, random >> 20);
        for page in &pages {
            let is = [
                None,
                Some(Page::Missing),
                Some(Page::Suppressed),
                Some(Page::Failing),
            ];
            // Where there are many states, most pages are resident.
            let changed = all <= STATES || rest % 8 < 3;
            if let Some(is) = is[number % 4].filter(|_| changed) {
                memory.insert(page.clone(), is);
            }
            if all > STATES {
                number = rest >> 3;
                rest >>= 5;
            } else {
                number /= 4;
            }
        }
        memory
    })
}

/// How many runs a function takes that finds no page in memory at first. Not
/// where it goes on without one.
fn runs(function: &ItemFn, pages: &[String]) -> Option<usize> {
    let missing = pages.iter().map(|page| (page.clone(), Page::Missing));
    let mut memory = missing.collect::<Memory>();
    for count in 1.. {
        let (events, end) = run(function, &memory);
        let faults = events
            .iter()
            .any(|event| matches!(event, Event::Asked(page) if memory.contains_key(page)));
        match end {
            End::Batch(batch) => memory.retain(|page, _| !batch.contains(page)),
            _ => return (!faults).then_some(count),
        }
    }
    unreachable!("it ends")
}

/// A state of memory: `a b? c#`, where `b` is missing for good, and reads of `c`
/// fail.
fn memory(text: &str) -> Memory {
    let pages = text.split_whitespace().map(|page| {
        let is = match page.chars().last() {
            Some('?') => Page::Suppressed,
            Some('#') => Page::Failing,
            _ => Page::Missing,
        };
        (page.trim_end_matches(['?', '#']).to_owned(), is)
    });
    pages.collect()
}

const SIGNATURE: &str = "fn f(x: &X, y: &X, vmi: &Vmi)";

/// Bodies, the pages that are not there, and what is asked and done then:
/// `BODY // PAGES: EVENTS`. In all states of memory what is promised holds.
#[track_caller]
fn check(cases: &str) {
    check_in(SIGNATURE, cases);
}

#[track_caller]
fn check_in(signature: &str, cases: &str) {
    let mut wrong = Vec::new();
    for case in cases.lines().map(str::trim) {
        if case.is_empty() || case.starts_with("# ") {
            continue;
        }
        let (body, said) = case
            .rsplit_once("//")
            .expect("a body, and what is said of it");
        let (missing, events) = said.split_once(':').expect("pages, and events");
        if catch_unwind(|| check_one(signature, body, missing, events.trim())).is_err() {
            wrong.push(case);
        }
    }
    assert!(wrong.is_empty(), "wrong:\n{}", wrong.join("\n"));
}

#[track_caller]
fn check_one(signature: &str, body: &str, missing: &str, events: &str) {
    // Also where the run cannot be doomed by the caller any more.
    for (before, done) in [("", ""), ("act(0);", "[act(0)] ")] {
        let function = Function::new(signature, &format!("{before} {body}"));
        let found = function.events(&memory(missing));
        let expected = format!("{done}{events}");
        assert_eq!(found, expected.trim_end(), "{before} {body}");
        function.holds();
    }
}

/// A `let` asks, and what binds nothing acts.
#[test]
fn a_let_asks_and_a_statement_acts() {
    check(
        r#"
        let a = x.a()?; let b = x.b()?; act(1)?; Ok(a + b + x.c()?) // a: a! b c
        let a = x.a()?; act(x.b()?)?; Ok(a) // a: a! b
        let a = x.a()?; act(1)?; let b = a.b()?; Ok(b + x.c()?) // a: a! c
        let a = x.a()?; let b = a.b()?; let c = x.c()?; Ok(b + c) // a: a! c
        let a = x.a()?; let b = x.b()?; act(1); Ok(a) // b: a b!
        act(0); let a = x.a()?; act(1); Ok(a) // : [act(0)] a [act(1)]
        let a = x.a()?; act(x.b()?)?; y.c()?.d()?; Ok(a) // a: a! b c
        let a = x.a()?; if x.b()? { act(1); } Ok(x.c()?) // a: a! b c
        let a = x.a()?; println!("{}", x.b()?); x.m(x.c()?)?; Ok(a) // a: a! b c
    "#,
    );
}

/// What feeds a question is evaluated, and nothing else is.
#[test]
fn what_feeds_a_question() {
    check(
        r#"
        let a = x.a()?; let n = 2; act(n); let d = x.d(n)?; Ok(a + d) // a: a! d(2)
        let a = x.a()?; let n = a; act(n); let d = x.d(n)?; Ok(d) // a: a!
        let a = x.a()?; let n = a; act(n); let d = x.d(1)?; let e = x.e(n)?; Ok(d) // a: a! d(1)
        let a = x.a()?; act(1); let n; n = 2; let d = x.d(n)?; Ok(a + d) // a: a!
    "#,
    );
}

/// Operands that are evaluated in any case are asked, whatever came of those
/// before them.
#[test]
fn operands_are_siblings() {
    check(
        r#"
        Ok(Row { a: x.a()?, b: x.b()? }) // a: a! b
        Ok(Row { a: x.a()?, ..x.b()? }) // a: a! b
        Ok((x.a()?, x.b()?)) // a: a! b
        Ok([x.a()?, x.b()?]) // a: a! b
        Ok(x.a()? + x.b()? + x.c()?) // a b: a! b! c
        Ok(x.a()?[x.b()?]) // a: a! b
        Ok(vec![x.a()?, x.b()?]) // a: a! b
        Ok([x.a()?; 2]) // a: a!
        let v = x.d(x.a()?, x.b()?)?; Ok(v) // a: a! b
        let v = x.a()?.d(x.b()?)?; Ok(v) // a: a! b
        act(x.a()?, x.b()?); Ok(1) // a: a! b
        act(x.a()?)?; Ok(x.b()?) // a: a! b
        let v = x.a()? && x.b()?; Ok(v) // a: a!
        let v = x.a()? || x.b()?; Ok(v) // a: a!
        let v = (x.a()? && x.b()?, x.c()?); Ok(v) // a: a! c
        let v = (x.c()?, x.a()? && x.b()?); Ok(v) // c: c! a
        let v = x.a()? == x.b()?; Ok(v) // a: a! b
        let v = (x.a()?, if x.b()? { x.c()? } else { x.e()? }); Ok(v) // a: a! b
        let v = (x.a()?, match x.b()? { 1 => x.c()?, _ => x.e()? }); Ok(v) // a: a! b
        let v = (x.a()?, &x.b()?, !x.c()?, (x.e()?)); Ok(v) // a: a! b c e
        println!("{} {}", x.a()?, x.b()?); Ok(1) // a: a! b
        assert!(x.a()?, "{}", x.b()?); Ok(1) // a: a!
        let v = (x.a()?, return Ok(x.b()?), x.c()?); Ok(v) // a: a! b
    "#,
    );
}

/// Missing spreads by name.
#[test]
fn what_a_skipped_statement_could_have_changed() {
    check(
        r#"
        let mut n = 1; let a = x.a()?; n = a; let d = x.d(n)?; Ok(d) // a: a!
        let mut n = 1; let a = x.a()?; n += 1; let d = x.d(n)?; Ok(a + d) // a: a!
        let mut list = Vec::new(); list.push(x.a()?); let d = x.d(list.len())?; Ok(d) // a: a!
        let list = Vec::new(); list.push(x.a()?); let d = x.d(list.len())?; Ok(d) // a: a!
        let count = Cell::new(0); let a = x.a()?; count.set(a); let d = x.d(count.get())?; Ok(d) // a: a!
        let count = Cell::new(0); let at = || count.get(); let a = x.a()?; count.set(a); let d = x.d(at())?; Ok(d) // a: a!
        let mut n = 0; let r = &mut n; let a = x.a()?; *r += a; let d = x.d(n)?; Ok(d) // a: a!
        let mut n = 0; let mut add = |by| n += by; let a = x.a()?; add(a); let d = x.d(n)?; Ok(d) // a: a!
        let mut n = 0; if x.a()? { n = 1; } let d = x.d(n)?; Ok(d + x.b()?) // a: a! b
        let mut n = 0; let a = x.a()?; act(&mut n); let d = x.d(n)?; Ok(a + d) // a: a!
        let mut n = 0; let a = x.a()?; act(n); let d = x.d(n)?; Ok(a + d) // a: a!
        let n = 0; let a = x.a()?; act(n); let d = x.d(n)?; Ok(a + d) // a: a! d(0)
    "#,
    );
}

/// A skipped exit ends the search in what it would have left.
#[test]
fn exits() {
    check(
        r#"
        if x.a()? > 1 { return Ok(0); } Ok(x.b()?) // a: a!
        let a = x.a()?; if a > 1 { return Ok(0); } Ok(x.b()?) // a: a!
        let a = x.a()?; if x.b()? > 1 { return Ok(0); } Ok(a + x.c()?) // a: a! b c
        let a = x.a()?; if x.b()? > 0 { return Ok(0); } Ok(a + x.c()?) // a: a! b
        for i in [1, 2] { if x.d(i)? > 1 { break; } let e = x.e(i)?; } Ok(x.c()?) // d(1): d(1)! c
        for i in [1, 2] { if x.d(i)? > 1 { continue; } let e = x.e(i)?; } Ok(x.c()?) // d(1): d(1)! d(2) e(2) c
        for i in [1, 2] { if x.d(i)? > 1 { return Ok(0); } } Ok(x.c()?) // d(1): d(1)!
        let a = x.a()?; assert!(a); Ok(x.b()?) // a: a!
        let a = x.a()?; unknown!(a); Ok(x.b()?) // a: a!
        let a = x.a()?; println!("{a}"); Ok(x.b()?) // a: a! b
        let a = x.a()?; let Some(b) = Some(a) else { return Ok(0); }; Ok(x.c()?) // a: a!
        'b: { if x.a()? > 1 { break 'b; } let b = x.b()?; } Ok(x.c()?) // a: a! c
        'o: for i in [1, 2] { for j in [1, 2] { if x.d(j)? > 1 { continue 'o; } let e = x.e(i)?; } } Ok(x.c()?) // d(1): d(1)! d(1)! c
    "#,
    );
}

#[test]
fn loops() {
    check(
        r#"
        for i in [1, 2] { let d = x.d(i)?; } Ok(1) // d(1) d(2): d(1)! d(2)!
        for k in x.k()? { let a = k.a()?; let b = k.b()?; act(a); } Ok(x.c()?) // k.0.a: k k.0.a! k.0.b k.1.a k.1.b c
        let mut n = 0; for k in x.k()? { n += k.a()?; let d = x.d(n)?; } Ok(x.c()?) // k.0.a: k k.0.a! c
        while x.a()? > 1 { let b = x.b()?; } Ok(x.c()?) // a: a! c
        let mut n = 0; while n < 2 { let a = x.d(n)?; let b = x.b()?; n += 1; } Ok(x.c()?) // d(0): d(0)! b c
        let mut n = 0; loop { let a = x.d(n)?; let b = x.b()?; n += 1; if n > 1 { break; } } Ok(x.c()?) // d(0): d(0)! b c
        for k in x.k()? { act(k.a()?); } Ok(x.c()?) // k: k! c
        let mut list = Vec::new(); for k in x.k()? { list.push(k.a()?); } Ok(x.d(list.len())?) // k.0.a: k k.0.a! k.1.a
    "#,
    );
}

/// A result that the body takes apart keeps its type, and its fault dooms.
#[test]
fn results_taken_apart() {
    check(
        r#"
        let a = x.a().unwrap_or(9); let d = x.d(a)?; act(a); Ok(d) // a: a! d(9)
        let a = x.a().unwrap_or(9); let d = x.d(a)?; act(a); Ok(d) // a?: a! d(9) [act(9)]
        let a = match x.a() { Ok(a) => a, Err(_) => 8 }; act(a); Ok(x.d(a)?) // a: a! d(8)
        let a = if let Ok(a) = x.a() { a } else { 7 }; act(a); Ok(x.d(a)?) // a: a! d(7)
        let Ok(a) = x.a() else { act(1); return Ok(1) }; act(a); Ok(x.d(a)?) // a: a!
        if x.a().is_ok() { act(1); } Ok(x.b()?) // a: a! b
        if x.a().is_err() { act(1); } Ok(x.b()?) // a: a! b
        if x.a().is_ok_and(|a| a > 1) { act(1); } Ok(x.b()?) // a: a! b
        match x.a() { Ok(a) => act(a), Err(_) => act(0) }; Ok(x.b()?) // a: a! b
        match (x.a(), x.b()) { (Ok(a), Ok(b)) => act(a), _ => act(0) }; Ok(x.c()?) // a: a! b c
        act(x.a().unwrap_or(1)); Ok(x.b()?) // a: a! b
        let ok = matches!(x.a(), Ok(_)); act(ok); Ok(x.b()?) // a: a! b
        let a = x.a().map_err(|_| 1)?; let b = x.b()?; Ok(a + b) // a: a! b
        for i in items() { match i { Ok(i) => act(i), Err(_) => continue } } Ok(x.c()?) // i1: i1! i2 c
        for i in items().flatten() { act(i); } Ok(x.c()?) // i1: i1! i2 c
        for i in items() { let i = i?; act(i); } Ok(x.c()?) // i1: i1! i2 c
    "#,
    );
}

#[test]
fn nested_functions_inherit_the_doom() {
    check(
        r#"
        let a = inner(1, suppressed)?; let b = inner(2, suppressed)?; Ok(a + b) // inner(1): [inner(1)] inner(1)! inner(2)
        let a = x.a()?; inner(1, suppressed)?; act(1); Ok(x.b()?) // a: a! inner(1) b
        let a = x.a()?; act(1); inner(suppressed) // a: a! inner
        let a = x.a()?; act(inner(suppressed)?); Ok(1) // a: a! inner
        let a = x.a()?; x.inner(suppressed)?; Ok(1) // a: a! inner
    "#,
    );
}

#[test]
fn what_outlives_the_function() {
    check_in(
        "fn f(&mut self, x: &X, list: &mut Vec<u8>, n: &mut u8)",
        r#"
        let a = x.a()?; self.count += 1; let d = x.d(self.count)?; Ok(a + d) // a: a!
        let a = x.a()?; self.count += 1; let d = x.d(self.other)?; Ok(a + d) // a: a! d(0)
        let a = x.a()?; let b = list.pop(); act(1); Ok(x.b()?) // a: a! b
        let a = x.a()?; for i in list.drain(0..) { let b = x.b()?; } Ok(x.c()?) // a: a! c
        let a = x.a()?; *n += 1; let d = x.d(*n)?; Ok(a + d) // a: a!
    "#,
    );
}

/// What may not be there is not asked for by a search: behind the miss it is
/// skipped, however it is written.
#[test]
fn statements_under_a_cfg() {
    for statement in [
        "#[cfg(k)] let b = x.b()?;",
        "#[cfg_attr(k, allow(unused))] let b = x.b()?;",
        "#[cfg(k)] { let b = x.b()?; }",
        "#[cfg(k)] return Ok(x.b()?);",
        "#[cfg(k)] act(x.b()?);",
        "#[cfg(k)] for i in x.b()? {}",
        "#[cfg(k)] if x.b()? {}",
        "#[cfg(k)] loop { let b = x.b()?; break; }",
        "#[cfg(k)] println!(\"{}\", x.b()?);",
        "#[cfg(k)] match x.b()? { _ => {} }",
        "#[cfg(k)] x.act(x.b()?);",
        "#[cfg(k)] act(x.b()?)?;",
        "#[cfg(k)] while x.b()? > 1 {}",
        "#[cfg(k)] unsafe { let b = x.b()?; }",
        "#[cfg(k)] act(x.b()?).await;",
        "#[cfg(k)] (x.b()?);",
        "#[cfg(k)] (x.b()?, 1);",
        "#[cfg(k)] [x.b()?, 1];",
        "#[cfg(k)] &x.b()?;",
        "#[cfg(k)] !x.b()?;",
        "#[cfg(k)] x.b()?.f;",
        "#[cfg(k)] x.b()?[0];",
        "#[cfg(k)] Row { b: x.b()? };",
    ] {
        let body = format!("let mut n = 0; let a = x.a()?; {statement} Ok(a)");
        check_one(SIGNATURE, &body, "a", "a!");
    }
    check(
        r#"
        loop { let a = x.a()?; #[cfg(k)] break x.b()?; } Ok(1) // a: a!
        let a = x.a()?; #[allow(unused)] let b = x.b()?; Ok(a + b) // a: a! b
        # Nor what follows from it.
        let a = x.a()?; #[cfg(k)] let b = 1; let d = x.d(b)?; Ok(a) // a: a!
    "#,
    );
}

/// A method that stands as a statement may change what its receiver begins
/// with: no address follows from that behind it.
#[test]
fn the_root_of_a_receiver() {
    for receiver in [
        "t",
        "t.f",
        "t.f.g",
        "t[0]",
        "(t)",
        "t.borrow()",
        "(&t)",
        "(*t)",
        "@(t)",
        "@(t).f",
        "t.f.borrow()",
    ] {
        let body = format!(
            "let t = Cell::new(0); let a = x.a()?; {receiver}.set(a); let d = x.d(t.get())?; let b = x.b()?; Ok(b)"
        );
        check_one(SIGNATURE, &body, "a", "a! b");
    }
    check(
        r#"
        let t = Cell::new(0); let a = x.a()?; t.c()?.set(a); let d = x.d(t.get())?; Ok(x.b()?) // a: a! c b
        let t = Cell::new(0); let a = x.a()?; t.c().await?.set(a); let d = x.d(t.get())?; Ok(x.b()?) // a: a! c b
        let a = x.a()?; COUNT.set(a); let d = x.d(COUNT.get())?; Ok(x.b()?) // a: a! b
        let a = x.a()?; crate::COUNT.set(a); let d = x.d(COUNT.get())?; Ok(x.b()?) // a: a! b
        let a = x.a()?; COUNT = a; let d = x.d(COUNT)?; Ok(x.b()?) // a: a! b
        let a = x.a()?; COUNT += a; let d = x.d(COUNT)?; Ok(x.b()?) // a: a! b
        let a = x.a()?; OTHER.set(a); let d = x.d(COUNT)?; Ok(x.b()?) // a: a! d(COUNT) b
    "#,
    );
    check_in(
        "fn f(&self, x: &X)",
        r#"
        let a = x.a()?; self.count.set(a); let d = x.d(self.count.get())?; Ok(x.b()?) // a: a! b
        let a = x.a()?; self.count.set(a); let d = x.d(self.other.get())?; Ok(x.b()?) // a: a! d(0) b
        let a = x.a()?; self.0.set(a); let d = x.d(self.0.get())?; Ok(x.b()?) // a: a! b
        let a = x.a()?; self.set(a); let d = x.d(self.1.get())?; Ok(x.b()?) // a: a! b
    "#,
    );
}

/// The heads of statements ask, also of those that a doomed run comes upon.
#[test]
fn heads() {
    check(
        r#"
        let a = x.a()?; if x.b()? { let c = x.c()?; } Ok(a) // a: a! b c
        let a = x.a()?; if x.b()? > 1 { let c = x.c()?; } else { let e = x.e()?; } Ok(a) // a: a! b e
        let a = x.a()?; if x.b()? > 1 {} else if x.c()? { let e = x.e()?; } Ok(a) // a: a! b c e
        let a = x.a()?; if a > 1 { act(1); } else if x.c()? { act(2); } Ok(a) // a: a!
        let a = x.a()?; (if x.b()? { let c = x.c()?; }); Ok(a) // a: a! b c
        let a = x.a()?; (if x.b()? { let c = x.c()?; }).await; Ok(a) // a: a! b c
        let a = x.a()?; @(if x.b()? { let c = x.c()?; y.act() } else { y.act() })?; Ok(a) // a: a! b c
        let a = x.a()?; match x.b()? { 1 => { let c = x.c()?; } _ => {} } Ok(a) // a: a! b c
        let a = x.a()?; match x.b()? { n if x.c()? > 1 => {} n => { let d = x.d(n)?; } } Ok(a) // a: a! b c d(b)
        let a = x.a()?; for k in x.k()? { let c = k.c()?; } Ok(a) // a: a! k k.0.c k.1.c
        let a = x.a()?; while x.b()? { let c = x.c()?; if c { break; } } Ok(a) // a: a! b c
        let a = x.a()?; loop { let c = x.c()?; if c { break; } } Ok(a) // a: a! c
        let a = x.a()?; { let c = x.c()?; } Ok(a) // a: a! c
        let a = x.a()?; 'l: { let c = x.c()?; if c { break 'l; } let b = x.b()?; } Ok(a) // a: a! c
        let a = x.a()?; if let 1 = x.b()? { let c = x.c()?; } Ok(a) // a: a! b c
        let a = x.a()?; if let Some(b) = x.b()? && x.c()? { let e = b.e()?; } Ok(a) // a: a! b c b.e
        let a = x.a()?; while let Some(b) = x.b()? { let e = b.e()?; break; } Ok(a) // a: a! b b.e
    "#,
    );
}

/// Patterns: their names become missing together.
#[test]
fn patterns() {
    for pattern in [
        "(p, q)",
        "(mut p, q)",
        "Row { p, q }",
        "Row { p, q: q }",
        "ref p",
        "mut p",
        "p: u8",
        "(p, _)",
        "Row { p, .. }",
        "((p), q)",
        "Some(p)",
        "&p",
    ] {
        let body =
            format!("let {pattern} = x.a()?; let b = x.b()?; act(1); let d = x.d(p)?; Ok(b)");
        check_one(SIGNATURE, &body, "a", "a! b");
        let body = format!(
            "let c = x.c()?; act(1); let {pattern} = x.a()?; let b = x.b()?; let d = y.d(p)?; Ok(b)"
        );
        check_one(SIGNATURE, &body, "c a", "c! a! b");
    }
    check(
        r#"
        let _ = x.a()?; let b = x.b()?; act(1); Ok(b) // a: a! b
        let c = x.c()?; act(1); let _ = x.a()?; let b = x.b()?; Ok(b) // c a: c! a! b
        let Some(p) = x.a()? else { return Ok(x.c()?); }; let b = x.b()?; Ok(b) // a: a!
        let Some(p) = x.a()? else { act(0); panic!(); }; let b = x.b()?; Ok(b) // a: a!
        let c = x.c()?; act(1); let Some(p) = x.a()? else { return Ok(1); }; let d = x.d(p)?; Ok(d) // c: c! a d(a)
    "#,
    );
}

/// What links a variable with another: a reference, a closure, another name.
/// What acts through the one makes the other missing.
#[test]
fn links_between_variables() {
    for (link, act) in [
        ("let r = &mut t;", "*r = a;"),
        ("let r = (&mut t, 1);", "act(r);"),
        ("let r = [&mut t];", "act(r);"),
        ("let r = Row { f: &mut t };", "act(r);"),
        ("let r = Some(&mut t);", "act(r);"),
        ("let r = Sink::new(&mut t);", "act(r);"),
        ("let r = t.by_ref();", "act(r);"),
        ("let r = t.as_mut();", "act(r);"),
        ("let q = &mut t; let r = q;", "act(r);"),
        ("let q = &mut t; let r = (q);", "act(r);"),
        ("let q = &mut t; let r = @(q);", "act(r);"),
        ("let q = Some(&mut t); let r = q?;", "act(r);"),
        ("let q = &mut t; let r = (1, q);", "act(r);"),
        ("let q = &mut t; let r = [q];", "act(r);"),
        ("let q = &mut t; let r = Row { f: q };", "act(r);"),
        ("let q = &mut t; let r = Some(q);", "act(r);"),
        ("let q = &mut t; let r = Sink::new(q);", "act(r);"),
        ("let q = &mut t; let mut r = d(q);", "act(r);"),
        ("let q = &mut t; let r = if 1 { q } else { 1 };", "act(r);"),
        ("let q = &mut t; let r = if 1 { 1 } else { q };", "act(r);"),
        ("let q = &mut t; let r = match 1 { _ => q };", "act(r);"),
        ("let q = &mut t; let r = { q };", "act(r);"),
        ("let q = (&mut t, 1); let r = q.0;", "act(r);"),
        ("let q = [&mut t]; let r = q[0];", "act(r);"),
        ("let ref mut r = t;", "act(r);"),
        ("let (ref mut r, _) = (t, 1);", "act(r);"),
        ("let mut r = |v| t = v;", "r(a);"),
        ("let mut r = Sink::new(|v| t = v);", "act(r);"),
    ] {
        let body = format!(
            "let mut t = 0; {link} let a = x.a()?; {act} let e = x.e(t)?; let b = x.b()?; Ok(b)"
        );
        let function = Function::new(SIGNATURE, &body);
        let events = function.events(&memory("a"));
        assert!(events.ends_with("a! b"), "{body}: {events}");
    }
    // In a branch.
    for branch in [
        "if let Some(ref mut r) = t { act(r, a); }",
        "match t { Some(ref mut r) => { act(r, a); } _ => {} }",
        "for r in t.iter_mut() { act(r, a); }",
        "for r in &mut t { act(r, a); }",
        "while let Some(ref mut r) = t { act(r, a); break; }",
    ] {
        let body = format!(
            "let mut t = Some(1); let a = x.a()?; {branch} let e = x.e(t)?; let b = x.b()?; Ok(b)"
        );
        let function = Function::new(SIGNATURE, &body);
        assert_eq!(function.events(&memory("a")), "a! b", "{body}");
    }
}

/// What sees a variable is missing with it.
#[test]
fn views_of_variables() {
    for view in [
        "let r = &t;",
        "let r = (&t, 1);",
        "let r = t.borrow();",
        "let r = t.as_ref();",
        "let r = t.clone();",
        "let q = &t; let r = &q;",
        "let r = || t.get();",
        "let r = Rc::new(&t);",
    ] {
        let body = format!(
            "let t = Cell::new(0); {view} let a = x.a()?; t.set(a); let e = x.e(r)?; let b = x.b()?; Ok(b)"
        );
        let function = Function::new(SIGNATURE, &body);
        assert_eq!(function.events(&memory("a")), "a! b", "{body}");
    }
    check(
        r#"
        # What changes through a view changes what it sees.
        let t = Cell::new(0); let r = &t; let a = x.a()?; r.set(a); let e = x.e(t.get())?; Ok(x.b()?) // a: a! b
        let t = Cell::new(0); let r = &t; let q = &r; let a = x.a()?; q.set(a); let e = x.e(t.get())?; Ok(x.b()?) // a: a! b
        let t = Cell::new(0); let a = x.a()?; act(&t); let e = x.e(t.get())?; Ok(a + x.b()?) // a: a! b
        let t = 0; let r = &t; let a = x.a()?; act(r); let e = x.e(t)?; Ok(a + x.b()?) // a: a! e(0) b
        # A closure that is called at once keeps nothing.
        let mut t = 0; let n = [1].map(|v| v + t).count(); let a = x.a()?; act(n); let e = x.e(t)?; Ok(a) // a: a! e(0)
    "#,
    );
}

/// What outlives the function: no doomed run may change it, also where it asks.
#[test]
fn effects_in_initializers() {
    let signature = "fn f(&mut self, x: &X, y: &X, vmi: &Vmi, list: &mut Vec<u8>, callback: &mut impl FnMut(u8))";
    for effect in [
        "list.c(x.b()?)?",
        "list.iter().c(x.b()?)?",
        "c(list, x.b()?)?",
        "c(&mut *list, x.b()?)?",
        "x.c(list, x.b()?)?",
        "x.c(&mut list[0], x.b()?)?",
        "self.c(x.b()?)?",
        "c(&mut self.count, x.b()?)?",
        "vmi.pause(x.b()?)?",
        "vmi.resume(x.b()?)?",
        "(x.b()?, { self.count = 1; 1 })",
        "(x.b()?, { self.count += 1; 1 })",
        "(x.b()?, unsafe { 1 })",
        "(x.b()?, [1].map(|i| { list.push(i); i }).count())",
        "(x.b()?, { for i in list { } 1 })",
        "(x.b()?, if 1 { println!(); 1 } else { 1 })",
        "(x.b()?, dbg!(1))",
        "(x.b()?, write!(list, 1))",
        "(x.b()?, vec![{ act(1); 1 }])",
    ] {
        let body = format!("let a = x.a()?; act(1); let c = {effect}; let e = x.e()?; Ok(a)");
        let function = Function::new(signature, &body);
        assert_eq!(function.events(&memory("a")), "a! b e", "{body}");
    }
    for harmless in [
        "y.c(x.b()?)?",
        "(x.b()?, [1].map(|i| { let mut n = 0; n += i; n }).count())",
        "(x.b()?, format!(1))",
        "(x.b()?, vec![{ 1 }])",
    ] {
        let body =
            format!("let a = x.a()?; act(1); let g = ({harmless}, x.c()?); let e = x.e()?; Ok(a)");
        let function = Function::new(signature, &body);
        let events = function.events(&memory("a"));
        assert!(events.ends_with(" c e"), "{body}: {events}");
    }
}

/// Which arguments of a macro are evaluated in any case.
#[test]
fn arguments_of_macros() {
    for (call, asked) in [
        ("assert!(x.b()?, 1, x.c()?)", "b"),
        ("ensure!(x.b()?, 1, x.c()?)", "b"),
        ("assert_eq!(x.b()?, x.c()?, x.e()?)", "b c"),
        ("assert_ne!(x.b()?, x.c()?, x.e()?)", "b c"),
        ("matches!(x.b()?, 1 if x.c()? > 1)", "b"),
        ("format!(1, x.b()?, x.c()?)", "b c"),
        ("vec![x.b()?, x.c()?]", "b c"),
        ("m!(x.b()?, x.c()?)", ""),
        ("debug!(1, x.b()?)", ""),
        ("stringify!(x.b()?)", ""),
    ] {
        // As an operand behind one that misses, and as an act.
        for body in [
            format!("let g = (x.a()?, {call}); Ok(g)"),
            format!("let a = x.a()?; {call}; Ok(a)"),
        ] {
            let function = Function::new(SIGNATURE, &body);
            let events = function.events(&memory("a"));
            assert_eq!(events, format!("a! {asked}").trim_end(), "{body}");
        }
    }
}

/// Macros that neither leave nor panic end no search.
#[test]
fn macros_that_leave() {
    for (name, leaves) in [
        ("println", false),
        ("format", false),
        ("trace", false),
        ("anyhow", false),
        ("panic", true),
        ("todo", true),
        ("bail", true),
        ("ensure", true),
        ("assert", true),
        ("m", true),
        ("settle", true),
        ("unprobed", false),
    ] {
        let body = format!("let a = x.a()?; {name}!(a); let b = x.b()?; Ok(b)");
        let function = Function::new(SIGNATURE, &body);
        let asked = if leaves { "a!" } else { "a! b" };
        assert_eq!(function.events(&memory("a")), asked, "{body}");
    }
}

/// What a call only writes to may be missing.
#[test]
fn outputs() {
    check(
        r#"
        let mut t = [0]; let a = x.a()?; vmi.read(a, &mut t)?; vmi.read(2, &mut t)?; Ok(t) // a: a! read(2)
        let mut t = [0]; let a = x.a()?; vmi.read(a, &mut t)?; vmi.read(2, &mut t[0..1])?; Ok(t) // a: a! read(2)
        let mut t = [0]; let a = x.a()?; vmi.read(2, &mut t[0..a])?; Ok(t) // a: a!
        let mut t = [0]; let a = x.a()?; vmi.read(a, &mut t)?; x.d(2, &mut t)?; Ok(t) // a: a!
        let mut t = [0]; let a = x.a()?; vmi.read(a, &mut t)?; let e = x.e(t)?; Ok(t) // a: a!
        let mut t = [0]; vmi.read(1, &mut t)?; vmi.read(2, &mut t)?; Ok(t) // read(1): read(1)! read(2)
    "#,
    );
    for (list, fills) in [
        ("let mut t = Vec::new();", true),
        ("let mut t = vec![];", true),
        ("let mut t: Vec<u8> = d();", true),
        ("let mut t = d();", false),
        ("let mut t: u8 = d();", false),
    ] {
        for (call, whole) in [
            ("inner(&mut t, suppressed)?;", true),
            ("inner(&mut *t, suppressed)?;", true),
            ("y.inner(&mut t, suppressed)?;", true),
            ("y.inner(&mut t.f, suppressed)?;", false),
            ("y.inner(t.len(), suppressed)?;", false),
        ] {
            let body = format!("{list} let a = x.a()?; t.push(a); {call} let b = x.b()?; Ok(b)");
            let function = Function::new(SIGNATURE, &body);
            let events = function.events(&memory("a"));
            assert_eq!(events.contains("inner"), fills && whole, "{body}: {events}");
        }
    }
    check(
        r#"
        let mut t = Vec::new(); let r = &mut t; let a = x.a()?; r.push(a); inner(r, suppressed)?; Ok(1) // a: a! inner
        let mut t = 0; let r = &mut t; let a = x.a()?; *r += a; inner(r, suppressed)?; Ok(1) // a: a!
    "#,
    );
    check_in(
        "fn f(x: &X, t: &mut Vec<u8>)",
        r#"
        let a = x.a()?; t.push(a); inner(t, suppressed)?; Ok(x.b()?) // a: a! inner b
        let a = x.a()?; t.push(a); let e = x.e(t.len())?; Ok(x.b()?) // a: a! b
    "#,
    );
    for ty in [
        "&mut impl Write",
        "&mut Formatter<'_>",
        "&mut dyn Write",
        "&mut (dyn Write + Send)",
    ] {
        let signature = format!("fn f(x: &X, t: {ty})");
        check_in(
            &signature,
            r#"
        # Nothing can be read from it.
        let a = x.a()?; t.act(a); let e = x.e(&t)?; Ok(x.b()?) // a: a! e b
    "#,
        );
    }
    for ty in ["&mut (impl Write + Read)", "&mut X", "&mut dyn Read"] {
        let signature = format!("fn f(x: &X, t: {ty})");
        let function = Function::new(
            &signature,
            "let a = x.a()?; t.act(a); let e = x.e(&t)?; Ok(x.b()?)",
        );
        assert_eq!(function.events(&memory("a")), "a! b", "{ty}");
    }
}

/// A name that a branch binds anew is another variable.
#[test]
fn shadowed_names() {
    check(
        r#"
        let a = x.a()?; match x.b()? { a => { let d = x.d(a)?; } } Ok(a) // a: a! b d(b)
        let a = x.a()?; for a in x.k()? { let d = x.d(a)?; } Ok(a) // a: a! k d(k.0) d(k.1)
        let a = x.a()?; let a = x.b()?; let d = x.d(a)?; Ok(d) // b: a b!
        let a = x.a()?; let c = x.c()?; let a = x.b()?; let d = x.d(a)?; Ok(d) // c: a c! b d(b)
        let a = x.a()?; if x.b()? { let d = x.d(a)?; } Ok(a) // a: a! b
    "#,
    );
}

/// Items that the body takes apart, or of which it drops the errors.
#[test]
fn items_taken_apart() {
    for (body, dooms) in [
        ("match i { Ok(i) => {} Err(_) => {} }", true),
        ("match (i, 1) { (Ok(i), _) => {} _ => {} }", true),
        ("match &i { Ok(i) => {} Err(_) => {} }", true),
        ("match (i) { Ok(i) => {} Err(_) => {} }", true),
        ("if let Ok(i) = i {}", true),
        ("let Ok(i) = i else { continue };", true),
        ("let g = i.ok();", true),
        ("let g = matches!(i, Ok(_));", true),
        ("println!(\"\", i.ok());", true),
        ("let g = i;", false),
        ("match i { g => {} }", false),
        ("match 1 { Ok(i) => {} _ => {} }", false),
        ("let g = 1;", false),
    ] {
        let body = format!("let c = x.c()?; for i in items() {{ {body} }} act(1); Ok(c)");
        let function = Function::new(SIGNATURE, &body);
        let events = function.events(&memory("i1"));
        assert_eq!(events.contains("[act(1)]"), !dooms, "{body}: {events}");
    }
    for (items, dooms) in [
        ("items().flatten()", true),
        ("(items().flatten())", true),
        ("items().flatten().enumerate()", true),
        ("items().filter_map(Result::ok)", true),
        ("items().flat_map(Result::ok)", true),
        ("items().map_while(Result::ok)", true),
        ("items().enumerate()", false),
        ("items().map(Result::ok)", false),
    ] {
        let body = format!("let c = x.c()?; for i in {items} {{}} act(1); Ok(c)");
        let function = Function::new(SIGNATURE, &body);
        let events = function.events(&memory("i1"));
        assert_eq!(events.contains("[act(1)]"), !dooms, "{body}: {events}");
    }
}
