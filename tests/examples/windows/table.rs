//! What the listing takes in each of its forms, on guests of their own: what one brings in the next would find.

use indexmap::IndexSet;
use prober_tests::{
    measured::Measured,
    windows::{ProcessRow, lossy, measure},
};

use super::{by_hand, options, ordinary, plain};

/// A row of the table.
pub(crate) struct Row {
    /// How the listing is written.
    pub(crate) name: &'static str,
    /// What it gave, and what it took.
    pub(crate) measured: Measured<Vec<ProcessRow>>,
}

/// The listing in each of its forms, under `retry`.
pub(crate) fn table() -> Result<Vec<Row>, Box<dyn std::error::Error>> {
    let plain = measure(&lossy(), plain::processes).transpose()?;
    let by_hand = measure(&lossy(), |vmi, suppressed| {
        let suppressed = suppressed.iter().copied().collect::<IndexSet<_>>();
        by_hand::processes(vmi, &suppressed)
    });
    let by_hand = by_hand.transpose()?;
    let ordinary = measure(&lossy(), ordinary::processes).transpose()?;
    let options = measure(&lossy(), options::processes).transpose()?;
    let rows = [
        ("plain `?`", plain),
        ("`VmiProber` by hand", by_hand),
        ("`#[probed]`", ordinary),
        ("`#[probed(options)]`", options),
    ];
    let rows = rows.map(|(name, measured)| Row { name, measured });
    Ok(rows.into())
}
