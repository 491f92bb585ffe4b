//! The prober: it records the faults of an operation, those of suppressed pages
//! apart from the batch; merges the batches of what that calls; and counts misses.

use std::{
    cell::{Cell, RefCell},
    fmt,
    panic::Location,
};

use vmi_core::{AddressContext, VmiError};

use crate::{
    FaultError, Missing, PageFaults, PageSet, ProbeError, ProbeLimit, SuppressedPages, Unavailable,
    known::Known,
};

/// Batches the page faults of a sequence of reads.
///
/// `#[probed]` uses it behind the scenes. Code written by hand for
/// `vmi_core::VmiProber` compiles after changing the import. It then behaves
/// differently in three ways: [`error_for_page_faults`] returns *every*
/// recorded fault, addresses are compared by page, and the suppressed set is
/// borrowed, whatever its size.
///
/// 1. Make a prober with the set of pages known to be unserviceable.
/// 2. Pass each read through [`probe`], [`check_result`] or [`vmi_probe!`]:
///    `Ok(Some(value))` when the data was there, `Ok(None)` when it faulted.
///    The fault is recorded, unless its page is suppressed.
/// 3. Return what [`error_for_page_faults`] gives: an event loop injects the
///    faults ([`FaultQueue`](crate::FaultQueue)), or a pager serves them
///    ([`retry`](crate::retry)), and the operation runs again.
///
/// Dropping a prober whose faults were never asked for logs a warning.
///
/// [`error_for_page_faults`]: Self::error_for_page_faults
/// [`probe`]: Self::probe
/// [`check_result`]: Self::check_result
/// [`vmi_probe!`]: crate::vmi_probe
///
/// # Examples
///
/// ```
/// use prober::{SuppressedPages, VmiProber, vmi_probe};
/// use vmi_core::{VmiError, VmiOs, VmiRead, VmiState, Va};
///
/// fn sum<Os>(vmi: &VmiState<'_, Os>, a: Va, b: Va, suppressed: &SuppressedPages) -> Result<u64, VmiError>
/// where
///     Os: VmiOs,
///     Os::Driver: VmiRead,
/// {
///     let prober = VmiProber::new(suppressed);
///     let a = vmi_probe!(prober, vmi.read_u64(a))?;
///     let b = vmi_probe!(prober, vmi.read_u64(b))?;
///     prober.error_for_page_faults()?;
///     Ok(a.unwrap_or(0) + b.unwrap_or(0))
/// }
/// ```
#[must_use = "a prober does nothing until a read is passed through it"]
pub struct VmiProber<'s> {
    suppressed: &'s dyn PageSet,

    /// How many probes may miss in a row; `None` where no limit is kept.
    limit: Option<u32>,

    /// How many probes have missed since the last one that succeeded.
    missed: Cell<u32>,

    /// How many probes have missed.
    missed_in_all: Cell<u32>,

    /// The limit that cut off a probe.
    cut_off: Cell<Option<ProbeLimit>>,

    found: RefCell<Found>,

    /// Whether a fault was recorded, or the run of the caller is doomed.
    doomed: Cell<bool>,

    /// The set that is passed to callees, which inherit the doom through it.
    shared: Option<&'s SuppressedPages>,

    /// How to look into the error that the function declares.
    known: Option<Known>,
}

/// What the reads of a prober met.
#[derive(Debug, Default)]
struct Found {
    /// The faults whose pages are not suppressed.
    faults: PageFaults,

    /// The suppressed pages.
    suppressed: PageFaults,

    /// Whether faults were recorded since they were last asked for.
    unreported: bool,

    /// Whether the function is left because the value of a probe was needed.
    needed: bool,

    /// Whether the search of a doomed run has ended before its time.
    search_ended: bool,
}

impl<'s> VmiProber<'s> {
    /// Creates a prober that does not record faults on suppressed pages.
    ///
    /// The set is borrowed: a [`SuppressedPages`](crate::SuppressedPages), or
    /// an `IndexSet<AddressContext>`.
    pub fn new<S: PageSet>(suppressed: &'s S) -> Self {
        Self::build(suppressed, None)
    }

