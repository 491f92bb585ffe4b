//! What an operation costs until it has its data.

use prober::{
    FaultError, PageFaults, PageIn, SuppressedPages, retry,
    testing::{Guest, GuestDriver},
};
use vmi_core::{AddressContext, VmiState, os::NoOS};

/// The state of a guest without an operating system.
pub type State<'a> = VmiState<'a, NoOS<GuestDriver>>;

/// What [`measure`] counted.
#[derive(Debug)]
pub struct Measured<R> {
    /// What the operation came to.
    pub result: R,
    /// How often it ran.
    pub runs: usize,
    /// The batches that it left for the pager.
    pub batches: Vec<Vec<AddressContext>>,
    /// What nothing backs.
    pub suppressed: SuppressedPages,
    /// Pages that the pager brought in.
    pub paged_in: u64,
    /// Pages that reads touched, in all runs.
    pub reads: u64,
}

impl<T, E> Measured<Result<T, E>> {
    /// Takes the error out.
    ///
    /// # Errors
    ///
    /// That of the operation.
    pub fn transpose(self) -> Result<Measured<T>, E> {
        Ok(Measured {
            result: self.result?,
            runs: self.runs,
            batches: self.batches,
            suppressed: self.suppressed,
            paged_in: self.paged_in,
            reads: self.reads,
        })
    }
}

/// Runs an operation under [`retry`], with the guest as the pager.
pub fn measure<T, E: FaultError>(
    guest: &Guest,
    mut operation: impl FnMut(&State<'_>, &SuppressedPages) -> Result<T, E>,
) -> Measured<Result<T, E>> {
    let (mut runs, mut batches) = (0, Vec::new());
    let mut suppressed = SuppressedPages::new();
    let mut pager = |faults: &PageFaults, refused: &mut SuppressedPages| {
        batches.push(faults.iter().copied().collect());
        PageIn::page_in(&mut &*guest, faults, refused)
    };
    let vm = guest.vm();
    guest.reset_counts();
    let result = retry(&mut pager, &mut suppressed, |suppressed| {
        runs += 1;
        vm.with(|vmi| operation(vmi, suppressed))
    });
    let counts = guest.counts();
    Measured {
        result,
        runs,
        batches,
        suppressed,
        paged_in: counts.paged_in,
        reads: counts.reads,
    }
}
