//! Groups of statements: a search looks through each by itself, so that what is
//! missing in one does not keep it from asking in the others.

use super::{flow::Flow, names::Names, plan::Step, slot::Slot};

impl Flow<'_> {
    /// Groups of statements that share no name which could be missing: each
    /// can be searched by itself.
    pub(super) fn groups<'s>(&self, steps: &[&'s Step], slots: &[Slot<'_>]) -> Vec<Vec<&'s Step>> {
        if steps.len() < 2 {
            return steps.iter().map(|step| vec![*step]).collect();
        }
        let mut bound = Names::default();
        for step in steps {
            bound.extend(&step.binds);
            step.add_lost(&mut bound);
        }
        let slots = slots
            .iter()
            .map(|slot| slot.names.clone().union(slot.doubts()));
        let slots = slots.collect::<Vec<_>>();
        for slot in &slots {
            bound.extend(slot);
        }
        let shared = |step: &Step| {
            let mut all = self.needs(step).union(&step.binds);
            step.add_lost(&mut all);
            // Who needs one of its names binds the slot, which is done once.
            for slot in &slots {
                if all.meets(slot) {
                    all.extend(slot);
                }
            }
            all.retain(|name| bound.holds(name));
            all
        };
        let names = steps.iter().map(|step| shared(step)).collect::<Vec<_>>();
        let mut groups = Groups::new(steps.len());
        for index in 0..steps.len() {
            for before in 0..index {
                if names[index].meets(&names[before]) {
                    groups.join(before, index);
                }
            }
            if let Some(exit) = groups.exit {
                groups.join(exit, index);
            } else if !steps[index].exits.is_empty() {
                groups.exit = Some(index);
            }
        }
        // What one moves no group behind it may use.
        while let Some((before, index)) = groups.turned_round(|before, index| {
            steps[index]
                .moves
                .iter()
                .any(|name| !steps[before].moves.contains(name) && self.sees(steps[before], name))
        }) {
            groups.join(before, index);
        }
        groups
            .in_order()
            .into_iter()
            .map(|group| group.into_iter().map(|index| steps[index]).collect())
            .collect()
    }

    /// Whether a search of a statement uses a variable, or what sees it.
    fn sees(&self, step: &Step, variable: &str) -> bool {
        self.needs(step).iter().any(|name| {
            let seen = self.facts.seen_from(name);
            seen.iter().any(|seen| seen == variable)
        })
    }
}

/// Statements in groups, by their indices.
struct Groups {
    /// The first one in the group of each.
    first: Vec<usize>,
    /// One with an exit: its group is the last one.
    exit: Option<usize>,
}

impl Groups {
    fn new(count: usize) -> Self {
        Self {
            first: (0..count).collect(),
            exit: None,
        }
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.first[a], self.first[b]);
        for first in &mut self.first {
            if *first == a.max(b) {
                *first = a.min(b);
            }
        }
    }

    /// By this the groups are sorted.
    fn place(&self, index: usize) -> (bool, usize) {
        let first = self.first[index];
        let is_last = self.exit.is_some_and(|exit| self.first[exit] == first);
        (is_last, first)
    }

    /// Two statements that must not change places, and do.
    fn turned_round(&self, must_not: impl Fn(usize, usize) -> bool) -> Option<(usize, usize)> {
        let indices = 0..self.first.len();
        let mut pairs = indices.flat_map(|index| (0..index).map(move |before| (before, index)));
        pairs.find(|(before, index)| {
            self.place(*before) > self.place(*index) && must_not(*before, *index)
        })
    }

    fn in_order(&self) -> Vec<Vec<usize>> {
        let mut indices = (0..self.first.len()).collect::<Vec<_>>();
        indices.sort_by_key(|index| self.place(*index));
        let groups = indices.chunk_by(|a, b| self.first[*a] == self.first[*b]);
        groups.map(<[usize]>::to_vec).collect()
    }
}
