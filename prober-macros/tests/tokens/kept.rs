//! `#[probed]` on small bodies, which the machine runs.

#![allow(
    clippy::needless_raw_string_hashes,
    reason = "any of them may hold a text"
)]

mod asked;
mod cells;
mod closures;
mod in_macros;
mod moved;
mod names;
mod next_items;
mod own_macros;
mod renewed;
mod risks;
mod taken;
mod written;

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

/// A body in a state of memory, and what is said of it.
#[derive(Clone)]
struct Case {
    signature: String,
    body: String,
    missing: String,
    said: Said,
}

/// What a body asks and does.
#[derive(Debug, Clone)]
enum Said {
    /// This, and what is promised holds in all states of memory.
    Holds(String),
    Is(String),
    EndsWith(&'static str),
    Has(&'static str, bool),
}

impl Case {
    #[track_caller]
    fn check(&self) {
        let Self {
            signature,
            body,
            missing,
            said,
        } = self;
        let function = Function::new(signature, body);
        let events = function.events(&memory(missing));
        let is_right = match said {
            Said::Holds(said) | Said::Is(said) => events == said.trim(),
            Said::EndsWith(said) => events.ends_with(said),
            Said::Has(said, is) => events.contains(said) == *is,
        };
        assert!(
            is_right,
            "{body}\n    {missing}: {events}\n    not {said:?}"
        );
        if let Said::Holds(_) = said {
            function.holds();
        }
    }
}

#[track_caller]
fn case(signature: &str, body: &str, missing: &str, said: Said) {
    let [signature, body, missing] = [signature, body, missing].map(str::to_owned);
    Case {
        signature,
        body,
        missing,
        said,
    }
    .check();
}

/// Bodies, the pages that are not there, and what is asked and done then:
/// `BODY // PAGES: EVENTS`. In all states of memory what is promised holds.
#[track_caller]
fn check(cases: &str) {
    check_in(SIGNATURE, cases);
}

#[track_caller]
fn check_in(signature: &str, cases: &str) {
    for line in cases.lines().map(str::trim) {
        if line.is_empty() || line.starts_with("# ") {
            continue;
        }
        let (body, said) = line
            .rsplit_once("//")
            .expect("a body, and what is said of it");
        let (missing, events) = said.split_once(':').expect("pages, and events");
        check_one(signature, body, missing, events.trim());
    }
}

#[track_caller]
fn check_one(signature: &str, body: &str, missing: &str, events: &str) {
    // Also where the run cannot be doomed by the caller any more.
    for (before, done) in [("", ""), ("act(0);", "[act(0)] ")] {
        let said = Said::Holds(format!("{done}{events}"));
        case(signature, &format!("{before} {body}"), missing, said);
    }
}
