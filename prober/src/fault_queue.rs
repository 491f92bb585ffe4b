//! The queue of an event loop: its settings, and what is called at an event. `run`
//! has what a call does, and which page it hands out; `state` has all that waits.

mod job;
mod may_inject;
mod outcome;
mod question;
mod run;
mod run_error;
mod settings;
mod state;
mod stats;
mod step;
mod veto;
mod walk;

use std::{
    any::type_name,
    cell::{Cell, RefCell, RefMut},
    fmt,
    panic::Location,
    rc::Rc,
};

use vmi_core::{AddressContext, Pa, Registers, Va, VmiError, VmiOs, VmiRead, VmiState};

pub use self::{job::Job, may_inject::MayInject, run_error::RunError, stats::Stats, step::Step};
use self::{
    outcome::{as_they_are, as_vmi_errors},
    settings::Settings,
    state::{Operation, State, Thread, Waiter},
    veto::Veto,
};
use crate::{FaultError, SuppressedPages};

/// Brings in missing pages by injecting page faults into the guest, one at a
/// time: for event loops.
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
/// It has three forms: [`step`](Self::step), whose answer is a value;
/// [`run`](Self::run) and [`run_or_skip`](Self::run_or_skip), which a handler
/// of vmi-utils' reactor can return; and a [`Job`], for an operation that
/// belongs to no thread.
///
/// It is a cheap handle: clones share one queue, settings included. It is not
/// [`Send`], as vmi-core's sessions are not. Take a clone out of `self` before
/// an operation that borrows `self`.
///
/// - Pending faults belong to the interrupted thread, which is identified by
///   the translation root and the stack pointer of the event. They are dropped
///   if it [does not come back](Self::forget_after) for a while. (One that
///   comes back with another operation is handed its old pages first, which
///   costs injections and nothing else.)
/// - The page that was injected least often comes first. Pages that came in
///   meanwhile are dropped: each is looked up in the page tables, past the V2P
///   cache. (The reads of the operation do use that cache; as ever, flush it
///   at the start of each event.)
/// - An injection may be lost. It counts against its page when the thread that
///   it was made for is back and still misses the page, whatever happened in
///   between; after [`max_injections`](Self::max_injections) of these the page
///   is suppressed. It is also suppressed after
///   [`max_injections_in_all`](Self::max_injections_in_all), counted over all
///   threads, if it never came in, or came in and was paged out again within
///   one operation.
/// - Only pages of the current translation root are handed out, and those of
///   the kernel half. (With [`ask_os`](Self::ask_os), also those of the other
///   root of the same process.)
/// - Before a page is handed out a [veto](Self::may_inject) is asked. The
///   default never hands out a page of the kernel half while the guest runs in
///   the user half.
/// - What the queue itself suppressed [expires](Self::suppress_for), and goes
///   with its [root](Self::forget_root). Pages that the caller put in stay. A
///   page of the kernel half that was given up or refused under three roots is
///   suppressed under all.
/// - All that it keeps is bounded, for a guest makes threads as it likes. Past
///   a bound, what waits longest is dropped, and [counted](Stats::dropped).
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

    veto: RefCell<Veto>,

    /// Whether a run is under way.
    running: Cell<bool>,
}

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
            veto: RefCell::default(),
            running: Cell::new(false),
        }))
    }

    /// How often a page is injected in vain before it is suppressed: 3 unless
    /// it is set. With 0 nothing is injected.
    #[must_use]
    pub fn max_injections(self, per_page: u32) -> Self {
        self.set(|settings| settings.max_injections = per_page)
    }

    /// How often a page is injected in all before it is suppressed, for
    /// whatever threads and operations, if it never comes in: 64 unless it is
    /// set. It holds for a page that comes in and goes out again, too, within
    /// one operation.
    #[must_use]
    pub fn max_injections_in_all(self, per_page: u32) -> Self {
        self.set(|settings| settings.max_injections_in_all = per_page)
    }

    /// For how many runs a page stays suppressed that the queue itself
    /// suppressed: 100,000 unless it is set. A run is one call of
    /// [`step`](Self::step), [`run`](Self::run) or
    /// [`run_or_skip`](Self::run_or_skip), for any thread or [`Job`].
    ///
    /// After that the page is injected again when it is missing: what nothing
    /// backed then may be backed now. If it is suppressed anew, it stays so for
    /// twice as long, and so on: an operation that lacks more pages than can be
    /// injected in that time comes to an end, too.
    #[must_use]
    pub fn suppress_for(self, runs: u64) -> Self {
        self.set(|settings| settings.suppress_for = runs)
    }

    /// After how many runs, of any thread, the pending faults of a thread that
    /// does not come back are dropped: 10,000 unless it is set.
    #[must_use]
    pub fn forget_after(self, runs: u64) -> Self {
        self.set(|settings| settings.forget_after = runs)
    }

    /// After how many of its steps a [`Job`] gives up the pages of an address
    /// space (or of the kernel half), if none of them could be served meanwhile:
    /// 10,000 unless it is set. Set it to the number of events in the time that
    /// you are ready to wait for a process that sleeps.
    #[must_use]
    pub fn wait_for_space(self, steps: u64) -> Self {
        self.set(|settings| settings.wait_for_space = steps)
    }

    /// How many pages may be pending, in all threads and jobs together: 65,536
    /// unless it is set. Past it, the thread that waits longest is forgotten.
    #[must_use]
    pub fn max_pending(self, pages: usize) -> Self {
        self.set(|settings| settings.max_pending = pages)
    }

    /// How many threads may have pending pages: 10,000 unless it is set. Past
    /// it, the one that waits longest is forgotten.
    #[must_use]
    pub fn max_threads(self, threads: usize) -> Self {
        self.set(|settings| settings.max_threads = threads)
    }

    /// How many injections are remembered, so that they can count against
    /// their pages: 65,536 unless it is set. Past it, the oldest is forgotten,
    /// and a page whose injections are forgotten may be injected without end:
    /// set it well above the number of pages that your operations may miss at
    /// once.
    #[must_use]
    pub fn max_hand_outs(self, injections: usize) -> Self {
        self.set(|settings| settings.max_hand_outs = injections)
    }

    /// How many pages the queue itself suppresses: 65,536 unless it is set.
    /// Past it, the oldest is suppressed no longer, and will be injected again:
    /// set it well above the number of pages that nothing backs and that your
    /// operations may need.
    #[must_use]
    pub fn max_suppressed(self, pages: usize) -> Self {
        self.set(|settings| settings.max_suppressed = pages)
    }

    /// How often one run calls its operation at most: 16 unless it is set. A
    /// second call takes a page that was suppressed since the first.
    #[must_use]
    pub fn max_calls(self, per_run: u32) -> Self {
        self.set(|settings| settings.max_calls = per_run)
    }

    /// Whether the OS layer is asked about the interrupted process: not unless
    /// it is set.
    ///
    /// - Before a page of the user half is handed out, it is asked whether the
    ///   guest could serve the fault. If not, the page is suppressed, and
    ///   [counted](Stats::invalid). If the question itself meets a page fault,
    ///   that page is handed out first.
    /// - The two roots that a process has under KPTI (KVA shadow) are taken for
    ///   one address space.
    ///
    /// It asks for the current process, its roots, `is_valid_address` and the
    /// region of an address. An answer `Some(false)` is believed where the
    /// address lies in no region or in a private one.
    ///
    /// # Panics
    ///
    /// Runs panic where the OS layer does when it is asked, as
    /// [`NoOS`](vmi_core::os::NoOS) and vmi-os-linux 0.13.
    #[must_use]
    pub fn ask_os(self, ask: bool) -> Self {
        self.set(|settings| settings.ask_os = ask)
    }

    fn set(self, set: impl FnOnce(&mut Settings)) -> Self {
        set(&mut self.state().settings);
        self
    }

    /// Sets the veto, which is asked before each hand-out with the registers of
    /// the event and the fault. It takes the place of the default.
    ///
    /// The default answers [`NotNow`](MayInject::NotNow) for a page of the
    /// kernel half (bit 63 set) while the instruction pointer is in the user
    /// half: an operating system treats such a fault as an access violation of
    /// the program. The default checks nothing else. On amd64 take the veto of the
    /// guest's operating system instead (feature `amd64`):
    ///
    /// ```
    /// # #[cfg(feature = "amd64")] {
    /// use prober::{FaultQueue, amd64};
    ///
    /// let faults = FaultQueue::new().may_inject(amd64::windows_veto);
    /// # }
    /// ```
    ///
    /// With a veto for the registers of another architecture than the guest's,
    /// each run fails at once.
    #[must_use]
    pub fn may_inject<R: Registers + 'static>(
        self,
        veto: impl Fn(&R, &AddressContext) -> MayInject + 'static,
    ) -> Self {
        self.0.veto.replace(Veto::new(veto));
        self
    }

    /// Creates a job: an operation that belongs to no thread. It shares the
    /// suppressed pages, settings and statistics of this queue.
    #[must_use]
    pub fn job(&self) -> Job {
        Job::new(self)
    }

    /// Runs an operation for the interrupted thread, or hands out a page that
    /// it still waits for, and says what the event loop does next.
    ///
    /// The operation is called with the suppressed pages, which it passes on
    /// to `#[probed]` functions or to a [`VmiProber`](crate::VmiProber). It is
    /// called again only after a page was handed out or suppressed, so its
    /// side effects belong after its last read, as with
    /// [`settle!`](crate::settle).
    ///
    /// Its error may be any [`FaultError`], also `anyhow::Error` (feature
    /// `anyhow`). With each answer but [`Step::Inject`], nothing stays pending
    /// for the thread.
    #[track_caller]
    pub fn step<T, E, Os>(
        &self,
        vmi: &VmiState<'_, Os>,
        operation: impl FnMut(&SuppressedPages) -> Result<T, E>,
    ) -> Step<T, E>
    where
        E: FaultError,
        Os: VmiOs,
        Os::Driver: VmiRead,
    {
        let of_thread = of_thread(vmi, &operation);
        self.advance(vmi, of_thread, operation, &as_they_are())
    }

    /// Takes a [`step`](Self::step) for the interrupted thread, with an answer
    /// that a handler can return with `?`. The operation's error must convert
    /// into [`VmiError`]; [`step`](Self::step) takes any other.
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
    #[track_caller]
    pub fn run<T, E, Os>(
        &self,
        vmi: &VmiState<'_, Os>,
        operation: impl FnMut(&SuppressedPages) -> Result<T, E>,
    ) -> Result<T, VmiError>
    where
        E: RunError,
        Os: VmiOs,
        Os::Driver: VmiRead,
    {
        let of_thread = of_thread(vmi, &operation);
        self.advance(vmi, of_thread, operation, &as_vmi_errors())
            .into_result()
    }

    /// Takes a [`step`](Self::step) as [`run`](Self::run) does, and gives
    /// `Ok(None)` when data that it needs is unavailable at this event.
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
    #[track_caller]
    pub fn run_or_skip<T, E, Os>(
        &self,
        vmi: &VmiState<'_, Os>,
        operation: impl FnMut(&SuppressedPages) -> Result<T, E>,
    ) -> Result<Option<T>, VmiError>
    where
        E: RunError,
        Os: VmiOs,
        Os::Driver: VmiRead,
    {
        let of_thread = of_thread(vmi, &operation);
        self.advance(vmi, of_thread, operation, &as_vmi_errors())
            .into_result_or_skip()
    }

    /// Suppresses a page that the guest says it cannot serve, as it does by
    /// the exception that it raises for an injected fault.
    ///
    /// Counts only for a page that this queue handed out under that root and
    /// has not found in the page tables since: a fault of the guest's own
    /// changes nothing.
    ///
    /// ```
    /// use prober::FaultQueue;
    /// use vmi_core::{AddressContext, Va, VmiOs, VmiState};
    ///
    /// /// The guest raised an access violation at `va`. Returns whether an
    /// /// injection was its cause, so that the program is not to see it.
    /// fn access_violation<Os: VmiOs>(faults: &FaultQueue, vmi: &VmiState<'_, Os>, va: Va) -> bool {
    ///     let fault = vmi.address_context(va);
    ///     let is_ours = faults.is_handed_out(&fault);
    ///     faults.refuse(fault);
    ///     is_ours
    /// }
    /// ```
    pub fn refuse(&self, fault: AddressContext) {
        self.state().refuse(fault);
    }

    /// Suppresses a page that the interrupted process says it cannot serve, as
    /// [`refuse`](Self::refuse) does, under either of its roots: under KPTI
    /// user mode runs on another one than the kernel, in which the page may
    /// have been handed out.
    ///
    /// The OS layer says which roots belong together
    /// ([`ask_os`](Self::ask_os)). If it is not asked, the page counts only if
    /// it was handed out to exactly one address space, and nothing else was
    /// handed out under the current root.
    ///
    /// ```
    /// use prober::FaultQueue;
    /// use vmi_core::{Va, VmiOs, VmiRead, VmiState};
    ///
    /// /// The guest raised an access violation at `va`.
    /// fn access_violation<Os>(faults: &FaultQueue, vmi: &VmiState<'_, Os>, va: Va)
    /// where
    ///     Os: VmiOs,
    ///     Os::Driver: VmiRead,
    /// {
    ///     faults.refuse_at(vmi, va);
    /// }
    /// ```
    pub fn refuse_at<Os>(&self, vmi: &VmiState<'_, Os>, va: Va)
    where
        Os: VmiOs,
        Os::Driver: VmiRead,
    {
        let fault = self.hand_out_at(vmi, vmi.address_context(va));
        if let Some(fault) = fault {
            self.refuse(fault);
        }
    }

    /// Whether [`refuse`](Self::refuse) would count for this page. A handler
    /// that sees an exception of the guest can tell by it that an injection
    /// was the cause.
    #[must_use]
    pub fn is_handed_out(&self, fault: &AddressContext) -> bool {
        self.state().is_handed_out(fault)
    }

    /// Forgets all about a translation root, but for pages that the caller
    /// suppressed: for the end of a process, whose root will be used again.
    pub fn forget_root(&self, root: Pa) {
        self.state().forget_root(root);
    }

    /// The suppressed pages: the caller's and the queue's own.
    #[must_use]
    pub fn suppressed(&self) -> SuppressedPages {
        SuppressedPages::clone(self.state().suppressed())
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

/// Identifies an operation that is run for the interrupted thread.
#[track_caller]
fn of_thread<F, Os: VmiOs>(vmi: &VmiState<'_, Os>, _: &F) -> Operation {
    Operation {
        waiter: Waiter::Thread(Thread::of(vmi.registers())),
        place: Some((Location::caller(), type_name::<F>())),
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
                .field("waiting_threads", &state.waiters.threads())
                .field("stats", &state.stats);
        }
        debug.finish_non_exhaustive()
    }
}
