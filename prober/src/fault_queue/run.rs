//! What a run of a `FaultQueue` does at an event: which page it hands out next
//! (`Run::next`), in the order of `state/waiting.rs`.

use std::{
    any::type_name,
    cell::{Cell, OnceCell},
};

use vmi_core::{AddressContext, VmiError, VmiOs, VmiRead, VmiState};

use super::{
    FaultQueue, MayInject, Step,
    outcome::{Outcome, Report},
    question::{self, Answer},
    state::{HandOutKind, Lane, Operation, Pending, Thread, Waiter, Waiting},
    walk::Walk,
};
use crate::{
    FaultError, ProbeError, SuppressedPages, Unavailable,
    page::{frame, is_kernel_half},
};

/// How many pages that the veto held back a job looks at in one event.
const MOST_HELD: usize = 16;

impl FaultQueue {
    /// Runs an operation for a waiter, or hands out a page that it waits for.
    pub(super) fn advance<T, E, X, Os>(
        &self,
        vmi: &VmiState<'_, Os>,
        operation: Operation,
        mut call: impl FnMut(&SuppressedPages) -> Result<T, E>,
        report: &Report<E, X>,
    ) -> Step<T, X>
    where
        E: FaultError,
        X: From<ProbeError>,
        Os: VmiOs,
        Os::Driver: VmiRead,
    {
        let Some(_running) = Running::begin(&self.0.running) else {
            // Bound, so that the state is free while the operation runs.
            let suppressed = self.state().suppressed_for(operation.waiter);
            return call(&suppressed)
                .map_or_else(|error| Step::Failed((report.within)(error)), Step::Done);
        };
        if !self.0.veto.borrow().is_for::<Os::Driver>() {
            let error = VmiError::Other("the veto is for the registers of another architecture");
            return Step::Failed(ProbeError::from(error).into());
        }
        let waiter = operation.waiter;
        let run = Run::new(self, vmi, operation);
        let is_quiet = self.state().begin(waiter);
        if !is_quiet {
            run.meet();
            if let Some(fault) = run.next(false) {
                return Step::Inject(fault);
            }
            if let Some(not_now) = run.waits_for_others() {
                return not_now;
            }
        }

        let mut calls = 0;
        let step = loop {
            let suppressed = self.state().call(waiter);
            calls += 1;
            let result = call(&suppressed);
            let batch = match Outcome::of(result, report) {
                Outcome::Value(value) => {
                    if !is_quiet || calls > 1 {
                        self.state().end(&operation);
                    }
                    return Step::Done(value);
                }
                Outcome::Unavailable(unavailable) => break Step::Unavailable(unavailable),
                Outcome::Failed(error) => break Step::Failed(error),
                Outcome::Missing { faults, one } => {
                    if one {
                        self.state().met_one_fault(type_name::<E>());
                    }
                    faults
                }
            };
            let batch = match Unavailable::unless_pending(batch, &suppressed) {
                Ok(batch) => batch,
                Err(unavailable) => break Step::Unavailable(unavailable),
            };
            drop(suppressed);

            let suppressions = self.state().suppressions();
            let gives_up = self.state().gives_up_in_vain(waiter, &batch);
            if !gives_up {
                let lanes = run.lanes();
                self.state()
                    .wait_for(waiter, &batch, |lane| lanes.contains(&Some(lane)));
                if let Some(fault) = run.next(true) {
                    return Step::Inject(fault);
                }
                if let Some(not_now) = run.waits_for_others() {
                    return not_now;
                }
            }
            // If a page was suppressed meanwhile, the next call may end in
            // another way.
            let goes_on = gives_up || self.state().suppressions() != suppressions;
            if !goes_on || calls >= self.state().settings.max_calls {
                break Step::NotNow(batch);
            }
        };
        self.state().end_in_vain(&operation);
        step
    }

