//! What holds of a function and of the same with `#[probed]`, in random states
//! of memory. The functions are written by the build script. These are long.

#![allow(warnings, clippy::all, clippy::pedantic, reason = "generated")]

include!("common/frame.rs");

include!(concat!(env!("OUT_DIR"), "/long.rs"));
