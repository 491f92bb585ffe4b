//! The same programs, run by a function with the attribute.

use std::cell::RefCell;

use prober::{
    FaultError, ProbeError, SuppressedPages, probe, probed, settle, testing::GuestDriver, unprobed,
};
use vmi_core::{Pa, Va, VmiError, VmiState, os::NoOS};

use crate::{
    program::{Base, Call, Callee, Op, Place, Registers},
    world::first_word,
};

pub(crate) type Vmi<'a> = VmiState<'a, NoOS<GuestDriver>>;

/// What all calls share.
#[derive(Clone, Copy)]
pub(crate) struct Machine<'a> {
    pub(crate) roots: &'a [Pa],
    pub(crate) log: &'a RefCell<Vec<u64>>,
    pub(crate) limit: u32,
}

impl Machine<'_> {
    fn at(&self, place: Place, registers: &Registers) -> Option<(Va, Pa)> {
        let base = match place.base {
            Base::Address(address) => address,
            Base::Register(register) => registers[register]?,
        };
        let va = Va(base.wrapping_add(place.offset));
        Some((va, self.roots[place.space]))
    }
}

/// A function that knows nothing of probes.
fn plain(vmi: &Vmi<'_>, at: (Va, Pa)) -> Result<u64, VmiError> {
    vmi.read_u64_in(at)
}

fn fail_if(fails: bool) -> Result<(), VmiError> {
    if fails {
        Err(VmiError::Timeout)
    } else {
        Ok(())
    }
}

macro_rules! ensure {
    ($condition:expr, $error:expr) => {
        if !$condition {
            return Err($error.into());
        }
    };
}

