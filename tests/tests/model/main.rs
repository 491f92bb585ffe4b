//! Random programs on random guests: what the attribute's functions do, against
//! a plain interpreter that says which faults, in which order, and which result
//! each run must give.
//!
//! `PROPTEST_CASES` sets how many cases are tried, `PROPTEST_RNG_SEED` others
//! than the usual ones.

mod annotated;
mod interpreter;
mod memory;
mod program;
mod queue;
mod reach;
mod retry;
mod world;

use std::{cell::RefCell, collections::HashMap, error::Error, fmt::Display};

use prober::{FaultError, Missing, PageFaults, PageIn, ProbeError, SuppressedPages};
use proptest::{prelude::*, test_runner::RngSeed};
use vmi_core::{AddressContext, Pa, VmiError};

use annotated::{Machine, Vmi, run};
use interpreter::{Carrier, Failure, Outcome, call};
use memory::{Fault, Memory, address_context, page_of};
use program::{Op, REGISTERS, Registers};
use retry::{HAND_OVERS, Trace};
use world::{Suppressed, World};

/// The error types of the functions under test.
#[derive(Debug, Clone, Copy)]
enum ErrorType {
    Probe,
    Vmi,
    Boxed,
    Send,
    Anyhow,
}

impl ErrorType {
    fn carrier(self) -> Carrier {
        match self {
            Self::Vmi => Carrier::First,
            _ => Carrier::All,
        }
    }
}

/// What a case starts with.
#[derive(Debug, Clone)]
struct Case {
    memory: Memory,
    suppressed: Suppressed,
    program: Vec<Op>,
    error: ErrorType,
    limit: u32,
    lose_every: u64,
}

impl Case {
    fn world(&self) -> World {
        World {
            memory: self.memory.clone(),
            log: Vec::new(),
            limit: self.limit,
        }
    }
}

fn case() -> impl Strategy<Value = (Case, prober::testing::Guest)> {
    let error = prop_oneof![
        4 => Just(ErrorType::Probe),
        2 => Just(ErrorType::Vmi),
        1 => Just(ErrorType::Boxed),
        1 => Just(ErrorType::Send),
        1 => Just(ErrorType::Anyhow),
    ];
    let suppressed = (
        any::<bool>(),
        prop::collection::vec((any::<prop::sample::Index>(), 0..0x1000_u64), 0..5),
    );
    let limit = prop_oneof![4 => Just(1024), 1 => 1..6_u32];
    (
        memory::memory(),
        suppressed,
        program::program(),
        error,
        limit,
        0..4_u64,
    )
        .prop_map(
            |(mut memory, (hopeless, picked), program, error, limit, lose_every)| {
                let guest = memory.build();
                let faults: Vec<Fault> = memory.faults().collect();
                let mut suppressed = Suppressed {
                    hopeless,
                    pages: Vec::new(),
                };
                for (index, offset) in picked {
                    let (va, root) = *index.get(&faults);
                    suppressed.insert((va + offset, root));
                }
                let case = Case {
                    memory,
                    suppressed,
                    program,
                    error,
                    limit,
                    lose_every,
                };
                (case, guest)
            },
        )
}

/// The set of a case as the runtime has it.
fn suppressed_pages(suppressed: &Suppressed) -> SuppressedPages {
    let mut pages = if suppressed.hopeless {
        SuppressedPages::new()
    } else {
        SuppressedPages::empty()
    };
    pages.extend(suppressed.pages.iter().copied().map(address_context));
    pages
}

fn faults(batch: &PageFaults) -> Vec<Fault> {
    let fault = |fault: &AddressContext| (fault.va.0, fault.root.0);
    batch.iter().map(fault).collect()
}

/// A result as the model describes it.
fn outcome<E: FaultError + Display>(result: Result<Registers, E>) -> Outcome {
    result.map_err(|error| match error.missing() {
        None => Failure::Hard(error.to_string()),
        Some(Missing::PageFault(fault)) => Failure::Faults(vec![(fault.va.0, fault.root.0)]),
        Some(Missing::PageFaults(batch)) => Failure::Faults(faults(batch)),
        Some(Missing::ProbeLimit(limit)) => Failure::Limit(limit.limit()),
        Some(Missing::Unavailable(unavailable)) => {
            let text = unavailable.to_string();
            let limit = text
                .strip_prefix("more than ")
                .and_then(|text| text.split(' ').next()?.parse().ok());
            Failure::Unavailable(faults(unavailable.pages()), limit)
        }
        Some(other) => panic!("unknown: {other:?}"),
    })
}

/// Calls `$function::<E>` for the error type of a case.
macro_rules! with_error {
    ($error:expr, $function:ident($($argument:expr),*)) => {
        match $error {
            ErrorType::Probe => $function::<ProbeError>($($argument),*),
            ErrorType::Vmi => $function::<VmiError>($($argument),*),
            ErrorType::Boxed => $function::<Box<dyn Error>>($($argument),*),
            ErrorType::Send => $function::<Box<dyn Error + Send + Sync>>($($argument),*),
            ErrorType::Anyhow => $function::<anyhow::Error>($($argument),*),
        }
    };
}

