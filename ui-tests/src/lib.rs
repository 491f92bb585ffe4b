//! What the compiler says to those who misuse `#[probed]`.
//!
//! The cases are in `tests/`: one mistake a file, beside it what the compiler
//! says. This crate holds what the cases would all have to write themselves.

use prober::testing::GuestDriver;
use vmi_core::{VmiState, os::NoOS};

/// What the cases read from.
pub type Vmi = VmiState<'static, NoOS<GuestDriver>>;
