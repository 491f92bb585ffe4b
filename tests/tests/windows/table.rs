//! The table that the example prints.

use prober_tests::{
    measured::Measured,
    windows::{LOST, builder, expected},
};

use super::listing::table::{Row, table};

/// The longest chain of missing pages: PEB, loader data, an entry for each module, the last one's name.
fn longest_chain() -> usize {
    let guest = builder().build();
    let modules = guest
        .processes()
        .iter()
        .map(|process| process.modules.len());
    3 + modules.max().unwrap_or(0)
}

#[test]
fn every_form_gives_what_the_builder_was_told() -> Result<(), Box<dyn std::error::Error>> {
    let expected = expected(&builder().build(), &LOST);
    for Row { name, measured } in table()? {
        assert_eq!(measured.result, expected, "{name}");
    }
    Ok(())
}

#[test]
fn what_each_form_takes() -> Result<(), Box<dyn std::error::Error>> {
    let table = table()?;
    let [plain, by_hand, ordinary, options, queue, job] = &table[..] else {
        panic!("{} rows", table.len())
    };
    for Row { name, measured } in &table {
        // Each page that the listing needs, once.
        assert_eq!((measured.paged_in, measured.in_vain), (44, 2), "{name}");
    }
    for Row { name, measured } in [plain, by_hand] {
        assert_eq!(measured.runs, 44 + 2 + 1, "{name}: a page in each run");
    }
    for Row { name, measured } in [ordinary, options, job] {
        assert_eq!(measured.runs, longest_chain() + 1, "{name}");
        assert!(3 * measured.reads <= plain.measured.reads, "{name}");
    }
    // A thread's operation waits for the pages of its own address space alone.
    assert!(queue.measured.runs > 3 * job.measured.runs);
    assert!(queue.measured.runs < plain.measured.runs);
    Ok(())
}

/// The table of the guide is the one that the example prints.
#[test]
fn the_guide_has_these_numbers() -> Result<(), Box<dyn std::error::Error>> {
    let guide = include_str!("../../../prober/docs/numbers.md");
    for Row { name, measured } in table()? {
        let Measured {
            runs,
            paged_in,
            reads,
            in_vain,
            ..
        } = measured;
        let row = format!("| {name} | {runs} | {paged_in} | {reads} | {in_vain} |\n");
        assert!(guide.contains(&row), "the guide is to say: {row}");
    }
    Ok(())
}