    /// Creates a prober that lets at most `limit` probes miss in a row, and a
    /// fixed number in all.
    #[inline]
    pub(crate) fn with_limit(suppressed: &'s dyn PageSet, limit: u32) -> Self {
        Self::build(suppressed, Some(limit))
    }

    fn build(suppressed: &'s dyn PageSet, limit: Option<u32>) -> Self {
        Self {
            suppressed,
            limit,
            missed: Cell::new(0),
            missed_in_all: Cell::new(0),
            cut_off: Cell::new(None),
            found: RefCell::default(),
            doomed: Cell::new(false),
            shared: None,
            known: None,
        }
    }

    /// Creates the prober of a function, which inherits the doom of its caller.
    #[inline]
    pub(crate) fn inheriting(suppressed: &'s SuppressedPages, limit: u32) -> Self {
        let prober = Self::with_limit(suppressed, limit);
        prober.doomed.set(suppressed.is_doomed());
        prober
    }

    /// Passes the doom of the run on to callees, through their set.
    #[inline]
    pub(crate) fn sharing(mut self, set: &'s SuppressedPages) -> Self {
        self.shared = Some(set);
        self
    }

    #[inline]
    pub(crate) fn with_declared_error(mut self, known: Option<Known>) -> Self {
        self.known = known;
        self
    }

    pub(crate) fn known(&self) -> Option<Known> {
        self.known
    }

    /// Records that a probe succeeded.
    #[inline]
    pub(crate) fn hit(&self) {
        self.missed.set(0);
    }

    pub(crate) fn missed_in_a_row(&self) -> u32 {
        self.missed.get()
    }

    pub(crate) fn set_missed_in_a_row(&self, missed: u32) {
        self.missed.set(missed);
    }

    /// Whether the run can only end in an error: in a batch, or at the limit of
    /// probes.
    #[inline]
    pub(crate) fn is_doomed(&self) -> bool {
        self.doomed.get()
    }

    fn doom(&self) {
        self.doomed.set(true);
        if let Some(shared) = self.shared {
            shared.doom();
        }
    }

    /// [`note`](Self::note). Returns whether any fault is not suppressed.
    pub(crate) fn note_new(&self, missing: Missing<'_>, place: &Location<'_>) -> bool {
        self.note(missing, place);
        match missing {
            Missing::PageFault(fault) => !self.is_suppressed(&fault),
            Missing::PageFaults(faults) => faults.iter().any(|fault| !self.is_suppressed(fault)),
            Missing::Unavailable(_) | Missing::ProbeLimit(_) => false,
        }
    }

    /// Runs a read: gives `Ok(Some(value))`, or `Ok(None)` when it faulted. The
    /// fault is recorded.
    ///
    /// # Errors
    ///
    /// Any error of the read that is not about missing data.
    #[track_caller]
    #[inline]
    pub fn probe<T>(
        &self,
        read: impl FnOnce() -> Result<T, VmiError>,
    ) -> Result<Option<T>, VmiError> {
        self.check(read())
    }

    /// Takes the page fault out of the result of a read.
    ///
    /// `Ok(value)` becomes `Ok(Some(value))`. A fault is recorded, unless its
    /// page is suppressed, and becomes `Ok(None)`, as
    /// [`Unavailable`] does.
    ///
    /// # Errors
    ///
    /// Any other error.
    #[track_caller]
    #[inline]
    pub fn check_result<T>(&self, result: Result<T, VmiError>) -> Result<Option<T>, VmiError> {
        self.check(result)
    }

    /// [`check_result`](Self::check_result) for any error that can carry page
    /// faults: all faults of a batch are recorded.
    ///
    /// Use `check_result` for a `VmiError`, as code for vmi-core's prober does,
    /// and this for all other errors.
    ///
    /// # Errors
    ///
    /// Any error that is not about missing data.
    #[track_caller]
    #[inline]
    pub fn check<T, E: FaultError>(&self, result: Result<T, E>) -> Result<Option<T>, E> {
        match result {
            Ok(value) => {
                self.missed.set(0);
                Ok(Some(value))
            }
            Err(error) => self.check_error(error, Location::caller()).map(|()| None),
        }
    }

