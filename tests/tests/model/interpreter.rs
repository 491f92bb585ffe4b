//! Says what an annotated function must do, without the attribute and without
//! the runtime: by the rules alone.

use vmi_core::VmiError;

use crate::{
    memory::Fault,
    program::{Base, Call, Callee, Op, Place, Registers},
    world::{Suppressed, World, first_word, insert},
};

/// An error of a function, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    /// A batch of faults, in order.
    Faults(Vec<Fault>),
    /// What was needed is not to be had: the suppressed pages that were met,
    /// and the limit if that was reached.
    Unavailable(Vec<Fault>, Option<u32>),
    /// Too many probes missed in a row.
    Limit(u32),
    /// Any other error, by its text.
    Hard(String),
}

impl Carrier {
    /// A result as this error type can hold it.
    fn carry<T>(self, result: Outcome<T>) -> Outcome<T> {
        match (self, result) {
            (Self::First, Err(Failure::Faults(faults))) => {
                Err(Failure::Faults(faults[..1].to_vec()))
            }
            (_, result) => result,
        }
    }
}

pub(crate) type Outcome<T = Registers> = Result<T, Failure>;

/// What an error type can carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Carrier {
    /// A whole batch.
    All,
    /// The first fault of a batch: `VmiError`.
    First,
}

/// Runs a program as one call of an annotated function.
pub(crate) fn call(
    world: &mut World,
    suppressed: &Suppressed,
    carrier: Carrier,
    program: &[Op],
    mut registers: Registers,
) -> Outcome {
    let mut frame = Frame {
        world,
        suppressed,
        carrier,
        faults: Vec::new(),
        met: Vec::new(),
        missed: 0,
        cut_off: false,
    };
    let result = match frame.block(program, &mut registers) {
        Ok(Flow::Next | Flow::Return) => Ok(registers),
        Ok(Flow::Tail(result)) => result,
        Err(failure) => Err(failure),
    };
    frame.gate(result)
}

enum Flow {
    Next,
    Return,
    Tail(Outcome),
}

/// One call.
struct Frame<'a> {
    world: &'a mut World,
    suppressed: &'a Suppressed,
    carrier: Carrier,
    faults: Vec<Fault>,
    met: Vec<Fault>,
    missed: u32,
    /// Whether a probe was cut off.
    cut_off: bool,
}

/// Needs a value outside of a probe. The gate adds what was met.
fn need<T>(value: Option<T>) -> Outcome<T> {
    value.ok_or(Failure::Unavailable(Vec::new(), None))
}

/// What an expression with `?` in a probe comes to: its result, or `None` when
/// the `?` found nothing.
type Part<T> = Option<Outcome<T>>;

