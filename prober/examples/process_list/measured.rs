//! What an operation costs until it has its data.

use prober::{
    FaultError, PageFaults, PageIn, SuppressedPages, retry,
    testing::{Guest, GuestDriver, Vm},
};
use vmi_arch_amd64::Amd64;
use vmi_core::{
    AddressContext, VmiState,
    os::{NoOS, VmiOs},
};

/// The state of a guest without an operating system.
pub type State<'a> = VmiState<'a, NoOS<GuestDriver>>;

/// What [`measure`] counted.
#[derive(Debug)]
pub struct Measured<R> {
    /// The result of the operation.
    pub result: R,
    /// How often it ran.
    pub runs: usize,
    /// The batches that it left for the pager.
    pub batches: Vec<Vec<AddressContext>>,
    /// What nothing backs.
    pub suppressed: SuppressedPages,
    /// Pages that the pager brought in.
    pub paged_in: u64,
    /// Pages that the pager was asked for in vain, for nothing backs them.
    pub in_vain: u64,
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
            in_vain: self.in_vain,
            reads: self.reads,
        })
    }
}

/// Runs an operation under [`retry`], with the guest as the pager.
pub fn measure<T, E: FaultError>(
    guest: &Guest,
    operation: impl FnMut(&State<'_>, &SuppressedPages) -> Result<T, E>,
) -> Measured<Result<T, E>> {
    measure_vm(&guest.vm(), operation)
}

/// The same with an operating system.
pub fn measure_vm<T, E, Os>(
    vm: &Vm<Os>,
    mut operation: impl FnMut(&VmiState<'_, Os>, &SuppressedPages) -> Result<T, E>,
) -> Measured<Result<T, E>>
where
    E: FaultError,
    Os: VmiOs<Architecture = Amd64, Driver = GuestDriver>,
{
    let guest = vm.guest();
    let (mut runs, mut batches) = (0, Vec::new());
    let mut suppressed = SuppressedPages::new();
    let mut pager = |faults: &PageFaults, refused: &mut SuppressedPages| {
        batches.push(faults.iter().copied().collect());
        PageIn::page_in(&mut &*guest, faults, refused)
    };
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
        in_vain: counts.refused,
        reads: counts.reads,
    }
}
