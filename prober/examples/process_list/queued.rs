//! Event loops over a guest that takes one page fault at a time, and only those of the address space that it runs in.

use prober::{
    FaultError, FaultQueue, Missing, PageFaults, PageIn, SuppressedPages,
    testing::{Guest, Vm},
};
use vmi_core::{AddressContext, Pa, VmiError};

use super::measured::State;

/// What an event loop counted.
#[derive(Debug)]
pub struct Queued<T> {
    /// The result of the operation.
    pub result: T,
    /// How often it ran.
    pub runs: usize,
    /// Pages that the guest brought in.
    pub paged_in: u64,
    /// Pages that reads touched, in all runs.
    pub reads: u64,
}

/// Runs an operation of one thread until it needs no more pages. When what is missing belongs to other address spaces,
/// the next event comes from one of them.
///
/// # Errors
///
/// Those of the operation that are not about missing pages.
///
/// # Panics
///
/// Never: a batch is not empty.
pub fn thread<T, E: FaultError + Into<VmiError>>(
    guest: &Guest,
    operation: impl FnMut(&State<'_>, &SuppressedPages) -> Result<T, E>,
) -> Result<Queued<T>, VmiError> {
    let queue = FaultQueue::new();
    drive(
        guest,
        &queue,
        operation,
        |vmi, call| queue.run(vmi, call),
        to_wanted,
    )
}

/// Runs an operation as a job, in a loop that meets all address spaces in turn.
///
/// # Errors
///
/// Those of the operation that are not about missing pages.
///
/// # Panics
///
/// When there are no address spaces.
pub fn job<T, E: FaultError + Into<VmiError>>(
    guest: &Guest,
    roots: &[Pa],
    operation: impl FnMut(&State<'_>, &SuppressedPages) -> Result<T, E>,
) -> Result<Queued<T>, VmiError> {
    let mut spaces = roots.iter().cycle();
    drive_job(guest, operation, |vm, _| {
        switch_to(vm, *spaces.next().expect("an address space"));
    })
}

/// Runs an operation as a job, in a loop that waits for an address space that the job wants. There are fewer events
/// than with [`job`], and as many runs.
///
/// # Errors
///
/// Those of the operation that are not about missing pages.
///
/// # Panics
///
/// Never: a batch is not empty.
#[allow(dead_code, reason = "for the benchmark of many processes")]
pub fn job_where_wanted<T, E: FaultError + Into<VmiError>>(
    guest: &Guest,
    operation: impl FnMut(&State<'_>, &SuppressedPages) -> Result<T, E>,
) -> Result<Queued<T>, VmiError> {
    drive_job(guest, operation, to_wanted)
}

fn drive_job<T, E: FaultError + Into<VmiError>>(
    guest: &Guest,
    operation: impl FnMut(&State<'_>, &SuppressedPages) -> Result<T, E>,
    next_event: impl FnMut(&Vm, Option<&PageFaults>),
) -> Result<Queued<T>, VmiError> {
    let queue = FaultQueue::new();
    let job = queue.job();
    drive(
        guest,
        &queue,
        operation,
        |vmi, call| job.run(vmi, call),
        next_event,
    )
}

/// An operation as a queue calls it.
type Call<'a, T, E> = &'a mut dyn FnMut(&SuppressedPages) -> Result<T, E>;

fn drive<T, E>(
    guest: &Guest,
    queue: &FaultQueue,
    mut operation: impl FnMut(&State<'_>, &SuppressedPages) -> Result<T, E>,
    mut step: impl FnMut(&State<'_>, Call<'_, T, E>) -> Result<T, VmiError>,
    mut next_event: impl FnMut(&Vm, Option<&PageFaults>),
) -> Result<Queued<T>, VmiError> {
    let vm = guest.vm();
    let mut runs = 0;
    guest.reset_counts();
    let result = loop {
        vm.flush();
        let result = vm.with(|vmi| {
            step(vmi, &mut |suppressed| {
                runs += 1;
                operation(vmi, suppressed)
            })
        });
        let wanted = match result.as_ref().err().and_then(FaultError::missing) {
            Some(Missing::PageFault(fault)) => {
                inject(guest, queue, fault);
                None
            }
            Some(Missing::PageFaults(faults)) => Some(faults),
            _ => break result?,
        };
        next_event(&vm, wanted);
    };
    let counts = guest.counts();
    Ok(Queued {
        result,
        runs,
        paged_in: counts.paged_in,
        reads: counts.reads,
    })
}

/// Makes the guest serve a fault, or refuse it.
fn inject(guest: &Guest, queue: &FaultQueue, fault: AddressContext) {
    let mut refused = SuppressedPages::empty();
    PageIn::page_in(&mut &*guest, &PageFaults::from_iter([fault]), &mut refused)
        .expect("the guest is a pager without errors");
    if refused.contains(&fault) {
        queue.refuse(fault);
    }
}

/// The next event comes from an address space with a page that is waited for, if this one has none.
fn to_wanted(vm: &Vm, wanted: Option<&PageFaults>) {
    if let Some(faults) = wanted {
        switch_to(vm, faults.first().expect("a batch is not empty").root);
    }
}

fn switch_to(vm: &Vm, root: Pa) {
    vm.change_registers(|registers| registers.cr3.0 = root.0);
}
