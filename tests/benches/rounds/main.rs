//! How often an operation runs until it has its data, and what it reads:
//! counted, not timed. Prints a table, with `--plot FILE` draws a part of it,
//! and with `--long` adds 5,000 processes, which take an hour; with `--jobs`
//! prints what a `Job` takes alone, also of 5,000 processes.

mod chains;
mod independent;
mod plot;
#[path = "../../../prober/examples/process_list/by_hand.rs"]
mod processes_by_hand;
#[path = "../../../prober/examples/process_list/plain.rs"]
mod processes_plain;
#[path = "../../../prober/examples/process_list/options.rs"]
mod processes_probed;

use std::{env, fmt, fmt::Debug};

use indexmap::IndexSet;
use prober::{FaultError, SuppressedPages, testing::Guest};
use prober_tests::{
    measured::{Measured, State, measure},
    process_list as list,
    process_list::Layout,
    queued::{self, Queued},
};
use vmi_core::{AddressContext, Pa, VmiError};

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

impl<R> From<&Queued<R>> for Count {
    fn from(queued: &Queued<R>) -> Self {
        Self {
            runs: queued.runs,
            reads: queued.reads,
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
    /// injected, so for a thread each space takes runs of its own.
    queued: Count,
    /// As a job, which any event of any of the address spaces serves.
    job: Count,
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
    fn row<T, E>(
        mut self,
        name: String,
        longest_chain: usize,
        guest: impl Fn() -> (Guest, Vec<Pa>),
    ) -> Row
    where
        T: Debug + PartialEq,
        E: FaultError + Into<VmiError> + Debug,
        P: FnMut(&State<'_>, &SuppressedPages) -> Result<T, VmiError>,
        H: FnMut(&State<'_>, &IndexSet<AddressContext>) -> Result<T, VmiError>,
        A: FnMut(&State<'_>, &SuppressedPages) -> Result<T, E>,
    {
        let plain = measure(&guest().0, self.plain).transpose().unwrap();
        let by_hand = measure(&guest().0, |vmi, suppressed| {
            (self.by_hand)(vmi, &suppressed.iter().copied().collect())
        });
        let by_hand = by_hand.transpose().unwrap();
        let probed = measure(&guest().0, &mut self.probed).transpose().unwrap();
        assert_eq!(plain.result, probed.result);
        assert_eq!(by_hand.result, probed.result);
        assert_eq!(plain.paged_in, probed.paged_in);
        assert_eq!(by_hand.paged_in, probed.paged_in);

        let queued = queued::thread(&guest().0, &mut self.probed).unwrap();
        assert_eq!(queued.result, probed.result);
        assert_eq!(queued.paged_in, probed.paged_in);

        let (guest, roots) = guest();
        let job = queued::job(&guest, &roots, self.probed).unwrap();
        assert_eq!(job.result, probed.result);
        assert_eq!(job.paged_in, probed.paged_in);
        Row {
            name,
            least_runs: longest_chain + 1,
            plain: Count::from(&plain),
            by_hand: Count::from(&by_hand),
            probed: Count::from(&probed),
            queued: Count::from(&queued),
            job: Count::from(&job),
            paged_in: probed.paged_in,
        }
    }
}

/// A guest with one address space.
fn of_one_space(guest: Guest) -> (Guest, Vec<Pa>) {
    let root = guest.root();
    (guest, vec![root])
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
    .row(name, list.longest_chain, || {
        let list = layout.build();
        (list.guest, list.roots)
    })
}

/// What a job takes to list so many processes, the kernel's list resident or
/// not.
fn print_jobs(number: u64) {
    for resident_kernel in [true, false] {
        let list = Layout {
            resident_kernel,
            ..Layout::new(number)
        }
        .build();
        let job = queued::job_where_wanted(&list.guest, |vmi, suppressed| {
            processes_probed::processes(vmi, list.head, suppressed)
        });
        let job = job.unwrap();
        assert_eq!(job.result, list.processes);
        println!(
            "| {number} | {} | {} | {} | {} | {} |",
            list.roots.len(),
            if resident_kernel { "resident" } else { "out" },
            job.paged_in,
            list.longest_chain + 1,
            job.runs
        );
    }
}

/// In half as many address spaces.
fn processes_of(number: u64) -> Row {
    processes(format!("{number} processes"), &Layout::new(number))
}

/// As Windows keeps them: the kernel's objects are resident.
fn processes_of_a_resident_kernel(number: u64) -> Row {
    let layout = Layout {
        resident_kernel: true,
        ..Layout::new(number)
    };
    processes(
        format!("{number} processes, the kernel's list resident"),
        &layout,
    )
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
    if has("--jobs") {
        println!(
            "| processes | address spaces | the kernel's list | pages brought in \
             | longest chain + 1 | runs of a `Job` |"
        );
        println!("|--:|--:|---|--:|--:|--:|");
        [50, 500, 5000].into_iter().for_each(print_jobs);
        return;
    }
    let mut rows = vec![independent::row()];
    rows.extend([1, 4, 16].map(|length| chains::row(1, length)));
    rows.extend([1, 4, 16].map(|length| chains::row(8, length)));
    rows.extend([
        processes_of_one_space(50),
        processes_of_a_resident_kernel(50),
        processes_of(50),
    ]);
    if has("--bench") {
        rows.extend([processes_of_a_resident_kernel(500), processes_of(500)]);
    }
    if has("--long") {
        rows.extend([processes_of_a_resident_kernel(5000), processes_of(5000)]);
    }

    println!(
        "| runs / reads | pages brought in | longest chain + 1 | plain `?` | `VmiProber` by hand \
         | `#[probed(options)]`, `retry` | `FaultQueue` | `Job` |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|");
    for row in rows {
        println!(
            "| {} | {} | {} | {} | {} | {} | {} | {} |",
            row.name,
            row.paged_in,
            row.least_runs,
            row.plain,
            row.by_hand,
            row.probed,
            row.queued,
            row.job
        );
    }
    if let Some(flag) = args.iter().position(|arg| arg == "--plot") {
        let path = args.get(flag + 1).expect("a path behind `--plot`");
        let rows = (1..=16).map(|length| chains::row(8, length));
        std::fs::write(path, plot::draw(&rows.collect::<Vec<_>>())).expect("the plot is written");
    }
}
