mod may_inject;
mod run;
mod state;
mod stats;

use std::{
    any::Any,
    cell::{Cell, RefCell, RefMut},
    fmt,
    rc::Rc,
};

use vmi_core::{AddressContext, Pa, Registers, VmiError, VmiOs, VmiRead, VmiState};

pub use self::{may_inject::MayInject, stats::Stats};
use self::{run::Stop, state::State};
use crate::{FaultError, SuppressedPages};

/// Has missing pages brought in by a guest that takes one injected page fault
/// at a time: for event loops.
///
/// A handler passes its operation through [`run`](Self::run). Where the
/// operation fails with a batch of page faults, the queue keeps the batch and
/// hands out one of its pages as [`VmiError::Translation`], which the loop
/// injects: vmi-utils' reactor does so with every such error that a handler
/// returns. The guest serves the fault and repeats the instruction, the event
/// comes again, and `run` hands out the next page, without running the
/// operation: that runs again only when the queue is dry. (A pager that can
/// serve a batch while we wait takes a [`retry`](crate::retry) instead.)
///
/// It is a cheap handle: clones share one queue. Take one out of `self` before
/// an operation that borrows `self`.
///
/// - Pending faults belong to the interrupted thread, which is told by the
///   translation root and the stack pointer of the event. They are dropped if
///   it [does not come back](Self::forget_after) for a while. (One that comes
///   back with another operation is handed its old pages first, which costs
///   injections and nothing else.)
/// - The page that was injected least often comes first. Pages that came in
///   meanwhile are dropped: each is looked up in the page tables, past the V2P
///   cache. (The reads of the operation do use that cache; as ever, flush it
///   at the start of each event.)
/// - An injection may be lost. It counts against its page only when the same
///   thread comes back and still misses the page; after
///   [`max_injections`](Self::max_injections) of these the page is suppressed.
/// - Only pages of the current translation root are handed out, and those of
///   the kernel half.
/// - Before a page is handed out a [veto](Self::may_inject) is asked. The
///   default never hands out a page of the kernel half while the guest runs in
///   the user half.
/// - What the queue itself suppressed [expires](Self::suppress_for). Pages
///   that the caller put in stay.
///
/// A `run` within the operation of another run of the same queue leaves the
/// faults to the outer one.
///
/// # Examples
///
/// ```
/// use prober::{FaultQueue, SuppressedPages, VmiProber, vmi_probe};
/// use vmi_core::{Va, VmiContext, VmiError, VmiOs, VmiRead, VmiState};
///
/// struct Handler {
///     faults: FaultQueue,
///     sum: u64,
/// }
///
/// impl Handler {
///     // The error is the one to inject, or one that is not about a fault.
///     fn handle<Os>(&mut self, vmi: &VmiContext<'_, Os>) -> Result<(), VmiError>
///     where
///         Os: VmiOs,
///         Os::Driver: VmiRead,
///     {
///         let faults = self.faults.clone();
///         if let Some(sum) = faults.run_or_skip(vmi, |suppressed| read(vmi, suppressed))? {
///             self.sum += sum;
///         }
///         Ok(())
///     }
/// }
///
/// fn read<Os>(vmi: &VmiState<'_, Os>, suppressed: &SuppressedPages) -> prober::Result<u64>
/// where
///     Os: VmiOs,
///     Os::Driver: VmiRead,
/// {
///     let prober = VmiProber::new(suppressed);
///     let a = vmi_probe!(prober, vmi.read_u64(Va(0x40_0000)))?;
///     let b = vmi_probe!(prober, vmi.read_u64(Va(0x50_0000)))?;
///     prober.error_for_page_faults()?;
///     Ok(a.unwrap_or(0) + b.unwrap_or(0))
/// }
/// ```
#[derive(Clone)]
pub struct FaultQueue(Rc<Shared>);

struct Shared {
    /// Never borrowed while an operation or a veto runs.
    state: RefCell<State>,

