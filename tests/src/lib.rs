//! Shared by the behaviour tests, the examples and the benchmarks.

pub mod dump;
pub mod measured;
pub mod process_list;
pub mod queued;
mod stub;
pub mod windows;

pub use stub::*;
