//! Any text as the arguments of `#[probed]` (the first line) and as its item
//! (the others).

#![no_main]
#![allow(dead_code, missing_docs, reason = "what is included has more uses")]

// A crate of macros cannot be linked: its modules are included, and found by
// the paths that they have there.
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

#[path = "../../tests/tokens/properties.rs"]
mod properties;
#[path = "../../tests/tokens/restore.rs"]
mod restore;

use libfuzzer_sys::{Corpus, fuzz_target};
use proc_macro2::TokenStream;
use prober_macros::*;

fuzz_target!(|text: &str| -> Corpus {
    let Some((args, item)) = text.split_once('\n') else {
        return Corpus::Reject;
    };
    // The check could not tell them from the expansion's own names.
    if item.contains("__probed") {
        return Corpus::Reject;
    }
    let tokens = |text: &str| text.parse::<TokenStream>();
    let (Ok(args), Ok(item)) = (tokens(args), tokens(item)) else {
        return Corpus::Reject;
    };
    properties::check(&args, &item);
    Corpus::Keep
});
