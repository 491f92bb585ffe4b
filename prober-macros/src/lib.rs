//! The `#[probed]` attribute of the crate `prober`. That crate documents it, and
//! holds what its expansion calls. Do not depend on this crate directly.
//!
//! `expand` leads through the stages, from the tokens of the attribute to those
//! of the function: `args`, `item`, `check`, `signature`, `body`. A body is
//! rewritten by `rewrite` where each read gives an `Option`, and by `keep` where
//! types are kept. Both write their calls to the runtime through `emit`,
//! know a read or a probe by `classify`, and methods and macros by `vocabulary`.

#![forbid(unsafe_code)]

mod aliases;
mod args;
mod beside;
mod body;
mod check;
mod classify;
mod derive;
mod emit;
mod error;
mod escapes;
mod expand;
mod fallback;
mod future;
mod invisible;
mod item;
mod keep;
mod lints;
mod macro_arguments;
mod marker;
mod nothing_to_probe;
mod receiver;
mod returned;
mod rewrite;
mod signature;
mod stringify;
mod tokens;
mod vocabulary;
mod wrapper;

use proc_macro::TokenStream;

// The crate `prober` documents it.
#[allow(missing_docs)]
#[proc_macro_attribute]
pub fn probed(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::probed(args.into(), &item.into()).into()
}

/// Implements the trait of the same name for an enum or a struct whose variants
/// hold errors that carry page faults.
///
/// Each variant is asked by the error that it holds: the field that `#[from]`
/// or `#[source]` marks or that is called `source`, else its only field. A type
/// that cannot carry faults is skipped; a type that depends on a type parameter
/// must implement the trait. `#[fault_error(skip)]` on a variant or a field
/// leaves it out, `#[fault_error(crate = PATH)]` on the type names a renamed
/// crate.
///
/// The error needs `From<ProbeError>` too, which thiserror derives for `#[from]`.
#[proc_macro_derive(FaultError, attributes(fault_error, from, source))]
pub fn fault_error(item: TokenStream) -> TokenStream {
    derive::fault_error(item.into()).into()
}