/// Runs a program.
#[expect(clippy::too_many_lines, reason = "an arm for each statement")]
#[probed(options, limit = machine.limit)]
pub(crate) fn run<E>(
    vmi: &Vmi<'_>,
    machine: Machine<'_>,
    program: &[Op],
    start: Registers,
) -> Result<Registers, E>
where
    E: FaultError + From<VmiError>,
{
    let mut regs = start;
    let mut blocks = vec![program.iter()];
    while let Some(block) = blocks.last_mut() {
        let Some(op) = block.next() else {
            blocks.pop();
            continue;
        };
        match op {
            Op::Current(into, place) => {
                regs[*into] = vmi.read_u64(machine.at(*place, &regs)?.0)?;
            }
            Op::Read(into, place) => {
                regs[*into] = vmi.read_u64_in(machine.at(*place, &regs)?)?;
            }
            Op::Pair(into, place) => {
                let pair = vmi.read_struct_in::<[u64; 2]>(machine.at(*place, &regs)?)?;
                regs[*into] = pair.map(|[_, second]| second);
            }
            Op::Bytes(into, place, length) => {
                let mut buffer = vec![0; *length];
                let read = vmi.read_in(machine.at(*place, &regs)?, &mut buffer)?;
                regs[*into] = read.map(|()| first_word(&buffer));
            }
            Op::Text(into, place, limit) => {
                let at = machine.at(*place, &regs);
                let text = vmi.read_string_bytes_limited_in(at?, *limit)?;
                regs[*into] = text.map(|text| text.len() as u64);
            }
            Op::Need(into, place) => {
                regs[*into] = Some(vmi.read_u64_in(machine.at(*place, &regs)?)??);
            }
            Op::NeedRegister(register) => {
                regs[*register]?;
            }
            Op::Nested(into, place, offset) => {
                let root = machine.roots[place.space];
                regs[*into] = vmi.read_u64_in((
                    Va(vmi
                        .read_u64_in(machine.at(*place, &regs)?)?
                        .wrapping_add(*offset)),
                    root,
                ))?;
            }
            Op::Plain(into, place) => {
                regs[*into] = Some(plain(vmi, machine.at(*place, &regs)?)?);
            }
            Op::PlainInProbe(into, place, offset) => {
                let root = machine.roots[place.space];
                let at = machine.at(*place, &regs);
                regs[*into] =
                    vmi.read_u64_in((Va(plain(vmi, at?)?.wrapping_add(*offset)), root))?;
            }
            Op::Unprobed(into, place) => {
                let at = machine.at(*place, &regs)?;
                regs[*into] = unprobed!(vmi.read_u64_in(at)).ok();
            }
            Op::UnprobedQuestion(into, place) => {
                let at = machine.at(*place, &regs)?;
                regs[*into] = Some(unprobed!(vmi.read_u64_in(at)?));
            }
            Op::Swallow(into, place) => {
                regs[*into] = vmi.read_u64_in(machine.at(*place, &regs)?).ok().flatten();
            }
            Op::Closure(into, place) => {
                let read = |at: Option<(Va, Pa)>| vmi.read_u64_in(at?);
                regs[*into] = read(machine.at(*place, &regs))?;
            }
            Op::InMacro(into, place) => {
                let mut read = Vec::new();
                read.append(&mut vec![vmi.read_u64_in(machine.at(*place, &regs)?)?; 2]);
                regs[*into] = read[1];
            }
            Op::Or(into, place, other) => {
                regs[*into] = vmi
                    .read_u64_in(machine.at(*place, &regs)?)?
                    .or(vmi.read_u64_in(machine.at(*other, &regs)?)?);
            }
            Op::Walk(into, place, max) => {
                let mut node = *place;
                let mut count = 0;
                while count < *max
                    && let Some(next) = vmi.read_u64_in(machine.at(node, &regs)?)?
                {
                    node.base = Base::Address(next);
                    count += 1;
                }
                regs[*into] = Some(count);
            }
            Op::Scan(into, place, count, stride) => {
                let mut last = None;
                for index in 0..*count {
                    let mut place = *place;
                    place.offset = place.offset.wrapping_add(index * stride);
                    let Some(value) = vmi.read_u64_in(machine.at(place, &regs)?)? else {
                        continue;
                    };
                    last = Some(value);
                }
                regs[*into] = last;
            }
            Op::ReturnIf(register, test) => {
                if test.holds(regs[*register]) {
                    return Ok(regs);
                }
            }
            Op::FailIf(register, test) => {
                ensure!(!test.holds(regs[*register]), VmiError::Timeout);
            }
            Op::QuestionIf(register, test) => fail_if(test.holds(regs[*register]))?,
            Op::Settle => settle!(),
            Op::Write(place, value) => {
                vmi.write_u64(Va(machine.at(*place, &regs)?.0.0 & !7), *value)?;
            }
            Op::Log(value) => machine.log.borrow_mut().push(*value),
            Op::If(register, test, then, other) => {
                let holds = test.holds(regs[*register]);
                blocks.push(if holds { then.iter() } else { other.iter() });
            }
            Op::Call {
                into,
                how,
                callee,
                bare,
                body,
            } => {
                let none = SuppressedPages::empty();
                let set = if *bare { &none } else { suppressed };
                regs[*into] = match (how, callee) {
                    (Call::Probe, Callee::Same) => {
                        probe!(run::<E>(vmi, machine, body, regs, set))?.and_then(|regs| regs[0])
                    }
                    (Call::Probe, Callee::Vmi) => {
                        probe!(run::<VmiError>(vmi, machine, body, regs, set))?
                            .and_then(|regs| regs[0])
                    }
                    (Call::Probe, Callee::Probe) => {
                        probe!(run::<ProbeError>(vmi, machine, body, regs, set))?
                            .and_then(|regs| regs[0])
                    }
                    (Call::Question, Callee::Same) => run::<E>(vmi, machine, body, regs, set)?[0],
                    (Call::Question, Callee::Vmi) => {
                        run::<VmiError>(vmi, machine, body, regs, set)?[0]
                    }
                    (Call::Question, Callee::Probe) => {
                        run::<ProbeError>(vmi, machine, body, regs, set)?[0]
                    }
                    (Call::Tail, Callee::Same) => {
                        return run::<E>(vmi, machine, body, regs, set);
                    }
                    (Call::Tail, Callee::Vmi) => {
                        return run::<VmiError>(vmi, machine, body, regs, set).map_err(E::from);
                    }
                    (Call::Tail, Callee::Probe) => {
                        return run::<ProbeError>(vmi, machine, body, regs, set).map_err(E::from);
                    }
                    (Call::Swallow, Callee::Same) => run::<E>(vmi, machine, body, regs, set)
                        .ok()
                        .and_then(|regs| regs[0]),
                    (Call::Swallow, Callee::Vmi) => run::<VmiError>(vmi, machine, body, regs, set)
                        .ok()
                        .and_then(|regs| regs[0]),
                    (Call::Swallow, Callee::Probe) => {
                        run::<ProbeError>(vmi, machine, body, regs, set)
                            .ok()
                            .and_then(|regs| regs[0])
                    }
                };
            }
        }
    }
    Ok(regs)
}
