//! `#[probed]` on ordinary functions: their types are kept, and each `?` is a
//! question.

mod cases;
mod functions;
mod lints;
mod published;
mod published_async;
mod rule;
