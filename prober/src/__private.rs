//! What the expansion of `#[probed]` calls. Not for use by hand: it may
//! change in any release.
//!
//! Everything that can be a function is one here, so that the expansion stays
//! short. It imports this module alone, as imports take rustc long.

mod act;
mod faults_in_errors;
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

pub use self::words::*;
pub use self::{
    act::{settle, settle_then, settled},
    gate::{LIMIT, Outcome, outcome, run, start, unreachable_value},
    held::{Held, HeldWithoutFaults},
    keep::{
        DeclaredError, Note, Opaque, Taken, TypeOf, Value, Watched, asked, doomed, filled,
        start_sharing, type_of, type_of_slot, watched, with_declared_error,
    },
    probe::{need, need_if, read, read_if},
    question::{NoFailure, Part, as_operand},
    reads::served,
};

/// What the attribute takes for std's by its bare name.
pub mod text {
    pub use core::stringify;
}

/// What rustc names in errors: the root of the crate shows it, too.
pub mod words {
    pub use super::{
        gate::{AsyncBody, FromPageFaults, PageFaultGate, ReturnedResult, async_body},
        keep::{ResultOrOption, leave_doomed},
        probe::{AnswerCanBeProbed, CanBeProbed, value_of_a_probe},
        question::{Failure, LeaveWith, OptionOrResult},
        reads::{CoreReads, HasRegisters, ReadsGuest, VmiReads},
        set::AsSuppressedPages,
    };
}
