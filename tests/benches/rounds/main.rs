//! How often an operation runs until it has its data, and what it reads:
//! counted, not timed. Prints a table, with `--plot FILE` draws a part of it,
//! and with `--long` adds 5,000 processes, which take an hour.

mod chains;
mod independent;
mod plot;
#[path = "../../examples/process_list/by_hand.rs"]
mod processes_by_hand;
#[path = "../../examples/process_list/plain.rs"]
mod processes_plain;
#[path = "../../examples/process_list/options.rs"]
mod processes_probed;
mod queued;

use std::{env, fmt, fmt::Debug};

use indexmap::IndexSet;
use prober::{FaultError, SuppressedPages, testing::Guest};
use prober_tests::{
    measured::{Measured, State, measure},
    process_list::Layout,
};
use vmi_core::{AddressContext, VmiError};

/// What an operation took in one of the ways to write it.
#[derive(Clone, Copy)]
struct Count {
    runs: usize,
    reads: u64,
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} / {}", self.runs, self.reads)
    }
}

impl<R> From<&Measured<R>> for Count {
    fn from(measured: &Measured<R>) -> Self {
        Self {
            runs: measured.runs,
            reads: measured.reads,
        }
    }
}

/// What an operation took in all ways.
struct Row {
    name: String,
    /// The longest chain of missing pages, and the run that finds all there.
    /// Fewer runs do where pages of the chain come in for another's sake.
    least_runs: usize,
    plain: Count,
    by_hand: Count,
    probed: Count,
    /// In an event loop only pages of the current address space can be
    /// injected, so each space takes runs of its own.
    queued: Count,
    paged_in: u64,
}

/// The ways to write one operation.
struct Ways<P, H, A> {
    plain: P,
    by_hand: H,
    probed: A,
}

impl<P, H, A> Ways<P, H, A> {
    /// Runs each way on a guest of its own, for what one brings in the next
    /// would find. All must come to the same.
    fn row<T, E>(mut self, name: String, longest_chain: usize, guest: impl Fn() -> Guest) -> Row
    where
        T: Debug + PartialEq,
        E: FaultError + Into<VmiError> + Debug,
        P: FnMut(&State<'_>, &SuppressedPages) -> Result<T, VmiError>,
        H: FnMut(&State<'_>, &IndexSet<AddressContext>) -> Result<T, VmiError>,
        A: FnMut(&State<'_>, &SuppressedPages) -> Result<T, E>,
    {
        let plain = measure(&guest(), self.plain).transpose().unwrap();
        let by_hand = measure(&guest(), |vmi, suppressed| {
            (self.by_hand)(vmi, &suppressed.iter().copied().collect())
        });
        let by_hand = by_hand.transpose().unwrap();
        let probed = measure(&guest(), &mut self.probed).transpose().unwrap();
        assert_eq!(plain.result, probed.result);
        assert_eq!(by_hand.result, probed.result);
        assert_eq!(plain.paged_in, probed.paged_in);
        assert_eq!(by_hand.paged_in, probed.paged_in);

        let (result, queued, paged_in) = queued::measure(&guest(), self.probed);
        assert_eq!(result.unwrap(), probed.result);
        assert_eq!(paged_in, probed.paged_in);
        Row {
            name,
            least_runs: longest_chain + 1,
            plain: Count::from(&plain),
            by_hand: Count::from(&by_hand),
            probed: Count::from(&probed),
            queued,
            paged_in: probed.paged_in,
        }
    }
}

fn processes(name: String, layout: &Layout) -> Row {
    let list = layout.build();
    let head = list.head;
    Ways {
        plain: |vmi: &State<'_>, suppressed: &_| processes_plain::processes(vmi, head, suppressed),
        by_hand: |vmi: &State<'_>, suppressed: &_| {
            processes_by_hand::processes(vmi, head, suppressed)
        },
        probed: |vmi: &State<'_>, suppressed: &_| {
            processes_probed::processes(vmi, head, suppressed)
        },
    }
    .row(name, list.longest_chain, || layout.build().guest)
}

/// In half as many address spaces.
fn processes_of(number: u64) -> Row {
    processes(format!("{number} processes"), &Layout::new(number))
}

fn processes_of_one_space(number: u64) -> Row {
    let layout = Layout {
        spaces: 1,
        ..Layout::new(number)
    };
    processes(format!("{number} processes, one address space"), &layout)
}

fn main() {
    let args = env::args().collect::<Vec<_>>();
    // Without that it is a test, which is not to take long.
    let has = |flag: &str| args.iter().any(|arg| arg == flag);
    let mut rows = vec![independent::row()];
    rows.extend([1, 4, 16].map(|length| chains::row(1, length)));
    rows.extend([1, 4, 16].map(|length| chains::row(8, length)));
    rows.extend([processes_of_one_space(50), processes_of(50)]);
    if has("--bench") {
        rows.push(processes_of(500));
    }
    if has("--long") {
        rows.push(processes_of(5000));
    }

    println!(
        "| runs / reads | pages brought in | longest chain + 1 | plain `?` | `VmiProber` by hand \
         | `#[probed]`, `retry` | `#[probed]`, `FaultQueue` |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|");
    for row in rows {
        println!(
            "| {} | {} | {} | {} | {} | {} | {} |",
            row.name, row.paged_in, row.least_runs, row.plain, row.by_hand, row.probed, row.queued
        );
    }
    if let Some(flag) = args.iter().position(|arg| arg == "--plot") {
        let path = args.get(flag + 1).expect("a path behind `--plot`");
        let rows = (1..=16).map(|length| chains::row(8, length));
        std::fs::write(path, plot::draw(&rows.collect::<Vec<_>>())).expect("the plot is written");
    }
}