impl Frame<'_> {
    /// Rule 4.
    fn gate(mut self, result: Outcome) -> Outcome {
        let limit = match &result {
            Err(Failure::Limit(limit)) => Some(*limit),
            Err(Failure::Unavailable(_, limit)) => *limit,
            _ => None,
        };
        if let Err(failure) = &result {
            self.note(failure);
        }
        match result {
            _ if !self.faults.is_empty() => self.carrier.carry(Err(Failure::Faults(self.faults))),
            Ok(_) if self.cut_off => Err(Failure::Unavailable(self.met, Some(self.world.limit))),
            Ok(registers) => Ok(registers),
            Err(Failure::Hard(text)) => Err(Failure::Hard(text)),
            Err(_) => Err(Failure::Unavailable(self.met, limit)),
        }
    }

    /// Records the faults of an error, and says whether it is one about
    /// missing data.
    fn note(&mut self, failure: &Failure) -> bool {
        match failure {
            Failure::Faults(faults) => {
                for fault in faults {
                    if self.suppressed.contains(*fault) {
                        insert(&mut self.met, *fault);
                    } else {
                        insert(&mut self.faults, *fault);
                    }
                }
            }
            Failure::Unavailable(pages, _) => {
                for page in pages {
                    insert(&mut self.met, *page);
                }
            }
            Failure::Limit(_) => {}
            Failure::Hard(_) => return false,
        }
        true
    }

    /// Rules 1, 2 and 10.
    fn probe<T>(&mut self, result: Part<T>) -> Outcome<Option<T>> {
        match result {
            Some(Ok(value)) => {
                self.missed = 0;
                return Ok(Some(value));
            }
            Some(Err(Failure::Hard(text))) => return Err(Failure::Hard(text)),
            Some(Err(_)) | None => {}
        }
        if let Some(Err(failure)) = &result {
            self.note(failure);
        }
        if self.missed >= self.world.limit {
            self.cut_off = true;
            return Err(Failure::Limit(self.world.limit));
        }
        self.missed += 1;
        Ok(None)
    }

    /// Rule 3: `?` on an error in a probe.
    fn part<T>(&mut self, result: Outcome<T>) -> Outcome<Option<T>> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(failure) if self.note(&failure) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    fn address(&self, place: Place, registers: &Registers) -> Option<Fault> {
        let base = match place.base {
            Base::Address(address) => address,
            Base::Register(register) => registers[register]?,
        };
        let root = self.world.memory.roots[place.space];
        Some((base.wrapping_add(place.offset), root))
    }

    /// `vmi.read_u64_in(..)?` at a place that may not be known.
    fn probe_u64(&mut self, place: Place, registers: &Registers) -> Outcome<Option<u64>> {
        let result = self
            .address(place, registers)
            .map(|address| self.world.probe_u64(address, self.suppressed));
        self.probe(result)
    }

    fn block(&mut self, program: &[Op], registers: &mut Registers) -> Outcome<Flow> {
        for op in program {
            match self.op(op, registers)? {
                Flow::Next => {}
                flow => return Ok(flow),
            }
        }
        Ok(Flow::Next)
    }

    #[expect(clippy::too_many_lines, reason = "an arm for each statement")]
    fn op(&mut self, op: &Op, registers: &mut Registers) -> Outcome<Flow> {
        match op {
            Op::Current(into, place) => {
                let place = Place { space: 0, ..*place };
                registers[*into] = self.probe_u64(place, registers)?;
            }
            Op::Read(into, place) | Op::InMacro(into, place) | Op::Closure(into, place) => {
                registers[*into] = self.probe_u64(*place, registers)?;
            }
            Op::Pair(into, place) => {
                let result = self.address(*place, registers);
                let result =
                    result.map(|address| self.world.read_range(address, 16, self.suppressed));
                registers[*into] = self.probe(result)?.map(|bytes| first_word(&bytes[8..]));
            }
            Op::Bytes(into, place, length) => {
                let result = self.address(*place, registers);
                let result =
                    result.map(|address| self.world.read_range(address, *length, self.suppressed));
                registers[*into] = self.probe(result)?.map(|bytes| first_word(&bytes));
            }
            Op::Text(into, place, limit) => {
                let result = self.address(*place, registers);
                let result = result.map(|address| self.world.read_text(address, *limit));
                registers[*into] = self.probe(result)?;
            }
            Op::Need(into, place) => {
                let value = self.probe_u64(*place, registers)?;
                registers[*into] = Some(need(value)?);
            }
            Op::NeedRegister(register) => {
                need(registers[*register])?;
            }
            Op::Nested(into, place, offset) | Op::PlainInProbe(into, place, offset) => {
                let inner = match self.address(*place, registers) {
                    Some(address) => self.part(self.world.read_u64(address))?,
                    None => None,
                };
                let root = self.world.memory.roots[place.space];
                let result = inner.map(|value| {
                    let address = (value.wrapping_add(*offset), root);
                    self.world.probe_u64(address, self.suppressed)
                });
                registers[*into] = self.probe(result)?;
            }
            Op::Plain(into, place) | Op::UnprobedQuestion(into, place) => {
                let address = need(self.address(*place, registers))?;
                registers[*into] = Some(self.world.read_u64(address)?);
            }
            Op::Unprobed(into, place) => {
                let address = need(self.address(*place, registers))?;
                registers[*into] = self.world.read_u64(address).ok();
            }
            Op::Swallow(into, place) => {
                registers[*into] = self.probe_u64(*place, registers).ok().flatten();
            }
            Op::Or(into, place, other) => {
                let first = self.probe_u64(*place, registers)?;
                let second = self.probe_u64(*other, registers)?;
                registers[*into] = first.or(second);
            }
            Op::Walk(into, place, max) => {
                let mut node = *place;
                let mut count = 0;
                while count < *max
                    && let Some(next) = self.probe_u64(node, registers)?
                {
                    node.base = Base::Address(next);
                    count += 1;
                }
                registers[*into] = Some(count);
            }
            Op::Scan(into, place, count, stride) => {
                let mut last = None;
                for index in 0..*count {
                    let offset = place.offset.wrapping_add(index * stride);
                    let place = Place { offset, ..*place };
                    last = self.probe_u64(place, registers)?.or(last);
                }
                registers[*into] = last;
            }
            Op::ReturnIf(register, test) => {
                if test.holds(registers[*register]) {
                    return Ok(Flow::Return);
                }
            }
            Op::FailIf(register, test) | Op::QuestionIf(register, test) => {
                if test.holds(registers[*register]) {
                    return Err(Failure::Hard(VmiError::Timeout.to_string()));
                }
            }
            Op::Settle => self.settle()?,
            Op::Write(place, value) => {
                let place = Place { space: 0, ..*place };
                let address = need(self.address(place, registers))?;
                self.settle()?;
                self.world
                    .write((address.0 & !7, address.1), &value.to_le_bytes())?;
            }
            Op::Log(value) => self.world.log.push(*value),
            Op::If(register, test, then, other) => {
                let holds = test.holds(registers[*register]);
                return self.block(if holds { then } else { other }, registers);
            }
            Op::Call {
                into,
                how,
                callee,
                bare,
                body,
            } => {
                let carrier = match callee {
                    Callee::Same => self.carrier,
                    Callee::Vmi => Carrier::First,
                    Callee::Probe => Carrier::All,
                };
                let none = Suppressed::default();
                let suppressed = if *bare { &none } else { self.suppressed };
                let result = call(self.world, suppressed, carrier, body, *registers);
                registers[*into] = match how {
                    Call::Probe => self.probe(Some(result))?.and_then(|values| values[0]),
                    Call::Question => result?[0],
                    // The error is converted before it reaches the gate.
                    Call::Tail => return Ok(Flow::Tail(self.carrier.carry(result))),
                    Call::Swallow => result.ok().and_then(|values| values[0]),
                };
            }
        }
        Ok(Flow::Next)
    }

    /// Rule 8.
    fn settle(&self) -> Outcome<()> {
        if self.faults.is_empty() {
            Ok(())
        } else {
            Err(Failure::Faults(self.faults.clone()))
        }
    }
}