    /// The page that an exception of the interrupted process is about, if this
    /// queue handed it out: under the current root, or under the other one of
    /// the same process.
    pub(super) fn hand_out_at<Os>(
        &self,
        vmi: &VmiState<'_, Os>,
        fault: AddressContext,
    ) -> Option<AddressContext>
    where
        Os: VmiOs,
        Os::Driver: VmiRead,
    {
        if self.state().is_handed_out(&fault) {
            return Some(fault);
        }
        if !self.state().settings.ask_os {
            return self.state().only_hand_out_at(&fault);
        }
        let roots = question::roots(vmi, frame(fault.root))?;
        let under = |root| AddressContext::new(fault.va, crate::page::root(root));
        roots
            .into_iter()
            .map(under)
            .find(|fault| self.state().is_handed_out(fault))
    }
}

/// A run of one operation at one event.
struct Run<'a, Os: VmiOs> {
    queue: &'a FaultQueue,
    vmi: &'a VmiState<'a, Os>,
    operation: Operation,
    thread: Thread,

    /// The other root of the interrupted process, once it was asked for.
    other_root: OnceCell<Option<u64>>,
}

impl<'a, Os> Run<'a, Os>
where
    Os: VmiOs,
    Os::Driver: VmiRead,
{
    fn new(queue: &'a FaultQueue, vmi: &'a VmiState<'a, Os>, operation: Operation) -> Self {
        let thread = match operation.waiter {
            Waiter::Thread(thread) => thread,
            Waiter::Job(_) => Thread::of(vmi.registers()),
        };
        Self {
            queue,
            vmi,
            operation,
            thread,
            other_root: OnceCell::new(),
        }
    }

    /// Meets the thread, whose page may be in, and the lanes of the event.
    fn meet(&self) {
        self.is_back();
        let waiter = self.operation.waiter;
        if self.queue.state().is_waiting(waiter) {
            let lanes = self.lanes();
            self.queue.state().step(waiter, lanes.into_iter().flatten());
        }
    }

    /// Looks what has become of the page that was handed to this thread.
    fn is_back(&self) {
        let waiter = self.operation.waiter;
        let handed = self.look(|waiting| waiting.handed(self.thread)).flatten();
        let Some(fault) = handed else { return };
        match Walk::to(self.vmi, &fault) {
            Walk::There => {
                let mut state = self.queue.state();
                state.is_back_and_has(waiter, self.thread, &fault);
            }
            Walk::Missing => {
                let mut state = self.queue.state();
                state.is_back_and_misses(&self.operation, self.thread, &fault);
            }
            // The operation will meet what it is that fails.
            Walk::Failed => {}
        }
    }

    /// The lanes of this event: the kernel half, and the interrupted process
    /// under one root or two.
    fn lanes(&self) -> [Option<Lane>; 3] {
        let other = self.other_root().map(Lane::User);
        [Some(Lane::Kernel), Some(Lane::User(self.root())), other]
    }

    fn root(&self) -> u64 {
        self.thread.root
    }

    /// The other root of the interrupted process, where the OS layer says so.
    fn other_root(&self) -> Option<u64> {
        *self.other_root.get_or_init(|| {
            if !self.queue.state().settings.ask_os {
                return None;
            }
            let roots = question::roots(self.vmi, self.root())?;
            roots.into_iter().find(|root| *root != self.root())
        })
    }

    /// The answer of a job whose pages this event cannot serve.
    fn waits_for_others<T, X>(&self) -> Option<Step<T, X>> {
        let waiter = self.operation.waiter;
        if !matches!(waiter, Waiter::Job(_)) {
            return None;
        }
        // Other threads may have what they were handed, although none of them
        // is back. The first that has not keeps the job waiting.
        loop {
            let handed = self.look(Waiting::any_handed).flatten();
            match handed {
                Some((thread, fault)) if matches!(Walk::to(self.vmi, &fault), Walk::There) => {
                    let mut state = self.queue.state();
                    state.is_back_and_has(waiter, thread, &fault);
                }
                _ => break,
            }
        }
        let waits = self.queue.state().is_waiting(waiter);
        waits.then(|| Step::NotNow(self.queue.state().wanted(waiter)))
    }

    /// Hands out the next page of those that this event can serve.
    ///
    /// `fresh` says that the operation has just missed them.
    fn next(&self, fresh: bool) -> Option<AddressContext> {
        let waiter = self.operation.waiter;
        if !self.queue.state().is_waiting(waiter) {
            return None;
        }
        let lanes = self.lanes().into_iter().flatten();
        let found = self
            .next_ready(lanes.clone(), fresh)
            .or_else(|| lanes.clone().find_map(|lane| self.next_held(lane)));
        self.change(|waiting| waiting.tidy(lanes));
        found
    }

    fn next_ready(
        &self,
        lanes: impl Iterator<Item = Lane> + Clone,
        fresh: bool,
    ) -> Option<AddressContext> {
        let mut lanes: Vec<_> = lanes.collect();
        let mut there = Vec::new();
        loop {
            let pending = self.change(|waiting| waiting.pop(lanes.iter().copied()));
            let Some(pending) = pending.flatten() else {
                break;
            };
            match self.judge(&pending) {
                Judgement::Over => {}
                Judgement::NotNow => self.hold(pending),
                Judgement::There if fresh => there.push(pending.fault),
                Judgement::There => self.came_in(&pending.fault),
                Judgement::WithAnother => {
                    // Those behind it are with others, too.
                    lanes.retain(|lane| *lane != Lane::of(&pending.fault));
                    self.put_back(pending);
                }
                Judgement::Ask(fault) => {
                    self.put_back(pending);
                    return Some(self.hand_out(fault, HandOutKind::Question));
                }
                Judgement::Missing => {
                    return Some(self.hand_out(pending.fault, HandOutKind::Missing));
                }
            }
        }
        // They came in a moment ago, or the operation is mistaken. To call it
        // again now might be for nothing; the guest has to run.
        there
            .into_iter()
            .find(|fault| !self.is_over(fault))
            .map(|fault| self.hand_out(fault, HandOutKind::Idle))
    }

    /// Looks at the pages that the veto held back once more.
    fn next_held(&self, lane: Lane) -> Option<AddressContext> {
        let waiter = self.operation.waiter;
        let held = self.look(|waiting| waiting.held(lane)).unwrap_or(0);
        let most = match waiter {
            // What a thread is not handed now, it has to do without.
            Waiter::Thread(_) => held,
            Waiter::Job(_) => held.min(MOST_HELD),
        };
        for _ in 0..most {
            let pending = self.change(|waiting| waiting.pop_held(lane)).flatten()?;
            match self.judge(&pending) {
                Judgement::Over => {}
                Judgement::There => self.came_in(&pending.fault),
                Judgement::NotNow => {
                    // A job would wait for what came in by itself.
                    match waiter {
                        Waiter::Job(_)
                            if matches!(Walk::to(self.vmi, &pending.fault), Walk::There) =>
                        {
                            self.came_in(&pending.fault);
                        }
                        _ => self.hold(pending),
                    }
                }
                Judgement::WithAnother => self.hold(pending),
                Judgement::Ask(fault) => {
                    self.hold(pending);
                    return Some(self.hand_out(fault, HandOutKind::Question));
                }
                Judgement::Missing => {
                    return Some(self.hand_out(pending.fault, HandOutKind::Missing));
                }
            }
        }
        None
    }

    /// Looks at what this waiter waits for, if it waits.
    fn look<R>(&self, look: impl FnOnce(&Waiting) -> R) -> Option<R> {
        let state = self.queue.state();
        state.waiters.get(self.operation.waiter).map(look)
    }

    /// Changes what this waiter waits for, if it waits.
    fn change<R>(&self, change: impl FnOnce(&mut Waiting) -> R) -> Option<R> {
        let mut state = self.queue.state();
        state.waiters.change(self.operation.waiter, change)
    }

    fn hold(&self, pending: Pending) {
        self.change(|waiting| waiting.hold(pending));
    }

    fn put_back(&self, pending: Pending) {
        self.change(|waiting| waiting.put_back(pending));
    }

    fn came_in(&self, fault: &AddressContext) {
        self.queue.state().came_in(self.operation.waiter, fault);
    }

    fn hand_out(&self, fault: AddressContext, kind: HandOutKind) -> AddressContext {
        let mut state = self.queue.state();
        state.hand_out(self.operation, self.thread, fault, kind);
        fault
    }

    /// What is to be done with a page that this event can serve.
    fn judge(&self, pending: &Pending) -> Judgement {
        let fault = &pending.fault;
        // Nothing is ever injected, so there is nothing to wait for.
        if self.queue.state().settings.max_injections == 0 && self.is_over(fault) {
            return Judgement::Over;
        }
        match self.ask_veto(fault) {
            MayInject::Now => {}
            MayInject::NotNow => return Judgement::NotNow,
            MayInject::Never => return Judgement::Over,
        }
        match Walk::to(self.vmi, fault) {
            Walk::There => return Judgement::There,
            // The operation will meet what it is that fails.
            Walk::Failed => return Judgement::Over,
            Walk::Missing => {}
        }
        if self.is_over(fault) {
            return Judgement::Over;
        }
        if self.look(|waiting| waiting.is_with_another(pending, self.thread)) == Some(true) {
            return Judgement::WithAnother;
        }
        if !self.queue.state().settings.ask_os || is_kernel_half(fault.va) {
            return Judgement::Missing;
        }
        match question::can_serve(self.vmi, fault) {
            Answer::Never => {
                tracing::debug!(va = %fault.va, root = %fault.root, "invalid, the OS layer says");
                let mut state = self.queue.state();
                state.stats.invalid += u64::from(state.suppress(*fault));
                Judgement::Over
            }
            Answer::Missing(other) if self.can_be_handed_out(&other) => Judgement::Ask(other),
            Answer::Perhaps | Answer::Missing(_) => Judgement::Missing,
        }
    }

    /// Whether a page is suppressed, or becomes so because this thread misses
    /// it once too often.
    fn is_over(&self, fault: &AddressContext) -> bool {
        let mut state = self.queue.state();
        state.misses(&self.operation, self.thread, fault)
    }

    /// Whether a page that the OS layer missed can be handed out at this event.
    fn can_be_handed_out(&self, fault: &AddressContext) -> bool {
        self.lanes().contains(&Some(Lane::of(fault)))
            && self.ask_veto(fault) == MayInject::Now
            && matches!(Walk::to(self.vmi, fault), Walk::Missing)
            && !self.is_over(fault)
    }

    fn ask_veto(&self, fault: &AddressContext) -> MayInject {
        if self.queue.state().suppressed().contains(fault) {
            return MayInject::Never;
        }
        let veto = self.queue.0.veto.borrow().clone();
        let answer = veto.ask::<Os::Driver>(self.vmi.registers(), fault);
        let mut state = self.queue.state();
        if answer != MayInject::Now {
            state.stats.vetoed += 1;
        }
        if answer == MayInject::Never {
            tracing::debug!(va = %fault.va, root = %fault.root, "never to be injected");
            state.suppress(*fault);
        }
        answer
    }
}

/// What is to be done with a pending page.
enum Judgement {
    /// It is missing, and may be injected.
    Missing,

    /// It is in the page tables.
    There,

    /// It is suppressed, or out of reach.
    Over,

    /// The veto holds it back.
    NotNow,

    /// Another thread was handed it a moment ago.
    WithAnother,

    /// This one is to come first: the OS layer missed it.
    Ask(AddressContext),
}

/// Marks a run as under way until it is dropped.
struct Running<'a>(&'a Cell<bool>);

impl<'a> Running<'a> {
    fn begin(running: &'a Cell<bool>) -> Option<Self> {
        (!running.replace(true)).then(|| Self(running))
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.set(false);
    }
}
