//! What reads and faults cost. `tests/benches/run` counts instructions with it
//! under valgrind: `cost TIMES CASE..`. Without arguments it measures the time
//! of reads.

// The cases are of one type, and each stands in a module of its own.
#![allow(clippy::unnecessary_wraps, clippy::wildcard_imports)]

mod accessors;
mod faults;
mod machine;
mod operations;
mod queue;
mod reads;

use std::{env, fmt, hint::black_box};

use vmi_core::VmiError;

use self::machine::{Machine, Vmi};

/// Something done a number of times.
struct Case {
    name: &'static str,
    run: fn(&Vmi<'_>, u64) -> Result<u64, VmiError>,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// A function as a case by its path.
macro_rules! case {
    ($module:ident::$function:ident) => {
        $crate::Case {
            name: concat!(stringify!($module), "::", stringify!($function)),
            run: $module::$function,
        }
    };
}
use case;

fn cases() -> impl Iterator<Item = &'static Case> {
    [
        reads::CASES,
        accessors::CASES,
        operations::CASES,
        faults::CASES,
        queue::CASES,
    ]
    .into_iter()
    .flatten()
}

/// Reads that are timed together, so that what takes a number of
/// `µs` takes as many nanoseconds a read.
const TIMES: u64 = 1000;

#[divan::bench(args = reads::CASES)]
fn reads(bencher: divan::Bencher, case: &Case) {
    let machine = Machine::new();
    bencher.bench_local(|| machine.with(|vmi| (case.run)(vmi, black_box(TIMES))));
}

/// The function under which valgrind counts.
#[inline(never)]
fn measured(case: &Case, vmi: &Vmi<'_>, times: u64) {
    let result = (case.run)(vmi, black_box(times));
    black_box(result).expect("the case succeeds");
}

fn main() {
    let mut args = env::args().skip(1);
    let Some(Ok(times)) = args.next().map(|times| times.parse()) else {
        return divan::main();
    };
    // One machine for all: the caches hash with a random seed, which decides
    // how much a look-up costs.
    Machine::new().with(|vmi| {
        for name in args {
            let case = cases().find(|case| case.name == name);
            let case = case.unwrap_or_else(|| panic!("no case is called {name}"));
            // For what is made on first use.
            (case.run)(vmi, 1).expect("the case succeeds");
            measured(case, vmi, times);
        }
    });
}
