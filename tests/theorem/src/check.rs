use std::{
    collections::{HashMap, HashSet},
    fmt,
    hash::Hash,
};

use crate::{Event, Outcome, Program, State, page_of, run::Run};

/// A promise that was not kept.
#[derive(Debug)]
pub struct Broken {
    /// Which one.
    pub promise: &'static str,
    plain: Run,
    probed: Run,
    /// The plain run with everything there.
    resident: Run,
    /// Pages that are out and were asked for, and as what.
    out: Vec<(u64, Event, bool)>,
}

impl Broken {
    fn new(promise: &'static str, [plain, probed, resident]: [Run; 3], state: &State) -> Self {
        let mut seen = HashSet::new();
        let mut out = Vec::new();
        for event in plain.asks().chain(probed.asks()) {
            if let Some(page) = asked(event)
                && state.is_out(page)
                && seen.insert(page)
            {
                out.push((page, event, state.is_suppressed(page)));
            }
        }
        Self {
            promise,
            plain,
            probed,
            resident,
            out,
        }
    }

    /// The pages that a program asks for, resident and as it is.
    pub(crate) fn asked_by(program: &Program, state: &State) -> Vec<u64> {
        let [resident, other] =
            [&State::resident(), state].map(|state| Run::of(program.plain, state));
        resident
            .asks()
            .chain(other.asks())
            .filter_map(asked)
            .collect()
    }

    /// The pages that it takes.
    #[must_use]
    pub fn pages(&self) -> HashSet<u64> {
        self.out.iter().map(|(page, ..)| *page).collect()
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |page: &u64| match self.out.iter().find(|(other, ..)| other == page) {
            Some((_, event, _)) => event.to_string(),
            None => format!("page {page:#x}"),
        };
        writeln!(f, "{}", self.promise)?;
        write!(f, "  pages that are out:")?;
        for (_, event, suppressed) in &self.out {
            let suppressed = if *suppressed { " (suppressed)" } else { "" };
            write!(f, " {event}{suppressed}")?;
        }
        writeln!(f)?;
        for (form, run) in [
            ("resident", &self.resident),
            ("plain", &self.plain),
            ("probed", &self.probed),
        ] {
            write!(f, "  {form}: ")?;
            match &run.outcome {
                Outcome::Faults(pages) => {
                    let names: Vec<String> = pages.iter().map(name).collect();
                    writeln!(f, "faults [{}]", names.join(", "))?;
                }
                other => writeln!(f, "{other:?}")?,
            }
            let events = run.events.iter().take(60);
            let events: Vec<String> = events.map(Event::to_string).collect();
            writeln!(f, "    {}", events.join(" "))?;
            writeln!(f, "    {:?}", run.outs)?;
        }
        Ok(())
    }
}

/// Checks what must hold in one state of memory. Returns the batch of the probed run.
///
/// # Errors
///
/// The promise that is broken.
pub fn check(program: &Program, state: &State) -> Result<Vec<u64>, Box<Broken>> {
    let plain = Run::of(program.plain, state);
    let probed = Run::of(program.probed, state);
    let resident = Run::of(program.plain, &State::resident());
    match promise(program, state, &plain, &probed, &resident) {
        Ok(()) => Ok(batch(&probed).to_vec()),
        Err(promise) => {
            let runs = [plain, probed, resident];
            Err(Box::new(Broken::new(promise, runs, state)))
        }
    }
}

/// The first page that the plain run misses and may ask for.
pub(crate) fn first_fault(program: &Program, state: &State) -> Option<u64> {
    let plain = Run::of(program.plain, state);
    let mut faults = plain.faults.iter();
    let first = faults.find(|(page, ..)| !state.is_suppressed(*page));
    first.map(|(page, ..)| *page)
}

