//! An event loop over a guest that takes one page fault at a time, and only
//! those of the address space that it runs in.

use prober::{
    FaultError, FaultQueue, Missing, PageFaults, PageIn, SuppressedPages, testing::Guest,
};
use prober_tests::measured::State;
use vmi_core::VmiError;

use super::Count;

/// Runs an operation until it needs no more pages: what it came to, what that
/// took, and how many pages were brought in.
pub(crate) fn measure<T, E: FaultError + Into<VmiError>>(
    guest: &Guest,
    mut operation: impl FnMut(&State<'_>, &SuppressedPages) -> Result<T, E>,
) -> (Result<T, VmiError>, Count, u64) {
    let (mut vm, queue) = (guest.vm(), FaultQueue::new());
    let mut runs = 0;
    guest.reset_counts();
    let result = loop {
        let result = vm.with(|vmi| {
            queue.run(vmi, |suppressed| {
                runs += 1;
                operation(vmi, suppressed)
            })
        });
        let fault = match result.as_ref().err().and_then(FaultError::missing) {
            Some(Missing::PageFault(fault)) => fault,
            Some(Missing::PageFaults(others)) => {
                // The next event comes from the address space of one of them.
                let root = others.first().expect("a batch is never empty").root;
                vm = guest.space(root).vm();
                continue;
            }
            _ => break result,
        };
        let mut refused = SuppressedPages::empty();
        PageIn::page_in(&mut &*guest, &PageFaults::from_iter([fault]), &mut refused)
            .expect("the guest is a pager without errors");
        if refused.contains(&fault) {
            queue.refuse(fault);
        }
    };
    let counts = guest.counts();
    let reads = counts.reads;
    (result, Count { runs, reads }, counts.paged_in)
}