fn run_once<E>(
    vmi: &Vmi<'_>,
    machine: Machine<'_>,
    program: &[Op],
    suppressed: &SuppressedPages,
) -> Outcome
where
    E: FaultError + From<VmiError> + Display,
{
    let result = run::<E>(vmi, machine, program, [None; REGISTERS], suppressed);
    outcome(result)
}

fn run_retried<E>(
    vm: &prober::testing::Vm,
    machine: Machine<'_>,
    program: &[Op],
    suppressed: &mut SuppressedPages,
) -> Trace
where
    E: FaultError + From<VmiError> + Display,
{
    let mut batches = Vec::new();
    let mut pager = |batch: &PageFaults, refused: &mut SuppressedPages| {
        for fault in batch {
            assert!(!refused.contains(fault), "{fault} is suppressed");
        }
        batches.push(faults(batch));
        PageIn::page_in(&mut vm.guest(), batch, refused)
    };
    let mut runs = 0;
    let result = prober::retry(&mut pager, suppressed, |suppressed| {
        runs += 1;
        vm.with(|vmi| run::<E>(vmi, machine, program, [None; REGISTERS], suppressed))
    });
    Trace {
        outcome: outcome(result),
        batches,
        runs,
    }
}

/// The same cases each time, unless the environment says otherwise.
fn config() -> ProptestConfig {
    let mut config = ProptestConfig::default();
    if std::env::var_os("PROPTEST_RNG_SEED").is_none() {
        config.rng_seed = RngSeed::Fixed(0x70_72_6f_62_65_72);
    }
    config.failure_persistence = None;
    config
}

fn roots(memory: &Memory) -> Vec<Pa> {
    memory.roots.iter().copied().map(Pa).collect()
}

proptest! {
    #![proptest_config(config())]

    /// One run gives the result of the model, with the side effects of the
    /// model.
    #[test]
    fn one_run((case, guest) in case()) {
        let mut world = case.world();
        let expected = call(
            &mut world,
            &case.suppressed,
            case.error.carrier(),
            &case.program,
            [None; REGISTERS],
        );

        let (roots, log) = (roots(&case.memory), RefCell::default());
        let machine = Machine { roots: &roots, log: &log, limit: case.limit };
        let suppressed = suppressed_pages(&case.suppressed);
        let actual = guest
            .vm()
            .with(|vmi| with_error!(case.error, run_once(vmi, machine, &case.program, &suppressed)));
        prop_assert_eq!(&actual, &expected);
        prop_assert_eq!(log.take(), world.log);

        if let Err(Failure::Faults(batch)) = &actual {
            prop_assert!(!batch.is_empty());
            let reach = reach::reach(&case.memory, &case.program);
            for (index, fault) in batch.iter().enumerate() {
                prop_assert!(!suppressed.contains(&address_context(*fault)), "suppressed");
                let before = &batch[..index];
                prop_assert!(before.iter().all(|other| page_of(*other) != page_of(*fault)), "twice");
                if let Some(reach) = &reach {
                    prop_assert!(reach.contains(fault), "{fault:x?} was made up");
                }
            }
        }
    }

    /// `retry` hands over the batches of the model, and ends as the model does.
    #[test]
    fn retried((case, guest) in case()) {
        let mut world = case.world();
        let mut expected_suppressed = case.suppressed.clone();
        let expected = retry::retry(
            &mut world,
            &mut expected_suppressed,
            case.error.carrier(),
            &case.program,
            case.lose_every,
        );

        guest.drop_every(case.lose_every);
        let (roots, log) = (roots(&case.memory), RefCell::default());
        let machine = Machine { roots: &roots, log: &log, limit: case.limit };
        let mut suppressed = suppressed_pages(&case.suppressed);
        let vm = guest.vm();
        let actual =
            with_error!(case.error, run_retried(&vm, machine, &case.program, &mut suppressed));
        prop_assert_eq!(&actual, &expected);
        prop_assert_eq!(log.take(), world.log);
        let pages: PageFaults = suppressed.iter().copied().collect();
        // A set lists its pages by root and address.
        expected_suppressed.pages.sort_by_key(|&(va, root)| (root, va));
        prop_assert_eq!(&faults(&pages), &expected_suppressed.pages);

        let mut handed_over = HashMap::<Fault, u32>::new();
        for batch in &actual.batches {
            handed_over.retain(|page, _| batch.iter().any(|fault| page_of(*fault) == *page));
            for fault in batch {
                let times = handed_over.entry(page_of(*fault)).or_default();
                *times += 1;
                prop_assert!(*times <= HAND_OVERS);
            }
        }

        // What was missing in the end is final: with every page in that can be
        // had, it is missing still.
        let lost = case.lose_every != 0;
        let goes_without = case.program.iter().any(|op| op.goes_without() || op.writes());
        if actual.outcome.is_ok() && !lost && !goes_without {
            let wanted = |fault| !expected_suppressed.contains(fault);
            let guest = world.memory.all_in(wanted).build();
            let log = RefCell::default();
            let machine = Machine { log: &log, ..machine };
            let again = guest.vm().with(|vmi| {
                with_error!(case.error, run_once(vmi, machine, &case.program, &suppressed))
            });
            prop_assert_eq!(again, actual.outcome);
        }
    }
}
