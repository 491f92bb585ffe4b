//! The model of `retry`: a pager that serves a whole batch, refuses what
//! nothing backs, and loses every so-manyth request.

use std::collections::HashMap;

use crate::{
    interpreter::{Carrier, Failure, Outcome, call},
    memory::{Fault, page_of},
    program::{Op, REGISTERS},
    world::{Suppressed, World},
};

/// How often in a row a page is handed over before it is suppressed.
pub(crate) const HAND_OVERS: u32 = 3;

/// How often in all.
const HAND_OVERS_IN_ALL: u32 = 64;

/// What happened.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Trace {
    pub(crate) outcome: Outcome,
    /// What the pager was handed.
    pub(crate) batches: Vec<Vec<Fault>>,
    pub(crate) runs: usize,
}

pub(crate) fn retry(
    world: &mut World,
    suppressed: &mut Suppressed,
    carrier: Carrier,
    program: &[Op],
    lose_every: u64,
) -> Trace {
    let mut batches = Vec::new();
    // Since a batch last did without the page, and in all.
    let mut handed_over = HashMap::<Fault, [u32; 2]>::new();
    let (mut requests, mut runs) = (0, 0);
    let outcome = loop {
        runs += 1;
        let mut batch = match call(world, suppressed, carrier, program, [None; REGISTERS]) {
            Err(Failure::Faults(faults)) => faults,
            outcome => break outcome,
        };
        for (page, [in_a_row, _]) in &mut handed_over {
            if !batch.iter().any(|fault| page_of(*fault) == *page) {
                *in_a_row = 0;
            }
        }
        batch.retain(|fault| {
            let times = handed_over.entry(page_of(*fault)).or_default();
            *times = times.map(|times| times + 1);
            let again = times[0] <= HAND_OVERS && times[1] <= HAND_OVERS_IN_ALL;
            if !again {
                suppressed.insert(*fault);
            }
            again
        });
        if batch.is_empty() {
            continue;
        }
        for fault in &batch {
            requests += 1;
            let lost = lose_every != 0 && requests % lose_every == 0;
            if !lost && !world.memory.page_in(*fault) {
                suppressed.insert(*fault);
            }
        }
        batches.push(batch);
    };
    Trace {
        outcome,
        batches,
        runs,
    }
}
