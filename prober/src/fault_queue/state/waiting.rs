//! The pages that one thread or job waits for, and the order in which they are
//! handed out.

use std::collections::{BTreeMap, HashMap, VecDeque};

use foldhash::fast::RandomState;
use indexmap::IndexMap;
use vmi_core::AddressContext;

use super::Thread;
use crate::{
    PageFaults, SuppressedPages,
    page::{frame, is_kernel_half},
};

/// How many events of its address space a page that was handed to one thread
/// is kept from others.
const PATIENCE: u64 = 16;

/// A job remembers at most so many threads to which it handed a page.
const MOST_THREADS: usize = 4_096;

/// Which of the pending pages an event can serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::fault_queue) enum Lane {
    /// The kernel half, under any root.
    Kernel,

    /// The user half of the address space with this root, in frames.
    User(u64),
}

impl Lane {
    pub(in crate::fault_queue) fn of(fault: &AddressContext) -> Self {
        if is_kernel_half(fault.va) {
            Self::Kernel
        } else {
            Self::User(frame(fault.root))
        }
    }
}

/// The place of a page in its lane: how often it was handed out in vain, and
/// when it began to wait.
type Place = (u32, u64);

/// A page that is waited for.
#[derive(Debug, Clone, Copy)]
pub(in crate::fault_queue) struct Pending {
    pub(in crate::fault_queue) fault: AddressContext,
    place: Place,

    /// The thread that it was handed to last, and at which event of its lane.
    handed_to: Option<(Thread, u64)>,
}

/// The pages of one lane.
#[derive(Debug, Default)]
struct Pages {
    ready: BTreeMap<Place, Pending>,

    /// Those that the veto held back.
    held: VecDeque<Pending>,

    /// How many events could serve the lane.
    events: u64,

    /// The step at which it last got on.
    since: u64,
}

impl Pages {
    fn len(&self) -> usize {
        self.ready.len() + self.held.len()
    }

    fn all(&self) -> impl Iterator<Item = &Pending> {
        self.ready.values().chain(&self.held)
    }
}

/// What a thread or a job waits for.
#[derive(Debug, Default)]
pub(in crate::fault_queue) struct Waiting {
    lanes: HashMap<Lane, Pages, RandomState>,

    /// The page that each thread was handed last, and where it is in its lane.
    handed: IndexMap<Thread, (AddressContext, Option<Place>), RandomState>,

    /// The run that met it last.
    pub(super) run: u64,

    /// How many pages are pending.
    pages: usize,
    next_place: u64,

    /// How many events it has met.
    steps: u64,

    /// The first step at which a lane may be overdue.
    overdue_at: u64,

    /// What is given up for this job.
    given_up: Vec<AddressContext>,

    /// How often in a row the operation ran with no page handed out before.
    pub(super) runs_in_vain: u32,
}

impl Waiting {
    pub(super) fn len(&self) -> usize {
        self.pages
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pages == 0
    }

    /// Adds a page, which was handed out in vain so many times.
    pub(super) fn push(&mut self, fault: AddressContext, unserved: u32) {
        let place = self.new_place(unserved);
        let steps = self.steps;
        let pages = self.lanes.entry(Lane::of(&fault)).or_default();
        if pages.len() == 0 {
            pages.since = steps;
        }
        pages.ready.insert(
            place,
            Pending {
                fault,
                place,
                handed_to: None,
            },
        );
        self.pages += 1;
    }

    fn new_place(&mut self, unserved: u32) -> Place {
        self.next_place += 1;
        (unserved, self.next_place)
    }

    /// An event that can serve some lanes.
    pub(super) fn step(&mut self, lanes: impl Iterator<Item = Lane>) {
        self.steps += 1;
        for lane in lanes {
            if let Some(pages) = self.lanes.get_mut(&lane) {
                pages.events += 1;
            }
        }
    }

    /// Takes out the page of some lanes that comes next.
    pub(in crate::fault_queue) fn pop(
        &mut self,
        lanes: impl Iterator<Item = Lane>,
    ) -> Option<Pending> {
        let first = lanes.filter_map(|lane| {
            let (place, _) = self.lanes.get(&lane)?.ready.first_key_value()?;
            Some((*place, lane))
        });
        let (place, lane) = first.min_by_key(|(place, _)| *place)?;
        let pending = self.lanes.get_mut(&lane)?.ready.remove(&place)?;
        self.pages -= 1;
        Some(pending)
    }

    /// How many pages of a lane are held back.
    pub(in crate::fault_queue) fn held(&self, lane: Lane) -> usize {
        self.lanes.get(&lane).map_or(0, |pages| pages.held.len())
    }

    /// Takes out the page of a lane that is held back the longest.
    pub(in crate::fault_queue) fn pop_held(&mut self, lane: Lane) -> Option<Pending> {
        let pending = self.lanes.get_mut(&lane)?.held.pop_front()?;
        self.pages -= 1;
        Some(pending)
    }

    /// Puts a page back that the veto holds back.
    pub(in crate::fault_queue) fn hold(&mut self, pending: Pending) {
        let pages = self.lanes.entry(Lane::of(&pending.fault)).or_default();
        pages.held.push_back(pending);
        self.pages += 1;
    }

    /// Puts a page back where it was.
    pub(in crate::fault_queue) fn put_back(&mut self, pending: Pending) {
        let pages = self.lanes.entry(Lane::of(&pending.fault)).or_default();
        pages.ready.insert(pending.place, pending);
        self.pages += 1;
    }

