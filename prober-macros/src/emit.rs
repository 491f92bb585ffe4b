//! Writes the calls to the runtime, with the spans that rustc's errors point at:
//! the one place that names the functions of `prober::__private`.
//!
//! Stable Rust cannot make a span that covers one of the user's expressions. But
//! rustc takes the span of a call from its first token to its last. So a call
//! whose name has the span of the expression's first token, and whose
//! parentheses have that of its last, is blamed as the expression itself.

mod doom;
mod emitter;
mod frame;
mod operand;
mod place;
mod probes;
mod questions;
mod served;
mod settling;
mod slots;
mod taken;

pub(crate) use self::{
    emitter::Emitter,
    frame::unreachable_value_of_crate,
    operand::operand,
    place::{Place, braces, glue, hygienic, start},
    probes::ProbeForm,
    questions::Question,
    slots::{Bind, Bound},
};