    /// A [`Veto`] for the registers of some architecture; `None` for the
    /// default.
    veto: RefCell<Option<Rc<dyn Any>>>,

    /// Whether a run is under way.
    running: Cell<bool>,
}

type Veto<R> = Box<dyn Fn(&R, &AddressContext) -> MayInject>;

impl FaultQueue {
    /// Creates a queue that suppresses what no guest can ever serve
    /// ([`SuppressedPages::new`]).
    #[must_use]
    pub fn new() -> Self {
        Self::with_suppressed(SuppressedPages::new())
    }

    /// Creates a queue with suppressed pages of the caller's. They neither
    /// expire nor go with their translation root.
    #[must_use]
    pub fn with_suppressed(suppressed: SuppressedPages) -> Self {
        Self(Rc::new(Shared {
            state: RefCell::new(State::new(suppressed)),
            veto: RefCell::new(None),
            running: Cell::new(false),
        }))
    }

    /// How often a page is injected without coming in before it is
    /// suppressed: 3 unless it is set. With 0 nothing is injected.
    #[must_use]
    pub fn max_injections(self, per_page: u32) -> Self {
        self.state().max_injections = per_page;
        self
    }

    /// For how many runs a page stays suppressed that the queue itself
    /// suppressed: 100,000 unless it is set. A run is one call of
    /// [`run`](Self::run) or [`run_or_skip`](Self::run_or_skip), for any
    /// thread.
    ///
    /// After that the page is injected again when it is missing: what nothing
    /// backed then may be backed now.
    #[must_use]
    pub fn suppress_for(self, runs: u64) -> Self {
        self.state().suppress_for = runs;
        self
    }

    /// After how many runs, of any thread, the pending faults of a thread that
    /// does not come back are dropped: 10,000 unless it is set.
    #[must_use]
    pub fn forget_after(self, runs: u64) -> Self {
        self.state().forget_after = runs;
        self
    }

