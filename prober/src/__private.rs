//! What the expansion of `#[probed]` calls. Not for use by hand: it may
//! change in any release.
//!
//! The expansion stays short, and everything that can live in a function
//! lives here. It imports this module alone: imports take rustc long, and of a
//! path to the crate that leads nowhere one import gives one error.

pub(crate) mod absorb;
mod act;
mod gate;
mod held;
mod keep;
mod probe;
mod question;
mod reads;
mod set;

pub use core::{
    compile_error,
    option::Option::{self, None, Some},
    result::Result::{self, Err, Ok},
};
pub use vmi_core::VmiError;

pub use self::{
    act::{settle, settled, then},
    gate::{Carrier, Finish, LIMIT, Outcome, Returned, never, outcome, run, start},
    held::{Held, HeldWithoutFaults},
    keep::{
        Absurd, Ask, Asked, Note, Opaque, Own, Taken, TypeOf, Value, absurd, ask, ask_before,
        asked, doomed, knows, leave_doomed, start_sharing, type_of, type_of_slot,
    },
    probe::{need, need_if, read, read_if, value_of_a_probe},
    question::{Hard, Leave, Never, Part, Question, got, leave, part, value},
    reads::at,
    set::{AsSuppressed, own},
};
