//! Random programs: what an annotated function may do, as data.

use proptest::prelude::*;

use crate::memory::{ADDRESSES, SPACES};

/// How many values a program keeps.
pub(crate) const REGISTERS: usize = 4;

/// The values of a program. `None` is missing data.
pub(crate) type Registers = [Option<u64>; REGISTERS];

/// Where something is read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) base: Base,
    pub(crate) offset: u64,
    /// The address space.
    pub(crate) space: usize,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Base {
    Address(u64),
    /// A value that was read before, and may be missing.
    Register(usize),
}

/// A condition on a register.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Test {
    Present,
    Missing,
    Even,
}

impl Test {
    pub(crate) fn holds(self, value: Option<u64>) -> bool {
        match self {
            Self::Present => value.is_some(),
            Self::Missing => value.is_none(),
            Self::Even => value.is_some_and(|value| value % 16 == 0),
        }
    }
}

/// How a program calls another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    /// `probe!(callee(..))?`.
    Probe,
    /// `callee(..)?`.
    Question,
    /// `return callee(..)`.
    Tail,
    /// `callee(..).ok()`: hides what is missing from the caller.
    Swallow,
}

/// The error type of a callee.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Callee {
    Same,
    Vmi,
    Probe,
}

/// A statement. Those with two fields read from the second into the first.
#[derive(Debug, Clone)]
pub(crate) enum Op {
    /// `vmi.read_u64(..)?`, in the current space.
    Current(usize, Place),
    /// `vmi.read_u64_in(..)?`.
    Read(usize, Place),
    /// `vmi.read_struct_in::<[u64; 2]>(..)?`.
    Pair(usize, Place),
    /// `vmi.read_in(.., &mut buffer)?`.
    Bytes(usize, Place, usize),
    /// `vmi.read_string_bytes_limited_in(.., limit)?`.
    Text(usize, Place, usize),
    /// `vmi.read_u64_in(..)??`.
    Need(usize, Place),
    /// `register?`.
    NeedRegister(usize),
    /// `vmi.read_u64_in(vmi.read_u64_in(..)? + offset)?`.
    Nested(usize, Place, u64),
    /// `helper(vmi, ..)?` of a function that is not annotated.
    Plain(usize, Place),
    /// `vmi.read_u64_in(helper(vmi, ..)? + offset)?`.
    PlainInProbe(usize, Place, u64),
    /// `unprobed!(vmi.read_u64_in(..)).ok()`.
    Unprobed(usize, Place),
    /// `unprobed!(vmi.read_u64_in(..)?)`.
    UnprobedQuestion(usize, Place),
    /// `vmi.read_u64_in(..).ok().flatten()`.
    Swallow(usize, Place),
    /// `read(..)?` of a closure that probes.
    Closure(usize, Place),
    /// `vec![vmi.read_u64_in(..)?; 2]`.
    InMacro(usize, Place),
    /// `vmi.read_u64_in(..)?.or(vmi.read_u64_in(..)?)`.
    Or(usize, Place, Place),
    /// `while let Some(next) = vmi.read_u64_in(..)?`, over at most so many
    /// nodes.
    Walk(usize, Place, u64),
    /// A `for` loop that skips what is missing.
    Scan(usize, Place, u64, u64),
    /// `return Ok(..)` under a condition.
    ReturnIf(usize, Test),
    /// An error that is not about missing data, returned by a macro.
    FailIf(usize, Test),
    /// The same through `?`.
    QuestionIf(usize, Test),
    Settle,
    /// `vmi.write_u64(.., value)?`.
    Write(Place, u64),
    /// A side effect.
    Log(u64),
    If(usize, Test, Vec<Op>, Vec<Op>),
    Call {
        into: usize,
        how: Call,
        callee: Callee,
        /// Whether the callee is given a suppressed set of its own: none.
        bare: bool,
        body: Vec<Op>,
    },
}

impl Op {
    /// Whether this, or what stands in it, is such a statement.
    fn any(&self, is: &dyn Fn(&Self) -> bool) -> bool {
        is(self)
            || match self {
                Self::If(_, _, then, other) => then.iter().chain(other).any(|op| op.any(is)),
                Self::Call { body, .. } => body.iter().any(|op| op.any(is)),
                _ => false,
            }
    }

    pub(crate) fn writes(&self) -> bool {
        self.any(&|op| matches!(op, Self::Write(..)))
    }

    /// Whether it may go on without data that could be had: by a plain read,
    /// or by hiding what a callee misses.
    pub(crate) fn goes_without(&self) -> bool {
        self.any(&|op| {
            matches!(
                op,
                Self::Unprobed(..)
                    | Self::Swallow(..)
                    | Self::Call {
                        how: Call::Swallow,
                        ..
                    }
                    | Self::Call { bare: true, .. }
            )
        })
    }
}