fn promise(
    program: &Program,
    state: &State,
    plain: &Run,
    probed: &Run,
    resident: &Run,
) -> Result<(), &'static str> {
    let ensure = |holds: bool, promise| if holds { Ok(()) } else { Err(promise) };
    ensure(
        !matches!(probed.outcome, Outcome::Panicked(_)),
        "no panic that the plain function does not have",
    )?;

    let pages = batch(probed);
    let mut seen = HashSet::new();
    ensure(
        pages.iter().all(|page| seen.insert(page)),
        "a page is in a batch once",
    )?;
    ensure(
        !pages.iter().any(|page| state.is_suppressed(*page)),
        "no suppressed page is in a batch",
    )?;
    ensure(
        pages.iter().all(|page| state.is_out(*page)),
        "no resident page is in a batch",
    )?;
    let made =
        |run: &Run, make: fn(&Event) -> Option<u64>| counts(run.events.iter().filter_map(make));
    ensure(
        made(probed, |event| match event {
            Event::Make(number) => Some(*number),
            _ => None,
        }) == made(probed, |event| match event {
            Event::Drop(number) => Some(*number),
            _ => None,
        }),
        "what is made is dropped",
    )?;
    let is_last = |before: usize| {
        let after = &probed.events[before..];
        !after.iter().any(|event| matches!(event, Event::Ask { .. }))
    };
    // A function that is called ends its own search, of which the caller
    // does not know.
    let calls = program.source.contains(", suppressed)");
    ensure(
        probed.faults.iter().all(|(page, before, taken)| {
            calls || *taken || !state.is_suppressed(*page) || is_last(*before)
        }),
        "a miss on a suppressed page ends the search",
    )?;
    // What is taken apart, or fails otherwise, may lead elsewhere.
    let takes_none = !probed.faults.iter().any(|(.., taken)| *taken);
    if takes_none && matches!(resident.outcome, Outcome::Value(_)) {
        let may = resident.asks().filter_map(asked).collect::<HashSet<_>>();
        ensure(
            pages.iter().all(|page| may.contains(page)),
            "no page is in a batch that a resident run does not read",
        )?;
        ensure(
            probed
                .asks()
                .filter_map(asked)
                .all(|page| may.contains(&page)),
            "nothing is asked that a resident run does not ask",
        )?;
    }

    let mut faults = plain.faults.iter();
    let first = faults.find(|(page, ..)| !state.is_suppressed(*page));
    if let Some((page, before, _)) = first {
        ensure(
            pages.first() == Some(page),
            "a batch begins with the first fault",
        )?;
        ensure(
            probed.events.get(..*before) == plain.events.get(..*before),
            "up to the first fault all that happens is the same",
        )?;
        let torn = Run::torn(program.plain, state);
        ensure(
            probed.acts() == torn.acts() && probed.outs == torn.outs,
            "the effects are those up to the first fault",
        )
    } else {
        ensure(
            pages.is_empty(),
            "no batch where the plain function meets no fault",
        )?;
        ensure(probed.outs == plain.outs, "the effects are the same")?;
        match &plain.outcome {
            Outcome::Faults(_) | Outcome::Unavailable => {
                ensure(
                    probed.outcome == Outcome::Unavailable,
                    "a suppressed page makes a function unavailable",
                )?;
                ensure(
                    probed.acts() == plain.acts() && probed.asks().eq(plain.asks()),
                    "up to a suppressed page all that happens is the same",
                )
            }
            outcome => {
                ensure(probed.outcome == *outcome, "the outcome is the same")?;
                ensure(
                    probed.events == plain.events,
                    "all that happens is the same",
                )
            }
        }
    }
}

fn batch(run: &Run) -> &[u64] {
    match &run.outcome {
        Outcome::Faults(pages) => pages,
        _ => &[],
    }
}

fn asked(event: Event) -> Option<u64> {
    match event {
        Event::Ask {
            what,
            object,
            argument,
        } => Some(page_of(what, object, argument)),
        _ => None,
    }
}

fn counts<T: Hash + Eq>(items: impl Iterator<Item = T>) -> HashMap<T, usize> {
    let mut counts = HashMap::new();
    for item in items {
        *counts.entry(item).or_default() += 1;
    }
    counts
}
