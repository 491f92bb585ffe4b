//! Lists the processes of a guest most of which is paged out, and compares what that takes: with plain `?`, with
//! `vmi_core::VmiProber` by hand, and with both forms of `#[probed]`.
//!
//! The listing itself is in `ordinary.rs`, and the same by other means in `plain.rs`, `by_hand.rs` and `options.rs`.

mod by_hand;
mod options;
mod ordinary;
mod plain;

use std::error::Error;

use indexmap::IndexSet;
use prober_tests::{
    measured::{Measured, measure},
    process_list::{Layout, Process},
};

/// How many processes there are.
const PROCESSES: u64 = 50;

/// How many of them are shown.
const SHOWN: usize = 5;

fn main() -> Result<(), Box<dyn Error>> {
    let layout = Layout::new(PROCESSES);

    // Each on a guest of its own: what one brings in the next would find.
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

    println!(
        "{PROCESSES} processes, most of whose pages are paged out; until the list is complete:\n"
    );
    println!(
        "{:22}{:>6}{:>18}{:>13}",
        "", "runs", "pages brought in", "guest reads"
    );
    for (name, measured) in [
        ("plain `?`", &plain),
        ("`VmiProber` by hand", &by_hand),
        ("`#[probed]`", &ordinary),
        ("`#[probed(options)]`", &options),
    ] {
        let Measured {
            runs,
            paged_in,
            reads,
            ..
        } = measured;
        println!("{name:22}{runs:>6}{paged_in:>18}{reads:>13}");
    }
    println!(
        "\nThe longest chain of missing pages, each only found through the one before, has {} pages.\n\
         vmi-core's `VmiProber` finds all pages of a run, but reports the first only.\n\
         All four give the same list, from tests/examples/process_list/{{plain,by_hand,ordinary,options}}.rs:\n",
        list.longest_chain
    );
    print_processes(&ordinary.result);

    assert_eq!(plain.result, ordinary.result);
    assert_eq!(by_hand.result, ordinary.result);
    assert_eq!(options.result, ordinary.result);
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
