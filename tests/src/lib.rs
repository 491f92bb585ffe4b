//! Shared by the behaviour tests, the examples and the benchmarks.

#[path = "../../prober/examples/dump/file.rs"]
pub mod dump;
#[path = "../../prober/examples/process_list/measured.rs"]
pub mod measured;
#[path = "../../prober/examples/process_list/list.rs"]
pub mod process_list;
#[path = "../../prober/examples/process_list/queued.rs"]
pub mod queued;
mod stub;
pub mod windows;

pub use stub::*;