fn register() -> impl Strategy<Value = usize> {
    0..REGISTERS
}

fn test() -> impl Strategy<Value = Test> {
    prop_oneof![Just(Test::Present), Just(Test::Missing), Just(Test::Even)]
}

/// Offsets on a page, over its border, and to the pages around.
fn offset() -> impl Strategy<Value = u64> {
    prop_oneof![
        6 => (0..64u64).prop_map(|word| word * 8),
        2 => prop::sample::select(vec![0xff8, 0xffc, 0xfff, 0x1000, 0x1ffc, 4]),
        1 => Just(0u64.wrapping_sub(0x1000)),
    ]
}

fn place() -> impl Strategy<Value = Place> {
    let base = prop_oneof![
        6 => prop::sample::select(ADDRESSES).prop_map(Base::Address),
        5 => register().prop_map(Base::Register),
    ];
    let space = prop_oneof![6 => Just(0), 2 => 0..SPACES];
    (base, offset(), space).prop_map(|(base, offset, space)| Place {
        base,
        offset,
        space,
    })
}

/// Lengths in a page, over a border, and over several.
fn length() -> impl Strategy<Value = usize> {
    prop::sample::select(vec![0usize, 1, 8, 16, 0x800, 0x1000, 0x2010, 0x3800])
}

fn simple() -> BoxedStrategy<Op> {
    let reads = prop_oneof![
        6 => (register(), place()).prop_map(|(into, at)| Op::Current(into, at)),
        6 => (register(), place()).prop_map(|(into, at)| Op::Read(into, at)),
        3 => (register(), place()).prop_map(|(into, at)| Op::Pair(into, at)),
        3 => (register(), place(), length()).prop_map(|(into, at, len)| Op::Bytes(into, at, len)),
        2 => (register(), place(), length()).prop_map(|(into, at, len)| Op::Text(into, at, len)),
        2 => (register(), place()).prop_map(|(into, at)| Op::Need(into, at)),
        2 => (register(), place(), offset()).prop_map(|(into, at, by)| Op::Nested(into, at, by)),
        1 => (register(), place()).prop_map(|(into, at)| Op::Plain(into, at)),
        1 => (register(), place(), offset())
            .prop_map(|(into, at, by)| Op::PlainInProbe(into, at, by)),
        1 => (register(), place()).prop_map(|(into, at)| Op::Unprobed(into, at)),
        1 => (register(), place()).prop_map(|(into, at)| Op::UnprobedQuestion(into, at)),
        2 => (register(), place()).prop_map(|(into, at)| Op::Swallow(into, at)),
        2 => (register(), place()).prop_map(|(into, at)| Op::Closure(into, at)),
        2 => (register(), place()).prop_map(|(into, at)| Op::InMacro(into, at)),
        2 => (register(), place(), place()).prop_map(|(into, at, or)| Op::Or(into, at, or)),
        2 => (register(), place(), 1..6u64).prop_map(|(into, at, max)| Op::Walk(into, at, max)),
        2 => (register(), place(), 1..6u64, prop::sample::select(vec![8u64, 0x800, 0x1000]))
            .prop_map(|(into, at, count, stride)| Op::Scan(into, at, count, stride)),
    ];
    prop_oneof![
        24 => reads,
        1 => register().prop_map(Op::NeedRegister),
        1 => (register(), test()).prop_map(|(of, test)| Op::ReturnIf(of, test)),
        1 => (register(), test()).prop_map(|(of, test)| Op::FailIf(of, test)),
        1 => (register(), test()).prop_map(|(of, test)| Op::QuestionIf(of, test)),
        1 => Just(Op::Settle),
        1 => (place(), prop::sample::select(ADDRESSES)).prop_map(|(at, value)| Op::Write(at, value)),
        2 => any::<u64>().prop_map(Op::Log),
    ]
    .boxed()
}

/// Statements, with blocks and calls in them.
pub(crate) fn program() -> impl Strategy<Value = Vec<Op>> {
    let op = simple().prop_recursive(2, 24, 5, |op| {
        let body = || prop::collection::vec(op.clone(), 0..5);
        let how = prop_oneof![
            4 => Just(Call::Probe),
            2 => Just(Call::Question),
            1 => Just(Call::Tail),
            1 => Just(Call::Swallow),
        ];
        let callee = prop_oneof![
            3 => Just(Callee::Same),
            1 => Just(Callee::Vmi),
            1 => Just(Callee::Probe),
        ];
        prop_oneof![
            (register(), test(), body(), body())
                .prop_map(|(of, test, then, other)| Op::If(of, test, then, other)),
            (register(), how, callee, any::<bool>(), body()).prop_map(
                |(into, how, callee, bare, body)| Op::Call {
                    into,
                    how,
                    callee,
                    bare,
                    body
                }
            ),
        ]
    });
    prop::collection::vec(op, 1..12)
}
