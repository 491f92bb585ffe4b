//! Which addresses a program can come to by what the guest's memory holds,
//! whatever it does: all others are made up.

use std::collections::BTreeSet;

use crate::{
    memory::{Fault, Memory},
    program::{Base, Op, Place},
    world::first_word,
};

/// The addresses at which a read may fault.
pub(crate) struct Reach<'a> {
    memory: &'a Memory,
    /// The values that registers may have.
    values: BTreeSet<u64>,
    faults: BTreeSet<Fault>,
}

/// All addresses at which a run of a program may fault without making one up.
/// `None` where that is not worth the time, or the memory changes.
pub(crate) fn reach(memory: &Memory, program: &[Op]) -> Option<BTreeSet<Fault>> {
    if program.iter().any(Op::writes) {
        return None;
    }
    let mut reach = Reach {
        memory,
        values: BTreeSet::new(),
        faults: BTreeSet::new(),
    };
    while reach.values.len() < 4000 {
        let before = (reach.values.len(), reach.faults.len());
        reach.block(program);
        if before == (reach.values.len(), reach.faults.len()) {
            return Some(reach.faults);
        }
    }
    None
}

impl Reach<'_> {
    fn addresses(&self, place: Place) -> Vec<Fault> {
        let root = self.memory.roots[place.space];
        let at = |base: u64| (base.wrapping_add(place.offset), root);
        match place.base {
            Base::Address(address) => vec![at(address)],
            Base::Register(_) => self.values.iter().copied().map(at).collect(),
        }
    }

    /// Touches a range, and gives the bytes that are there.
    fn touch(&mut self, (va, root): Fault, length: usize) -> Vec<u8> {
        if length > 0 {
            self.faults.insert((va, root));
        }
        let pages = (va | 0xfff).saturating_add(1)..va.saturating_add(length as u64);
        self.faults
            .extend(pages.step_by(0x1000).map(|page| (page, root)));
        (0..length as u64)
            .map_while(|index| self.memory.truth(va.checked_add(index)?, root))
            .collect()
    }

    fn word(&mut self, at: Fault) -> Option<u64> {
        let bytes = self.touch(at, 8);
        (bytes.len() == 8).then(|| first_word(&bytes))
    }

    fn words(&mut self, place: Place, offset: u64) {
        for (va, root) in self.addresses(place) {
            if let Some(word) = self.word((va.wrapping_add(offset), root)) {
                self.values.insert(word);
            }
        }
    }

    fn block(&mut self, program: &[Op]) {
        for op in program {
            self.op(op);
        }
    }

    fn op(&mut self, op: &Op) {
        match op {
            Op::Current(_, place) => self.words(Place { space: 0, ..*place }, 0),
            Op::Read(_, place)
            | Op::Need(_, place)
            | Op::Plain(_, place)
            | Op::Unprobed(_, place)
            | Op::UnprobedQuestion(_, place)
            | Op::Swallow(_, place)
            | Op::Closure(_, place)
            | Op::InMacro(_, place) => self.words(*place, 0),
            Op::Pair(_, place) => {
                for at in self.addresses(*place) {
                    let bytes = self.touch(at, 16);
                    if bytes.len() == 16 {
                        self.values.insert(first_word(&bytes[8..]));
                    }
                }
            }
            Op::Bytes(_, place, length) => {
                for at in self.addresses(*place) {
                    let bytes = self.touch(at, *length);
                    if bytes.len() == *length {
                        self.values.insert(first_word(&bytes));
                    }
                }
            }
            Op::Text(_, place, limit) => {
                for at in self.addresses(*place) {
                    let bytes = self.touch(at, *limit);
                    let end = bytes.iter().position(|byte| *byte == 0);
                    let whole = (bytes.len() == *limit).then_some(*limit);
                    self.values
                        .extend(end.or(whole).map(|length| length as u64));
                }
            }
            Op::Nested(_, place, offset) | Op::PlainInProbe(_, place, offset) => {
                for at in self.addresses(*place) {
                    let Some(inner) = self.word(at) else { continue };
                    let word = self.word((inner.wrapping_add(*offset), at.1));
                    self.values.extend(word);
                }
            }
            Op::Or(_, place, other) => {
                self.words(*place, 0);
                self.words(*other, 0);
            }
            Op::Walk(_, place, max) => {
                let mut nodes = self.addresses(*place);
                for count in 0..=*max {
                    self.values.insert(count);
                    let next: BTreeSet<Fault> = nodes
                        .iter()
                        .filter_map(|at| {
                            let next = self.word(*at)?.wrapping_add(place.offset);
                            Some((next, at.1))
                        })
                        .collect();
                    nodes = next.into_iter().collect();
                }
            }
            Op::Scan(_, place, count, stride) => {
                for at in self.addresses(*place) {
                    for index in 0..*count {
                        let va = at.0.wrapping_add(index * stride);
                        let word = self.word((va, at.1));
                        self.values.extend(word);
                    }
                }
            }
            Op::If(_, _, then, other) => {
                self.block(then);
                self.block(other);
            }
            Op::Call { body, .. } => self.block(body),
            Op::NeedRegister(_)
            | Op::ReturnIf(..)
            | Op::FailIf(..)
            | Op::QuestionIf(..)
            | Op::Settle
            | Op::Write(..)
            | Op::Log(_) => {}
        }
    }
}
