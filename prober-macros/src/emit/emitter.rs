//! What writes the calls of one expansion: its names, and the form of a call.

use std::cell::Cell;

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::ToTokens;
use syn::{Expr, Lifetime, Token};

use super::place::{Place, hygienic};

/// The name under which a function imports the runtime.
pub(super) const RUNTIME: &str = "__probed";

/// Writes the calls of one expansion, with its names.
pub(crate) struct Emitter {
    /// The runtime: `__probed`.
    pub(super) runtime: Ident,

    /// The prober of this call: `__probed_run`.
    pub(super) prober: Ident,

    /// The span of the error type, or of what is blamed in its place.
    pub(super) error: Cell<Span>,

    /// Whether a result is taken apart.
    pub(super) takes: Cell<bool>,

    /// The block around the expression of a probe that may miss: `'__probed`.
    pub(super) block: Lifetime,
}

impl Emitter {
    pub(crate) fn new() -> Self {
        Self {
            runtime: hygienic(RUNTIME, Span::call_site()),
            prober: hygienic("__probed_run", Span::call_site()),
            error: Cell::new(Span::call_site()),
            takes: Cell::new(false),
            block: Lifetime::new("'__probed", Span::mixed_site()),
        }
    }

    /// Sets the span of the function's error type.
    pub(crate) fn set_error(&self, at: Span) {
        self.error.set(at);
    }

    /// The runtime, in glue beside an expression of the user's.
    pub(super) fn runtime_at(&self, span: Span) -> Ident {
        located(&self.runtime, span)
    }

    /// The prober as an argument beside an expression of the user's.
    pub(super) fn prober_at(&self, span: Span) -> Ident {
        located(&self.prober, span)
    }
}

fn located(name: &Ident, span: Span) -> Ident {
    let mut name = name.clone();
    name.set_span(name.span().located_at(span));
    name
}

/// A call to the runtime that replaces an expression of the user's:
/// `__probed::NAME(ARGS)`, where the name may be a path.
///
/// The path begins with the span of the expression's first token and ends with
/// that of its last, and so do the parentheses: rustc blames one and the same
/// place for the function, for its argument and for the call.
pub(super) fn call(name: &str, place: Place, args: TokenStream) -> Expr {
    let mut tokens = TokenStream::new();
    write_call(name, place, args, &mut tokens);
    Expr::Verbatim(tokens)
}

pub(super) fn write_call(name: &str, place: Place, args: TokenStream, tokens: &mut TokenStream) {
    let mut args = Group::new(Delimiter::Parenthesis, args);
    args.set_span(place.end);
    Ident::new(RUNTIME, place.start).to_tokens(tokens);
    for word in name.split("::") {
        Token![::](place.start).to_tokens(tokens);
        Ident::new(word, place.end).to_tokens(tokens);
    }
    args.to_tokens(tokens);
}