    /// The rare half of [`check`](Self::check).
    #[cold]
    fn check_error<E: FaultError>(&self, error: E, place: &Location<'_>) -> Result<(), E> {
        let Some(missing) = error.missing() else {
            return Err(error);
        };
        // Noted also where the probe is cut off: the page is missing.
        self.note(missing, place);
        self.count_miss()
    }

    /// Counts a probe that missed.
    ///
    /// # Errors
    ///
    /// If as many probes as allowed, in a row or in all, have missed before.
    pub(crate) fn count_miss<E: FaultError>(&self) -> Result<(), E> {
        let Some(limit) = self.limit else {
            return Ok(());
        };
        if self.missed_in_all.get() >= ProbeLimit::IN_ALL {
            return Err(self.cut(ProbeLimit::in_all()).into());
        }
        self.missed_in_all.set(self.missed_in_all.get() + 1);
        if self.missed.get() >= limit {
            return Err(self.cut(ProbeLimit::in_a_row(limit)).into());
        }
        self.missed.set(self.missed.get() + 1);
        Ok(())
    }

    /// Counts a function that failed because the run is doomed: no data was
    /// missing, but a loop of such calls must end.
    ///
    /// # Errors
    ///
    /// As many probes as are allowed in all have missed before.
    pub(crate) fn count_doomed(&self) -> Result<(), ProbeError> {
        if self.limit.is_some() && self.missed_in_all.get() >= ProbeLimit::IN_ALL {
            return Err(self.cut(ProbeLimit::in_all()));
        }
        self.missed_in_all.set(self.missed_in_all.get() + 1);
        Ok(())
    }

    /// Cuts a probe off.
    fn cut(&self, exceeded: ProbeLimit) -> ProbeError {
        self.cut_off.set(Some(exceeded));
        // The body may swallow the error; the gate does not.
        self.doom();
        ProbeError::Vmi(VmiError::os(exceeded))
    }

    /// The limit that cut off a probe, if one did.
    pub(crate) fn cut_off(&self) -> Option<ProbeLimit> {
        self.cut_off.get()
    }

    /// Records what an error says about missing data. Merges a callee's batch
    /// into this one.
    #[inline]
    pub(crate) fn note(&self, missing: Missing<'_>, place: &Location<'_>) {
        match missing {
            Missing::PageFault(fault) => self.record(fault, place),
            Missing::PageFaults(faults) => {
                for fault in faults {
                    self.record(*fault, place);
                }
            }
            Missing::Unavailable(unavailable) => {
                self.found
                    .borrow_mut()
                    .suppressed
                    .extend(unavailable.pages().iter().copied());
            }
            Missing::ProbeLimit(_) => {}
        }
    }

    #[inline]
    fn record(&self, fault: AddressContext, place: &Location<'_>) {
        let found = &mut *self.found.borrow_mut();
        let suppressed = self.suppressed.contains_page(&fault);
        tracing::trace!(va = %fault.va, root = %fault.root, %place, suppressed, "page fault");
        if suppressed {
            insert(&mut found.suppressed, fault);
        } else {
            insert(&mut found.faults, fault);
            found.unreported = true;
            self.doom();
        }
    }

    /// Whether the page of a fault is suppressed.
    pub(crate) fn is_suppressed(&self, fault: &AddressContext) -> bool {
        self.suppressed.contains_page(fault)
    }

    /// Whether any fault is recorded whose page is not suppressed.
    #[inline]
    pub(crate) fn is_pending(&self) -> bool {
        !self.found.borrow().faults.is_empty()
    }

    /// The faults recorded so far.
    #[must_use]
    pub fn page_faults(&self) -> PageFaults {
        let found = &mut *self.found.borrow_mut();
        found.unreported = false;
        found.faults.clone()
    }

    /// The recorded faults as an error, all of them.
    ///
    /// # Errors
    ///
    /// [`ProbeError::PageFaults`] when a fault is recorded. `?` converts it to
    /// a [`VmiError`], which holds the first.
    pub fn error_for_page_faults(&self) -> Result<(), ProbeError> {
        if self.is_pending() {
            Err(self.page_faults().into())
        } else {
            Ok(())
        }
    }

