//! Tests of the attribute on tokens. They read files of the repository, so they
//! are not in the published package.

mod cases;
mod expansions;
mod kept;
mod machine;
mod modules;
mod mutations;
mod properties;
mod real_code;
mod restore;
mod statements;

/// The crate itself, whose modules a macro crate cannot export.
#[allow(dead_code)] // What only `lib.rs` calls.
#[path = "../../src"]
mod prober_macros {
    pub(crate) mod aliases;
    pub(crate) mod args;
    pub(crate) mod beside;
    pub(crate) mod body;
    pub(crate) mod check;
    pub(crate) mod classify;
    pub(crate) mod derive;
    pub(crate) mod emit;
    pub(crate) mod error;
    pub(crate) mod escapes;
    pub(crate) mod expand;
    pub(crate) mod fallback;
    pub(crate) mod future;
    pub(crate) mod invisible;
    pub(crate) mod item;
    pub(crate) mod keep;
    pub(crate) mod lints;
    pub(crate) mod macro_arguments;
    pub(crate) mod marker;
    pub(crate) mod nothing_to_probe;
    pub(crate) mod receiver;
    pub(crate) mod returned;
    pub(crate) mod rewrite;
    pub(crate) mod signature;
    pub(crate) mod stringify;
    pub(crate) mod tokens;
    pub(crate) mod vocabulary;
    pub(crate) mod wrapper;
}

use prober_macros::*;
