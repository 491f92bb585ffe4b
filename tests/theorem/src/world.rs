use std::{cell::RefCell, fmt, panic, thread};

use vmi_core::VmiError;

use crate::{
    Guard, State,
    state::{fault, mix},
};

/// What happens in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Event {
    /// An accessor is called.
    Ask {
        /// Its name.
        what: &'static str,
        /// The object that it is called on.
        object: u64,
        /// Its argument.
        argument: u64,
    },
    /// An effect.
    Act(&'static str, u64),
    /// A guard is made.
    Make(u64),
    /// A guard is dropped.
    Drop(u64),
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ask {
                what,
                object,
                argument,
            } => write!(f, "{what}({object}, {argument})"),
            Self::Act(what, value) => write!(f, "*{what} {value}*"),
            Self::Make(number) => write!(f, "+{number}"),
            Self::Drop(number) => write!(f, "-{number}"),
        }
    }
}

/// The guest, and a log of all that is done.
#[derive(Debug)]
pub struct World<'s> {
    state: &'s State,
    /// Whether a run is torn down at its first fault.
    tears: bool,
    events: RefCell<Vec<Event>>,
    /// Faults: their pages, the number of events before them, and whether the
    /// function takes them apart.
    faults: RefCell<Vec<(u64, usize, bool)>>,
}

/// The most events of a run: any more, and it never ends.
const MOST: usize = 20_000;

/// The payload of a run that was torn down.
pub(crate) struct Torn;

impl<'s> World<'s> {
    pub(crate) fn new(state: &'s State, tears: bool) -> Self {
        Self {
            state,
            tears,
            events: RefCell::default(),
            faults: RefCell::default(),
        }
    }

    pub(crate) fn note(&self, event: Event) {
        let events = {
            let mut events = self.events.borrow_mut();
            events.push(event);
            events.len()
        };
        if events > MOST && !thread::panicking() {
            panic::resume_unwind(Box::new("never ends"));
        }
    }

    pub(crate) fn into_parts(self) -> (Vec<Event>, Vec<(u64, usize, bool)>) {
        (self.events.into_inner(), self.faults.into_inner())
    }

    /// Asks for what lies on a page of its own; gives random bits.
    pub(crate) fn ask(
        &self,
        what: &'static str,
        object: u64,
        argument: u64,
    ) -> Result<u64, VmiError> {
        self.note(Event::Ask {
            what,
            object,
            argument,
        });
        let page = page_of(what, object, argument);
        if self.state.is_out(page) {
            let before = self.events.borrow().len();
            let taken = what.starts_with("try_");
            self.faults.borrow_mut().push((page, before, taken));
            if self.tears && !self.state.is_suppressed(page) {
                panic::resume_unwind(Box::new(Torn));
            }
            return Err(VmiError::Translation(fault(page)));
        }
        Ok(mix(page))
    }
}

/// The page of what is asked.
#[must_use]
pub fn page_of(what: &str, object: u64, argument: u64) -> u64 {
    // What is taken apart is the same as what is not.
    let what = what.strip_prefix("try_").unwrap_or(what);
    let what = what.bytes().fold(7, |sum, byte| mix(sum ^ u64::from(byte)));
    mix(what ^ mix(object) ^ argument.rotate_left(32)) & 0x3_ffff_ffff | 0x1_0000
}

/// What the functions do with the world.
impl World<'_> {
    /// An effect.
    pub fn act(&self, what: &'static str, value: u64) {
        self.note(Event::Act(what, value));
    }

    /// An effect with two arguments.
    pub fn act2(&self, one: u64, two: u64) {
        self.note(Event::Act("act2", one ^ two.rotate_left(5)));
    }

    /// An effect that can fail, though not by a page fault.
    ///
    /// # Errors
    ///
    /// For some values.
    pub fn check(&self, value: u64) -> Result<(), VmiError> {
        self.note(Event::Act("check", value));
        if mix(value) % 11 == 4 {
            return Err(VmiError::ViewNotFound);
        }
        Ok(())
    }

    /// An effect that gives a value.
    ///
    /// # Errors
    ///
    /// For some values.
    pub fn finish(&self, value: u64) -> Result<u64, VmiError> {
        self.note(Event::Act("finish", value));
        if mix(value) % 11 == 5 {
            return Err(VmiError::Timeout);
        }
        Ok(value ^ 1)
    }

    /// No effect, but it can fail.
    ///
    /// # Errors
    ///
    /// For some values.
    pub fn verify(&self, value: u64) -> Result<u64, VmiError> {
        if mix(value) % 11 == 6 {
            return Err(VmiError::OutOfBounds);
        }
        Ok(value / 3)
    }

    /// A guard.
    #[must_use]
    pub fn guard(&self, number: u64) -> Guard<'_> {
        Guard::new(self, number)
    }
}

/// The same names as those of a `VmiState`.
#[allow(clippy::missing_errors_doc, reason = "a page that is out, in each")]
impl World<'_> {
    /// A number.
    pub fn read_u64(&self, at: u64) -> Result<u64, VmiError> {
        Ok(self.ask("read", 0, at)? % 50)
    }

    /// A small number.
    pub fn read_u8(&self, at: u64) -> Result<u8, VmiError> {
        Ok(self.ask("read", 0, at)?.to_le_bytes()[0])
    }

    /// A number that the function takes apart.
    pub fn try_read(&self, at: u64) -> Result<u64, VmiError> {
        Ok(self.ask("try_read", 0, at)? % 50)
    }

    /// Fills a buffer.
    pub fn read(&self, at: u64, buffer: &mut [u8]) -> Result<(), VmiError> {
        let bytes = self.ask("read", 0, at)?.to_le_bytes();
        buffer.copy_from_slice(&bytes[..buffer.len()]);
        Ok(())
    }

    /// Changes the guest.
    pub fn write_u64(&self, at: u64, value: u64) -> Result<(), VmiError> {
        self.note(Event::Act("write", at ^ value.rotate_left(7)));
        Ok(())
    }
}
