use std::{
    env,
    fmt::{self, Write as _},
};

use crate::{
    Broken, Program, State,
    check::{check, first_fault},
    state::mix,
};

/// The most runs that an operation may take.
const MOST: usize = 400;

/// How many runs the probed form takes with all pages out, where whole batches
/// come in.
///
/// # Panics
///
/// If a promise is broken.
#[must_use]
pub fn cold_runs(program: &Program) -> usize {
    let mut state = State::random(1, 8);
    for runs in 1.. {
        match check(program, &state) {
            Ok(batch) if batch.is_empty() => return runs,
            Ok(batch) => batch.into_iter().for_each(|page| state.bring_in(page)),
            Err(broken) => panic!("{}: {broken}", program.name),
        }
    }
    unreachable!("a batch brings in a page that was out")
}

/// Sums over all programs and states.
#[derive(Debug, Default)]
pub struct Tally {
    programs: usize,
    states: usize,
    plain_runs: usize,
    probed_runs: usize,
    /// What failed, the shortest program first.
    failures: Vec<(usize, String)>,
}

impl Tally {
    /// Checks a program in many states.
    pub fn explore(&mut self, program: &Program, seeds: u64) {
        self.programs += 1;
        let failure = (0..seeds).find_map(|seed| self.state(program, seed).err());
        if let Some(failure) = failure {
            let name = program.name;
            let source = program
                .source
                .split("\n\npub fn call")
                .next()
                .unwrap_or_default();
            let text = format!("{name}\n{source}\n{failure}");
            self.failures.push((source.len(), text));
        }
    }

    fn state(&mut self, program: &Program, seed: u64) -> Result<(), String> {
        let bits = mix(seed ^ program.source.len() as u64);
        let odds = match seed {
            0 => 0,
            1 => 8,
            _ => 1 + bits % 7,
        };
        let mut state = State::random(bits, odds);
        if seed % 3 == 2 {
            let all = Broken::asked_by(program, &state);
            state.suppress(
                all.into_iter()
                    .filter(|page| mix(bits ^ page ^ 1).is_multiple_of(5)),
            );
        }

        let plain = self.rounds(program, &mut state.clone(), |state, _| {
            first_fault(program, state).into_iter().collect()
        })?;
        let probed = self.rounds(program, &mut state.clone(), |_, batch| batch.to_vec())?;
        self.plain_runs += plain;
        self.probed_runs += probed;
        if probed > plain {
            return Err(format!(
                "never more runs than plain: {probed} for {plain}, seed {seed}\n{}",
                rounds_text(program, &state)
            ));
        }
        // Some pages of a batch come in, and some do not.
        let mut round = 0;
        self.rounds(program, &mut state, |_, batch| {
            round += 1;
            let keep = |page: &&u64| mix(bits ^ round ^ **page).is_multiple_of(2);
            let mut part: Vec<u64> = batch.iter().filter(keep).copied().collect();
            if part.is_empty() {
                part.extend(batch.first());
            }
            part
        })?;
        Ok(())
    }

    /// Runs until nothing is missing any more.
    fn rounds(
        &mut self,
        program: &Program,
        state: &mut State,
        mut bring_in: impl FnMut(&State, &[u64]) -> Vec<u64>,
    ) -> Result<usize, String> {
        for runs in 1..MOST {
            self.states += 1;
            let batch = check(program, state).map_err(|broken| shrunk(program, state, *broken))?;
            let pages = bring_in(state, &batch);
            if pages.is_empty() {
                return Ok(runs);
            }
            for page in pages {
                state.bring_in(page);
            }
        }
        Err(format!("ends: more than {MOST} runs"))
    }

    /// Shows the shortest programs for which a promise was broken: as many as
    /// `THEOREM_SHOW` says.
    ///
    /// # Panics
    ///
    /// If a promise was broken, or too little was checked.
    pub fn finish(mut self) {
        println!("{self}");
        self.failures.sort();
        let count = self.failures.len();
        let mut text = String::new();
        let most = env::var("THEOREM_SHOW").ok();
        let most = most.and_then(|most| most.parse().ok()).unwrap_or(8);
        for (_, failure) in self.failures.iter().take(most) {
            let _ = writeln!(text, "\n---- {failure}");
        }
        assert!(
            count == 0,
            "{count} of {} programs fail{text}",
            self.programs
        );
        assert!(self.states >= 10_000, "only {} states", self.states);
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} programs, {} states, runs: {} plain, {} probed",
            self.programs, self.states, self.plain_runs, self.probed_runs
        )
    }
}

/// The same failure with as few pages out as can be.
fn shrunk(program: &Program, state: &State, broken: Broken) -> String {
    let mut broken = broken;
    let mut state = state.narrowed(&broken.pages());
    let mut again = true;
    while again {
        again = false;
        for page in state.pages().collect::<Vec<u64>>() {
            let mut fewer = state.clone();
            fewer.bring_in(page);
            if let Err(smaller) = check(program, &fewer) {
                state = fewer.narrowed(&smaller.pages());
                broken = *smaller;
                again = true;
                break;
            }
        }
    }
    broken.to_string()
}

fn rounds_text(program: &Program, state: &State) -> String {
    let mut state = state.clone();
    let mut text = String::new();
    while let Ok(batch) = check(program, &state)
        && !batch.is_empty()
    {
        let _ = writeln!(text, "  batch: {batch:x?}");
        for page in batch {
            state.bring_in(page);
        }
    }
    text
}