    /// [`error_for_page_faults`](Self::error_for_page_faults) of a prober that
    /// is not used any more: takes the faults out of it.
    pub(crate) fn take_page_faults(&self) -> Result<(), ProbeError> {
        let found = &mut *self.found.borrow_mut();
        if found.faults.is_empty() {
            return Ok(());
        }
        found.unreported = false;
        Err(std::mem::take(&mut found.faults).into())
    }

    /// The error of a missed probe whose value is needed. Noted here, because
    /// the declared error may not preserve it.
    #[cold]
    pub(crate) fn needed(&self, place: &Location<'_>) -> ProbeError {
        self.found.borrow_mut().needed = true;
        self.left_early(place)
    }

    /// The error of a `?` on a missing value, which leaves the function there.
    /// Logged, because what could be asked behind it takes another run.
    #[cold]
    pub(crate) fn left_early(&self, place: &Location<'_>) -> ProbeError {
        tracing::trace!(%place, "left early: a value that is needed here is missing");
        self.unavailable(None)
    }

    /// The error of a function that must not return `Ok` although it recorded
    /// no fault: its caller's run is doomed, or a probe exceeded the limit.
    #[cold]
    pub(crate) fn left_doomed(&self) -> ProbeError {
        match self.cut_off() {
            None if !self.found.borrow().search_ended => {
                Unavailable::by_doom(self.found.borrow().suppressed.clone()).into()
            }
            limit => self.unavailable(limit),
        }
    }

    /// Ends the search of a doomed run: the caller's ends with it.
    #[cold]
    pub(crate) fn end_search(&self) {
        self.found.borrow_mut().search_ended = true;
    }

    /// What an error becomes that says something is missing, where no fault is
    /// pending.
    #[cold]
    pub(crate) fn unavailable_as(&self, missing: Missing<'_>) -> ProbeError {
        if missing.is_by_doom() && self.is_doomed() {
            self.left_doomed()
        } else {
            self.unavailable(missing.limit())
        }
    }

    /// Whether [`needed`](Self::needed) was called.
    pub(crate) fn was_needed(&self) -> bool {
        self.found.borrow().needed
    }

    /// The error returned when a needed value is unavailable.
    #[cold]
    pub(crate) fn unavailable(&self, limit: Option<ProbeLimit>) -> ProbeError {
        Unavailable::new(self.found.borrow().suppressed.clone(), limit).into()
    }
}

/// Adds a fault to what a call keeps. That is bounded, even if the body goes on
/// after a probe was cut off: the next run finds the pages that are left out.
fn insert(faults: &mut PageFaults, fault: AddressContext) {
    if faults.len() < ProbeLimit::IN_ALL as usize {
        faults.insert(fault);
    }
}

impl fmt::Debug for VmiProber<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VmiProber")
            .field("found", &self.found)
            .field("missed", &self.missed)
            .finish_non_exhaustive()
    }
}

impl Drop for VmiProber<'_> {
    #[inline]
    fn drop(&mut self) {
        let found = self.found.get_mut();
        if found.unreported {
            tracing::warn!(faults = ?found.faults, "page faults were recorded and never reported");
        }
    }
}

/// Probes a read through a [`VmiProber`](crate::VmiProber):
/// `vmi_probe!(prober, EXPR)?` gives `Some(value)`, or `None` when the read
/// faulted.
///
/// The expression is put into a closure, so that a `?` in it is part of the
/// probe.
///
/// # Examples
///
/// ```
/// use prober::{SuppressedPages, VmiProber, vmi_probe};
/// use vmi_core::{AddressContext, Pa, Va, VmiError};
///
/// let fault = AddressContext::new(Va(0x40_0000), Pa(0x1000));
/// let suppressed = SuppressedPages::new();
/// let prober = VmiProber::new(&suppressed);
///
/// let read: Option<u64> = vmi_probe!(prober, Err(VmiError::Translation(fault)))?;
///
/// assert_eq!(read, None);
/// assert!(prober.page_faults().contains(&fault));
/// # Ok::<(), VmiError>(())
/// ```
#[macro_export]
macro_rules! vmi_probe {
    ($prober:expr, $expr:expr) => {
        $prober.check_result(
            (|| -> $crate::__private::Result<_, $crate::__private::VmiError> { $expr })(),
        )
    };
}