    /// Sets the veto, which is asked before each hand-out with the registers of
    /// the event and the fault. It takes the place of the default.
    ///
    /// The default answers [`NotNow`](MayInject::NotNow) for a page of the
    /// kernel half (bit 63 set) while the instruction pointer is in the user
    /// half: an operating system takes a fault there for an access violation
    /// of the program. It knows the halves alone; one for amd64 can ask for
    /// the ring:
    ///
    /// ```
    /// use prober::{FaultQueue, MayInject};
    /// use vmi_arch_amd64::Registers;
    /// use vmi_core::AddressContext;
    ///
    /// let faults = FaultQueue::new().may_inject(|registers: &Registers, fault: &AddressContext| {
    ///     let user_mode = registers.cs.selector.request_privilege_level() == 3;
    ///     let kernel_half = fault.va.0 >> 63 == 1;
    ///     if user_mode && kernel_half {
    ///         MayInject::NotNow
    ///     } else {
    ///         MayInject::Now
    ///     }
    /// });
    /// ```
    ///
    /// A veto for the registers of another architecture than the guest's lets
    /// no page through.
    #[must_use]
    pub fn may_inject<R: Registers + 'static>(
        self,
        veto: impl Fn(&R, &AddressContext) -> MayInject + 'static,
    ) -> Self {
        let veto: Veto<R> = Box::new(veto);
        self.0.veto.replace(Some(Rc::new(veto)));
        self
    }

    /// Runs an operation for the interrupted thread, or hands out a page that
    /// it still waits for.
    ///
    /// The operation is called with the suppressed pages, which it passes on
    /// to `#[probed]` functions or to a [`VmiProber`](crate::VmiProber). It is
    /// called again only after a page was handed out or suppressed, so its
    /// side effects belong after its last read, as with
    /// [`settle!`](crate::settle).
    ///
    /// # Errors
    ///
    /// - [`VmiError::Translation`]: inject this fault, resume the guest, and
    ///   run the same operation when the thread is back.
    /// - [`Unavailable`](crate::Unavailable) behind [`VmiError::Os`]: the operation needs a page
    ///   that is suppressed.
    /// - A batch ([`PageFaults`](crate::PageFaults)) behind [`VmiError::Os`]: what is missing
    ///   cannot be injected at this event: it belongs to other translation
    ///   roots, or the veto says [`NotNow`](MayInject::NotNow).
    /// - Any other error of the operation.
    ///
    /// With each of them but the first, nothing stays pending for the thread.
    pub fn run<T, E, Os>(
        &self,
        vmi: &VmiState<'_, Os>,
        operation: impl FnMut(&SuppressedPages) -> Result<T, E>,
    ) -> Result<T, VmiError>
    where
        E: FaultError + Into<VmiError>,
        Os: VmiOs,
        Os::Driver: VmiRead,
    {
        self.run_or_stop(vmi, operation).map_err(|stop| match stop {
            Stop::Inject(fault) => VmiError::Translation(fault),
            Stop::Missing(error) | Stop::Failed(error) => error,
        })
    }

    /// Runs an operation as [`run`](Self::run) does, and gives `Ok(None)` when
    /// data that it needs is not to be had at this event.
    ///
    /// What a handler of vmi-utils' reactor wants: the reactor panics on
    /// errors other than [`VmiError::Translation`], and a guest can take away
    /// any page that a handler needs.
    ///
    /// # Errors
    ///
    /// - [`VmiError::Translation`]: inject this fault, resume the guest, and
    ///   run the same operation when the thread is back.
    /// - Any error of the operation that is not about missing data.
    pub fn run_or_skip<T, E, Os>(
        &self,
        vmi: &VmiState<'_, Os>,
        operation: impl FnMut(&SuppressedPages) -> Result<T, E>,
    ) -> Result<Option<T>, VmiError>
    where
        E: FaultError + Into<VmiError>,
        Os: VmiOs,
        Os::Driver: VmiRead,
    {
        match self.run_or_stop(vmi, operation) {
            Ok(value) => Ok(Some(value)),
            Err(Stop::Inject(fault)) => Err(VmiError::Translation(fault)),
            Err(Stop::Missing(error)) => {
                tracing::debug!(%error, "skipped");
                Ok(None)
            }
            Err(Stop::Failed(error)) => Err(error),
        }
    }

    /// Suppresses a page that the guest says it cannot serve, as it does by
    /// the exception that it raises for an injected fault.
    ///
    /// Counts only for a page that this queue handed out and has not found in
    /// the page tables since: a fault of the guest's own changes nothing. The
    /// address decides if no page was handed out under this root, for under
    /// KPTI user mode runs on another one.
    pub fn refuse(&self, fault: AddressContext) {
        self.state().refuse(&fault);
    }

    /// Whether [`refuse`](Self::refuse) would count for this page. A handler
    /// that sees an exception of the guest can tell by it that an injection
    /// was the cause.
    #[must_use]
    pub fn is_handed_out(&self, fault: &AddressContext) -> bool {
        self.state().is_handed_out(fault)
    }

    /// Forgets all about a translation root, but for pages of the kernel half
    /// and those that the caller suppressed: for the end of a process, whose
    /// root will be used again.
    pub fn forget_root(&self, root: Pa) {
        self.state().forget_root(root);
    }

    /// The suppressed pages: the caller's and the queue's own.
    #[must_use]
    pub fn suppressed(&self) -> SuppressedPages {
        self.state().suppressed().clone()
    }

    /// What the queue did so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.state().stats
    }

    fn state(&self) -> RefMut<'_, State> {
        self.0.state.borrow_mut()
    }
}

/// The same as [`FaultQueue::new`].
impl Default for FaultQueue {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for FaultQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("FaultQueue");
        if let Ok(state) = self.0.state.try_borrow() {
            debug
                .field("waiting_threads", &state.threads())
                .field("stats", &state.stats);
        }
        debug.finish_non_exhaustive()
    }
}
