//! Shared by the behaviour tests, the examples and the benchmarks.

pub mod measured;
pub mod process_list;