    /// Whether another thread was handed a page a moment ago, and has to come
    /// back first.
    pub(in crate::fault_queue) fn is_with_another(
        &self,
        pending: &Pending,
        thread: Thread,
    ) -> bool {
        let pages = self.lanes.get(&Lane::of(&pending.fault));
        pending.handed_to.is_some_and(|(other, event)| {
            other != thread && pages.is_some_and(|pages| pages.events < event + PATIENCE)
        })
    }

    /// Hands a page to a thread. A page that `stays` waits on, until it is
    /// found in the page tables.
    pub(super) fn hand_out(
        &mut self,
        fault: AddressContext,
        thread: Thread,
        unserved: u32,
        stays: bool,
    ) {
        let place = stays.then(|| self.new_place(unserved));
        if let Some(place) = place {
            let steps = self.steps;
            let pages = self.lanes.entry(Lane::of(&fault)).or_default();
            pages.since = steps;
            let handed_to = Some((thread, pages.events));
            let pending = Pending {
                fault,
                place,
                handed_to,
            };
            pages.ready.insert(place, pending);
            self.pages += 1;
        }
        self.handed.insert(thread, (fault, place));
        if self.handed.len() > MOST_THREADS {
            self.handed.shift_remove_index(0);
        }
        self.runs_in_vain = 0;
    }

    /// The page that a thread was handed last.
    pub(in crate::fault_queue) fn handed(&self, thread: Thread) -> Option<AddressContext> {
        self.handed.get(&thread).map(|(fault, _)| *fault)
    }

    /// The first of the threads that were handed a page, and the page.
    pub(in crate::fault_queue) fn any_handed(&self) -> Option<(Thread, AddressContext)> {
        let (thread, (fault, _)) = self.handed.first()?;
        Some((*thread, *fault))
    }

    /// A thread is back. Its page goes if that is over.
    pub(super) fn is_back(&mut self, thread: Thread, over: bool) {
        let Some((fault, place)) = self.handed.swap_remove(&thread) else {
            return;
        };
        if over && let Some(place) = place {
            let steps = self.steps;
            let lane = self.lanes.get_mut(&Lane::of(&fault));
            if let Some(pages) = lane {
                pages.since = steps;
                self.pages -= usize::from(pages.ready.remove(&place).is_some());
            }
        }
    }

    /// A page of a lane came in.
    pub(super) fn got_on(&mut self, fault: &AddressContext) {
        if let Some(pages) = self.lanes.get_mut(&Lane::of(fault)) {
            pages.since = self.steps;
        }
    }

    /// Forgets the lanes of these that are empty.
    pub(in crate::fault_queue) fn tidy(&mut self, lanes: impl Iterator<Item = Lane>) {
        for lane in lanes {
            if self.lanes.get(&lane).is_some_and(|pages| pages.len() == 0) {
                self.lanes.remove(&lane);
            }
        }
    }

    /// Forgets which pages are pending. Returns how many there were.
    pub(super) fn clear(&mut self) -> usize {
        self.lanes.clear();
        self.handed.clear();
        std::mem::take(&mut self.pages)
    }

    /// Ends an operation: all is forgotten but the count of steps.
    pub(super) fn end(&mut self) {
        self.clear();
        self.given_up.clear();
        self.runs_in_vain = 0;
    }

    /// Drops a lane. Returns how many pages it had.
    pub(super) fn drop_lane(&mut self, lane: Lane) -> usize {
        let dropped = self.lanes.remove(&lane).map_or(0, |pages| pages.len());
        self.pages -= dropped;
        dropped
    }

    /// Gives the pages up of the lanes that have not got on for more than so
    /// many steps. Returns how many there were.
    pub(super) fn give_up_overdue(&mut self, wait: u64) -> usize {
        if self.steps < self.overdue_at {
            return 0;
        }
        let before = self.pages;
        let deadline = |pages: &Pages| pages.since.saturating_add(wait);
        let (steps, given_up) = (self.steps, &mut self.given_up);
        self.lanes.retain(|_, pages| {
            let overdue = deadline(pages) < steps;
            if overdue {
                given_up.extend(pages.all().map(|pending| pending.fault));
                self.pages -= pages.len();
            }
            !overdue && pages.len() > 0
        });
        let next = self.lanes.values().map(deadline).min();
        self.overdue_at = next.unwrap_or(steps.saturating_add(wait)).saturating_add(1);
        before - self.pages
    }

    /// Gives pages up for this job.
    pub(super) fn give_up(&mut self, faults: impl IntoIterator<Item = AddressContext>) {
        self.given_up.extend(faults);
    }

    pub(super) fn has_given_up(&self) -> bool {
        !self.given_up.is_empty()
    }

    /// Adds what was given up for this job.
    pub(super) fn suppress_given_up(&self, suppressed: &mut SuppressedPages) {
        suppressed.extend(self.given_up.iter().copied());
    }

    /// Up to so many of the pending pages, of each lane in turn.
    pub(super) fn some(&self, most: usize) -> PageFaults {
        let lanes = self.lanes.values().take(most);
        let mut lanes: Vec<_> = lanes.map(Pages::all).collect();
        let mut faults = PageFaults::new();
        while !lanes.is_empty() && faults.len() < most {
            lanes.retain_mut(|lane| match lane.next() {
                Some(pending) if faults.len() < most => {
                    faults.insert(pending.fault);
                    true
                }
                _ => false,
            });
        }
        faults
    }
}
