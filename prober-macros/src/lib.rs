//! The `#[probed]` attribute of the crate `prober`, which documents it and
//! holds what its expansion calls. Do not depend on this crate directly.

#![forbid(unsafe_code)]

mod args;
mod body;
mod check;
mod emit;
mod error;
mod expand;
mod fallback;
mod hint;
mod invisible;
mod item;
mod keep;
mod lints;
mod marker;
mod receiver;
mod rewrite;
mod signature;
mod vocabulary;

#[cfg(test)]
mod tests;

use proc_macro::TokenStream;

/// Makes the reads of a function probes, and returns all missing pages at once.
#[proc_macro_attribute]
pub fn probed(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::probed(args.into(), &item.into()).into()
}
