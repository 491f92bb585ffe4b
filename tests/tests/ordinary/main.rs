//! `#[probed]` on ordinary functions: their types are kept, and each `?` is a
//! question.

mod functions;
mod rule;
