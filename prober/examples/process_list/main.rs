//! Lists the processes of a guest that is mostly paged out, and compares what that takes: with plain `?`, with
//! `vmi_core::VmiProber` by hand, and with both forms of `#[probed]`; with a pager, and in an event loop.
//!
//! ```sh
//! cargo run --example process_list
//! ```
//!
//! The listing itself is in `ordinary.rs`, and the same by other means in `plain.rs`, `by_hand.rs` and `options.rs`.

mod by_hand;
#[allow(dead_code, unreachable_pub)] // Tests use the rest of it.
mod list;
#[allow(dead_code, unreachable_pub)] // Tests use the rest of it.
mod measured;
mod options;
mod ordinary;
mod plain;
#[allow(unreachable_pub)] // Tests use it, too.
mod queued;

use std::error::Error;

use indexmap::IndexSet;

use self::{
    list::{Layout, Process},
    measured::measure,
};

/// How many processes there are.
const PROCESSES: u64 = 50;

/// How many of them are shown.
const SHOWN: usize = 5;

fn main() -> Result<(), Box<dyn Error>> {
    let layout = Layout::new(PROCESSES);

    // Each on a guest of its own: what one brings in, the next would find.
    let list = layout.build();
    let plain = measure(&list.guest, |vmi, suppressed| {
        plain::processes(vmi, list.head, suppressed)
    })
    .transpose()?;

    let list = layout.build();
    let by_hand = measure(&list.guest, |vmi, suppressed| {
        let suppressed = suppressed.iter().copied().collect::<IndexSet<_>>();
        by_hand::processes(vmi, list.head, &suppressed)
    })
    .transpose()?;

    let list = layout.build();
    let ordinary = measure(&list.guest, |vmi, suppressed| {
        ordinary::processes(vmi, list.head, suppressed)
    })
    .transpose()?;

    let list = layout.build();
    let options = measure(&list.guest, |vmi, suppressed| {
        options::processes(vmi, list.head, suppressed)
    })
    .transpose()?;

    let list = layout.build();
    let thread = queued::thread(&list.guest, |vmi, suppressed| {
        ordinary::processes(vmi, list.head, suppressed)
    })?;

    let list = layout.build();
    let job = queued::job(&list.guest, &list.roots, |vmi, suppressed| {
        ordinary::processes(vmi, list.head, suppressed)
    })?;

    println!(
        "The guest: {PROCESSES} processes in {} address spaces; {} pages of what is read are paged out, and nothing \
         backs {} more.\nUntil the list is complete:\n",
        list.roots.len(),
        plain.paged_in,
        plain.in_vain,
    );
    let titles = ["runs", "pages brought in", "guest reads"];
    println!(
        "{:34}{:>6}{:>18}{:>13}",
        "", titles[0], titles[1], titles[2]
    );
    for (name, runs, paged_in, reads) in [
        ("plain `?`", plain.runs, plain.paged_in, plain.reads),
        (
            "`VmiProber` by hand",
            by_hand.runs,
            by_hand.paged_in,
            by_hand.reads,
        ),
        (
            "`#[probed]`",
            ordinary.runs,
            ordinary.paged_in,
            ordinary.reads,
        ),
        (
            "`#[probed(options)]`",
            options.runs,
            options.paged_in,
            options.reads,
        ),
        (
            "`#[probed]`, `FaultQueue`, a thread",
            thread.runs,
            thread.paged_in,
            thread.reads,
        ),
        (
            "`#[probed]`, `FaultQueue`, a `Job`",
            job.runs,
            job.paged_in,
            job.reads,
        ),
    ] {
        println!("{name:37}{runs:>6}{paged_in:>18}{reads:>13}");
    }
    let largest = |batches: &[Vec<_>]| batches.iter().map(Vec::len).max().unwrap_or(0);
    println!(
        "\nThe longest chain of missing pages, each only found through the one before, has {} pages.\n\
         A batch of plain `?` and of `VmiProber` is one page (vmi-core's `VmiProber` finds all pages of a run, but\n\
         reports the first only); the largest of `#[probed]` is {}, of `#[probed(options)]` {}.\n\
         All give the same list, from prober/examples/process_list/{{plain,by_hand,ordinary,options}}.rs:\n",
        list.longest_chain,
        largest(&ordinary.batches),
        largest(&options.batches),
    );
    print_processes(&ordinary.result);

    assert_eq!(plain.result, ordinary.result);
    assert_eq!(by_hand.result, ordinary.result);
    assert_eq!(options.result, ordinary.result);
    assert_eq!(thread.result, ordinary.result);
    assert_eq!(job.result, ordinary.result);
    Ok(())
}

fn print_processes(processes: &[Process]) {
    println!("{:>5}  {:16}path", "pid", "name");
    for Process { pid, name, path } in processes.iter().take(SHOWN) {
        let path = path.as_deref().unwrap_or("<unserviceable>");
        println!("{pid:>5}  {name:16}{path}");
    }
    println!("   .. and {} more", processes.len().saturating_sub(SHOWN));
}
