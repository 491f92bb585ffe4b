//! What holds of a function and of the same with `#[probed]`, in every state
//! of memory: same values, effects and drops, never more runs, no page that
//! nothing backs or that follows from what was not read.

#![allow(
    clippy::all,
    clippy::pedantic,
    unused,
    reason = "generated functions, of all shapes"
)]

use std::{cell::Cell, collections::HashSet};

use prober::{ProbeError, SuppressedPages, probed};
use prober_unchanged::{Object, PAGES, Program, Record, Row, World, fault, page};
use vmi_core::VmiError;

fn nested_plain(
    w: &World,
    object: &Object<'_>,
    field: u64,
    suppressed: &SuppressedPages,
) -> prober::Result<u64> {
    let _ = suppressed;
    let a = object.num(field)?;
    let b = object.num(field + 1)?;
    w.act("nested", a);
    let c = object.obj(a % 4)?.num(2)?;
    w.act("nested again", c);
    Ok(a ^ b ^ c)
}

#[probed]
fn nested_probed(w: &World, object: &Object<'_>, field: u64) -> prober::Result<u64> {
    let a = object.num(field)?;
    let b = object.num(field + 1)?;
    w.act("nested", a);
    let c = object.obj(a % 4)?.num(2)?;
    w.act("nested again", c);
    Ok(a ^ b ^ c)
}

include!(concat!(env!("OUT_DIR"), "/programs.rs"));

/// How many states of memory each program is run in.
const STATES: usize = 70;

struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(0x5851_f42d_4c95_7f2d)
            .wrapping_add(0x1405_7b7e_f767_814f);
        (self.0 >> 33) as usize % end
    }
}

/// What a run came to.
struct Run {
    result: prober::Result<u64>,
    out: Vec<u64>,
    record: Record,
}

fn run(program: Program, missing: &HashSet<u64>, suppressed: &SuppressedPages) -> Run {
    let world = World::without(missing);
    let mut out = Vec::new();
    let result = program(&world, &Object::root(&world), &mut out, suppressed);
    let record = world.record();
    Run {
        result,
        out,
        record,
    }
}

fn text(result: &prober::Result<u64>) -> String {
    match result {
        Ok(value) => format!("Ok({value})"),
        Err(error) => format!("Err({error})"),
    }
}

fn batch(result: &prober::Result<u64>) -> Vec<u64> {
    match result {
        Err(ProbeError::PageFaults(faults)) => faults.iter().map(page).collect(),
        _ => Vec::new(),
    }
}

/// Checks one state; gives what fails.
fn check(
    (_, strict, plain, probed, _): &(usize, bool, Program, Program, &str),
    missing: &HashSet<u64>,
    suppressed: &HashSet<u64>,
    resident: &Record,
) -> Result<(), String> {
    let mut set = SuppressedPages::new();
    set.extend(suppressed.iter().map(|page| fault(*page)));
    let p = run(*plain, missing, &set);
    let a = run(*probed, missing, &set);
    let fail = |what: &str| {
        Err(format!(
            "{what}\nplain:  {} {:?}\n        {:?}\nprobed: {} {:?} {:?}\n        {:?}",
            text(&p.result),
            p.out,
            p.record,
            text(&a.result),
            batch(&a.result),
            a.out,
            a.record
        ))
    };
    let first = p
        .record
        .faults
        .iter()
        .find(|page| !suppressed.contains(page));
    let effects = &a.record.effects;
    if !p.record.effects.starts_with(effects) {
        return fail("an effect that the plain function does not have");
    }
    if !p.out.starts_with(&a.out) {
        return fail("an effect on a parameter that the plain function does not have");
    }
    let batch = batch(&a.result);
    if batch.iter().any(|page| suppressed.contains(page)) {
        return fail("a suppressed page in the batch");
    }
    if batch.iter().any(|page| !missing.contains(page)) {
        return fail("a resident page in the batch");
    }
    if *strict && batch.iter().any(|page| !resident.asked.contains(page)) {
        return fail("a page in the batch that a resident run does not ask for");
    }
    match first {
        Some(first) => {
            if batch.first() != Some(first) {
                return fail("the batch does not begin with the first fault");
            }
            Ok(())
        }
        None => {
            if !batch.is_empty() {
                return fail("a batch where the plain function meets no fault");
            }
            if a.out != p.out
                || a.record.effects != p.record.effects
                || a.record.drops != p.record.drops
            {
                return fail("other effects or drops");
            }
            match (&p.result, &a.result) {
                (Ok(p), Ok(a)) if p == a => Ok(()),
                (
                    Err(ProbeError::Vmi(VmiError::Translation(_))),
                    Err(ProbeError::Unavailable(_)),
                ) => Ok(()),
                (Err(ProbeError::PageFaults(_)), Err(ProbeError::Unavailable(_))) => Ok(()),
                (Err(p), Err(a)) if p.to_string() == a.to_string() => Ok(()),
                _ => fail("another result"),
            }
        }
    }
}

