use std::panic::{self, AssertUnwindSafe};

use prober::SuppressedPages;

use crate::{Event, Outcome, Outs, State, World, world::Torn};

/// A function, and the call that gives each the same type.
pub type Call = for<'w> fn(&'w World<'w>, &mut Outs, &SuppressedPages) -> Outcome;

/// A function in its two forms.
#[derive(Debug, Clone, Copy)]
pub struct Program {
    /// Its name.
    pub name: &'static str,
    /// Its source, without the attribute.
    pub source: &'static str,
    /// As it was written.
    pub plain: Call,
    /// With the attribute.
    pub probed: Call,
}

/// What was seen of a run.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) outcome: Outcome,
    pub(crate) outs: Outs,
    pub(crate) events: Vec<Event>,
    /// Faults: their pages, the number of events before them, and whether the
    /// function takes them apart.
    pub(crate) faults: Vec<(u64, usize, bool)>,
}

impl Run {
    pub(crate) fn of(call: Call, state: &State) -> Self {
        Self::new(call, state, false)
    }

    /// A run up to its first fault that is not suppressed.
    pub(crate) fn torn(call: Call, state: &State) -> Self {
        Self::new(call, state, true)
    }

    fn new(call: Call, state: &State, tears: bool) -> Self {
        let set = state.set();
        let mut outs = Outs::default();
        let world = World::new(state, tears);
        let run = AssertUnwindSafe(|| call(&world, &mut outs, &set));
        let outcome = panic::catch_unwind(run).unwrap_or_else(|payload| {
            let text = match payload.downcast_ref::<&str>() {
                _ if payload.is::<Torn>() => "torn down",
                Some(text) => text,
                None => payload.downcast_ref::<String>().map_or("?", String::as_str),
            };
            Outcome::Panicked(text.to_owned())
        });
        let (events, faults) = world.into_parts();
        Self {
            outcome,
            outs,
            events,
            faults,
        }
    }

    pub(crate) fn acts(&self) -> Vec<Event> {
        let act = |event: &&Event| matches!(event, Event::Act(..));
        self.events.iter().filter(act).copied().collect()
    }

    pub(crate) fn asks(&self) -> impl Iterator<Item = Event> {
        let ask = |event: &&Event| matches!(event, Event::Ask { .. });
        self.events.iter().filter(ask).copied()
    }
}
