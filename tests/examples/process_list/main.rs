//! Lists the processes of a guest most of which is paged out, and compares what that takes with plain `?`, with
//! `vmi_core::VmiProber` by hand, and with `#[probed]`.
//!
//! The listing itself is in `probed.rs`, and the same by other means in `plain.rs` and `by_hand.rs`.

mod by_hand;
mod plain;
mod probed;

use std::error::Error;

use indexmap::IndexSet;
use prober_tests::{
    measured::{Measured, measure},
    process_list::{Layout, Process},
};

fn main() -> Result<(), Box<dyn Error>> {
    let layout = Layout::new(50);

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
    let probed = measure(&list.guest, |vmi, suppressed| {
        probed::processes(vmi, list.head, suppressed)
    })
    .transpose()?;

    print_processes(&probed.result);
    println!();
    println!(
        "{:20}{:>6}{:>18}{:>13}",
        "", "runs", "pages brought in", "guest reads"
    );
    for (name, measured) in [
        ("plain `?`", &plain),
        ("`VmiProber` by hand", &by_hand),
        ("`#[probed]`", &probed),
    ] {
        let Measured {
            runs,
            paged_in,
            reads,
            ..
        } = measured;
        println!("{name:20}{runs:>6}{paged_in:>18}{reads:>13}");
    }
    println!();
    println!(
        "Longest chain of missing pages, each of them only found through the one before: {}.\n\
         It bounds the runs of `#[probed]`: one more than that.",
        list.longest_chain
    );

    assert_eq!(plain.result, probed.result);
    assert_eq!(by_hand.result, probed.result);
    Ok(())
}

fn print_processes(processes: &[Process]) {
    println!("{:>5}  {:16}path", "pid", "name");
    for Process { pid, name, path } in processes {
        let path = path.as_deref().unwrap_or("<unserviceable>");
        println!("{pid:>5}  {name:16}{path}");
    }
}
