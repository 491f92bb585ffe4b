//! The listings of the example `process_list`: what comes out, and what it takes.

#[path = "../../../prober/examples/process_list/by_hand.rs"]
mod by_hand;
#[path = "../../../prober/examples/process_list/plain.rs"]
mod plain;
#[path = "../../../prober/examples/process_list/options.rs"]
mod probed;

use indexmap::IndexSet;
use prober::{PageFaults, ProbeError, SuppressedPages};
use prober_tests::{
    measured::{Measured, measure},
    process_list as list,
    process_list::{Layout, Process},
};
use vmi_core::{Va, VmiError};

fn probed(layout: &Layout) -> Measured<Vec<Process>> {
    let list = layout.build();
    let measured = measure(&list.guest, |vmi, suppressed| {
        probed::processes(vmi, list.head, suppressed)
    });
    measured.transpose().unwrap()
}

fn plain(layout: &Layout) -> Measured<Vec<Process>> {
    let list = layout.build();
    let measured = measure(&list.guest, |vmi, suppressed| {
        plain::processes(vmi, list.head, suppressed)
    });
    measured.transpose().unwrap()
}

fn by_hand(layout: &Layout) -> Measured<Vec<Process>> {
    let list = layout.build();
    let measured = measure(&list.guest, |vmi, suppressed| {
        let suppressed = suppressed.iter().copied().collect::<IndexSet<_>>();
        by_hand::processes(vmi, list.head, &suppressed)
    });
    measured.transpose().unwrap()
}

/// Few and many processes to a page of the list and to an address space.
fn layouts() -> [Layout; 4] {
    [
        Layout::new(50),
        Layout {
            entries_per_page: 1,
            ..Layout::new(50)
        },
        Layout {
            spaces: 1,
            entries_per_page: 13,
            ..Layout::new(60)
        },
        Layout {
            unbacked_blocks: vec![0, 1, 9],
            unbacked_paths: Vec::new(),
            entries_per_page: 64,
            spaces: 10,
            ..Layout::new(10)
        },
    ]
}

#[test]
fn all_processes_are_listed_in_order() {
    for layout in layouts() {
        let expected = layout.build().processes;
        assert_eq!(probed(&layout).result, expected);
        assert_eq!(plain(&layout).result, expected);
        assert_eq!(by_hand(&layout).result, expected);
    }
}

#[test]
fn those_without_a_path_are_those_that_nothing_backs() {
    let layout = Layout {
        unbacked_blocks: vec![3],
        unbacked_paths: vec![5, 8],
        ..Layout::new(10)
    };
    let Measured {
        result, suppressed, ..
    } = probed(&layout);
    let without: Vec<_> = (0..10)
        .filter(|&index| result[index].path.is_none())
        .collect();
    assert_eq!(without, [3, 5, 8]);
    assert_eq!(suppressed.iter().len(), 3);
}

#[test]
fn runs_are_bounded_by_the_longest_chain() {
    for layout in layouts() {
        let chain = layout.build().longest_chain;
        let runs = probed(&layout).runs;
        assert!(runs <= chain + 1, "{runs} runs for a chain of {chain}");
    }
}

/// Where no page is shared the chain's last page is found last: no fewer runs are possible.
#[test]
fn no_run_could_be_spared() {
    let layout = Layout::new(1);
    assert_eq!(probed(&layout).runs, layout.build().longest_chain + 1);
}

#[test]
fn others_need_more_for_the_same() {
    for layout in layouts() {
        let probed = probed(&layout);
        for other in [plain(&layout), by_hand(&layout)] {
            assert!(probed.runs < other.runs);
            assert!(probed.reads < other.reads);
            assert_eq!(probed.paged_in, other.paged_in);
        }
    }
}

#[test]
fn no_page_is_handed_over_twice() {
    for layout in layouts() {
        let Measured {
            batches,
            paged_in,
            suppressed,
            ..
        } = probed(&layout);
        let mut seen = PageFaults::new();
        for fault in batches.concat() {
            assert!(seen.insert(fault), "{fault} was handed over twice");
        }
        // And none for nothing: each came in or was refused.
        let refused = u64::try_from(suppressed.iter().len()).unwrap();
        assert_eq!(u64::try_from(seen.len()).unwrap(), paged_in + refused);
        assert!(suppressed.iter().all(|page| seen.contains(page)));
    }
}

#[test]
fn nothing_is_run_again_where_all_is_there() {
    let list = Layout {
        unbacked_blocks: Vec::new(),
        unbacked_paths: Vec::new(),
        ..Layout::new(50)
    }
    .build();
    let run = || {
        measure(&list.guest, |vmi, suppressed| {
            probed::processes(vmi, list.head, suppressed)
        })
    };
    run().result.unwrap();
    let again = run();
    assert_eq!(again.result.unwrap(), list.processes);
    assert_eq!((again.runs, again.paged_in), (1, 0));
}

#[test]
fn a_list_that_nothing_backs_is_unavailable() {
    let list = Layout::new(50).build();
    let second = list.guest.content(list.head, 8).try_into().unwrap();
    let second = u64::from_le_bytes(second);
    list.guest.unbacked(Va(second));
    let measured = measure(&list.guest, |vmi, suppressed| {
        probed::processes(vmi, list.head, suppressed)
    });
    let Err(ProbeError::Unavailable(unavailable)) = measured.result else {
        panic!("the list was read without one of its pages");
    };
    let pages: Vec<_> = unavailable
        .pages()
        .iter()
        .map(|page| page.va.0 >> 12)
        .collect();
    assert_eq!(pages, [second >> 12]);
}

/// The plain listing's error is the first fault of the batch that the probed one returns.
#[test]
fn batches_begin_with_what_plain_reads_meet() {
    let list = Layout::new(50).build();
    let suppressed = SuppressedPages::new();
    let vm = list.guest.vm();
    let Err(ProbeError::PageFaults(batch)) =
        vm.with(|vmi| probed::processes(vmi, list.head, &suppressed))
    else {
        panic!("all pages of the list are out");
    };
    let Err(VmiError::Translation(fault)) =
        vm.with(|vmi| plain::processes(vmi, list.head, &suppressed))
    else {
        panic!("all pages of the list are out");
    };
    assert_eq!(batch.first(), Some(&fault));
}
