//! What the expansion of `#[probed]` calls. Not for use by hand: it may
//! change in any release.
//!
//! Everything that can be a function is one here, so that the expansion stays
//! short. It imports this module alone: imports take rustc long, and a wrong
//! path to the crate is one error if there is one import.

mod act;
pub(crate) mod faults_in_errors;
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
    act::{settle, settle_then, settled},
    gate::{Finish, FromFaults, LIMIT, Outcome, Returned, outcome, run, start, unreachable_value},
    held::{Held, HeldWithoutFaults},
    keep::{
        Ask, DeclaredError, Note, Opaque, Taken, TypeOf, Value, Watched, ask, ask_before,
        ask_or_leave, ask_or_leave_before, ask_probe, asked, doomed, filled, leave_doomed, sought,
        start_sharing, type_of, type_of_slot, wait, wait_before, watched, with_declared_error,
    },
    probe::{need, need_if, read, read_answer_if, read_if, value_of_a_probe},
    question::{
        Failure, LeaveWith, NoFailure, Part, Question, as_operand, leave_with, part, value,
    },
    reads::served,
    set::{AsSuppressed, clone_set},
};
