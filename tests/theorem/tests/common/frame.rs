// What is around the functions that the build script writes.

use std::{
    cell::{Cell, RefCell},
    fmt::Write as _,
};

use prober::{ProbeError, SuppressedPages, probed};
use prober_theorem::*;
use vmi_core::VmiError;

macro_rules! ensure {
    ($condition:expr, $error:expr) => {
        if !$condition {
            return Err($error.into());
        }
    };
}

macro_rules! id {
    ($expr:expr) => {
        $expr
    };
}

/// An effect.
fn note(w: &World<'_>, row: Row) {
    w.act("note", row.sum());
}

#[test]
fn unchanged_in_every_state() {
    let mut tally = Tally::default();
    for program in PROGRAMS {
        tally.explore(program, SEEDS);
    }
    tally.finish();
}

/// Memories that each program begins in.
const SEEDS: u64 = 16;