/// Runs until there is a result, bringing in what is asked for; gives how many
/// runs that took.
fn rounds(program: Program, missing: &HashSet<u64>, mut part: impl FnMut(usize) -> usize) -> usize {
    let mut missing = missing.clone();
    let suppressed = SuppressedPages::new();
    for round in 1..2000 {
        let run = run(program, &missing, &suppressed);
        let mut pages = batch(&run.result);
        if let Err(ProbeError::Vmi(VmiError::Translation(fault))) = &run.result {
            pages.push(page(fault));
        }
        let pending = run.record.faults.first().filter(|_| pages.is_empty());
        if let Some(page) = pending {
            // Taken apart, and gone on without: as a tool would never know.
            let _ = page;
        }
        if pages.is_empty() {
            return round;
        }
        let count = part(pages.len()).max(1);
        for page in &pages[..count] {
            assert!(missing.remove(page), "a page that is resident is asked for");
        }
    }
    panic!("never ends");
}

#[test]
fn holds_in_every_state() {
    let mut random = Random(0x57a7_e5);
    let mut states = 0;
    let mut runs = [0; 2];
    let mut failures = Vec::new();
    let only = std::env::var("UNCHANGED_PROGRAM").ok();
    for program in PROGRAMS {
        let (number, _, plain, probed, body) = program;
        if only
            .as_ref()
            .is_some_and(|only| *only != number.to_string())
        {
            continue;
        }
        let resident = run(*plain, &HashSet::new(), &SuppressedPages::new()).record;
        let mut pages = resident.asked.clone();
        pages.sort_unstable();
        pages.dedup();
        for state in 0..STATES {
            states += 1;
            let odds = 1 + random.below(6);
            let mut missing: HashSet<u64> = if state == 0 {
                (0..PAGES).collect()
            } else {
                (0..PAGES).filter(|_| random.below(6) < odds).collect()
            };
            if state % 3 == 1 {
                // Few pages of those that a resident run asks for.
                missing = pages
                    .iter()
                    .copied()
                    .filter(|_| random.below(4) == 0)
                    .collect();
            }
            let suppressed: HashSet<u64> = if state % 2 == 0 {
                HashSet::new()
            } else {
                missing
                    .iter()
                    .copied()
                    .filter(|_| random.below(5) == 0)
                    .collect()
            };
            if let Err(failure) = check(program, &missing, &suppressed, &resident) {
                failures.push(format!("program {number}:\n{body}\n{failure}\n"));
                break;
            }
            let plain_runs = rounds(*plain, &missing, |_| 1);
            let probed_runs = rounds(*probed, &missing, |all| all);
            runs[0] += plain_runs;
            runs[1] += probed_runs;
            // Where a fault is taken apart, the plain function never asks for
            // its page: it is no match.
            let takes = [
                "unwrap_or(",
                "unwrap_or_default",
                ".ok()",
                "is_ok",
                "match",
                "if let Ok",
            ];
            let matches = takes.iter().all(|word| {
                !body.replace("?.unwrap_or(", "").contains(word)
                    || *word == "match" && !body.contains("Err(_)")
            });
            if matches && probed_runs > plain_runs {
                failures.push(format!(
                    "program {number}: {probed_runs} runs, plain {plain_runs}\n{body}"
                ));
                break;
            }
            rounds(*probed, &missing, |all| 1 + random.below(all));
        }
    }
    println!(
        "{} programs, {states} states, runs: plain {}, probed {}",
        PROGRAMS.len(),
        runs[0],
        runs[1]
    );
    failures.sort_by_key(String::len);
    for failure in failures.iter().take(3) {
        eprintln!("{failure}\n----");
    }
    assert!(failures.is_empty(), "{} programs fail", failures.len());
}
