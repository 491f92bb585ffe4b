//! What the listing takes in each of its forms, on guests of their own: what one brings in the next would find.

use indexmap::IndexSet;
use prober::{FaultQueue, amd64::windows_veto};
use prober_tests::{
    measured::Measured,
    windows::{PIDS, ProcessRow, in_turn, lossy, measure},
};

use super::{by_hand, options, ordinary, plain};

/// A row of the table.
pub(crate) struct Row {
    /// How the listing is written.
    pub(crate) name: &'static str,
    /// What it gave, and what it took.
    pub(crate) measured: Measured<Vec<ProcessRow>>,
}

/// The listing in each of its forms under `retry`, and in an event loop that meets the processes in turn.
pub(crate) fn table() -> Result<Vec<Row>, Box<dyn std::error::Error>> {
    let plain = measure(&lossy(), plain::processes).transpose()?;
    let by_hand = measure(&lossy(), |vmi, suppressed| {
        let suppressed = suppressed.iter().copied().collect::<IndexSet<_>>();
        by_hand::processes(vmi, &suppressed)
    });
    let by_hand = by_hand.transpose()?;
    let ordinary = measure(&lossy(), ordinary::processes).transpose()?;
    let options = measure(&lossy(), options::processes).transpose()?;
    let (guest, faults) = (lossy(), FaultQueue::new().may_inject(windows_veto));
    let queue = in_turn(&guest, &PIDS, &faults, |vmi| {
        faults.step(vmi, |suppressed| ordinary::processes(vmi, suppressed))
    })?;
    let (guest, faults) = (lossy(), FaultQueue::new().may_inject(windows_veto));
    let job = faults.job();
    let in_a_job = in_turn(&guest, &PIDS, &faults, |vmi| {
        job.step(vmi, |suppressed| ordinary::processes(vmi, suppressed))
    })?;
    let rows = [
        ("plain `?`", plain),
        ("`VmiProber` by hand", by_hand),
        ("`#[probed]`", ordinary),
        ("`#[probed(options)]`", options),
        ("`FaultQueue`", queue),
        ("`Job`", in_a_job),
    ];
    let rows = rows.map(|(name, measured)| Row { name, measured });
    Ok(rows.into())
}
