//! What holds of a function and of the same with `#[probed]`, in random states
//! of memory. The functions are written by the build script. These are short:
//! what fails is shown by few lines.

#![allow(warnings, clippy::all, clippy::pedantic, reason = "generated")]

include!("common/frame.rs");

include!(concat!(env!("OUT_DIR"), "/short.rs"));
