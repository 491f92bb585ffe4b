//! The names that an expansion uses.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{Expr, Lifetime, Path, spanned::Spanned};

use crate::spans::{Place, glue};

/// The name under which a function imports the runtime.
const RUNTIME: &str = "__probed";

/// The names of one expansion.
pub(crate) struct Names {
    /// The runtime: `__probed`.
    pub(crate) runtime: Ident,

    /// The prober of this call: `__probed_run`.
    pub(crate) prober: Ident,

    /// The block round the expression of a probe that may miss: `'__probed`.
    pub(crate) block: Lifetime,
}

impl Names {
    pub(crate) fn new() -> Self {
        Self {
            runtime: hidden(RUNTIME, Span::call_site()),
            prober: hidden("__probed_run", Span::call_site()),
            block: Lifetime::new("'__probed", Span::mixed_site()),
        }
    }

    /// A call of a function of the runtime that takes the place of an
    /// expression of the user's: `__probed::NAME(ARGS)`.
    ///
    /// The path has the span of the user's first token, and the parentheses
    /// have that of the last.
    pub(crate) fn call(name: &str, place: Place, args: TokenStream) -> Expr {
        let mut args = Group::new(Delimiter::Parenthesis, args);
        args.set_span(place.end);
        let [runtime, name] = [RUNTIME, name].map(|name| Ident::new(name, place.start));
        let mut call = quote_spanned!(place.start=> #runtime::#name);
        args.to_tokens(&mut call);
        Expr::Verbatim(call)
    }

    /// The runtime, in glue beside an expression of the user's.
    pub(crate) fn runtime_at(&self, span: Span) -> Ident {
        let mut runtime = self.runtime.clone();
        runtime.set_span(runtime.span().located_at(span));
        runtime
    }

    /// The prober as an argument beside an expression of the user's.
    pub(crate) fn prober_at(&self, span: Span) -> Ident {
        let mut prober = self.prober.clone();
        prober.set_span(prober.span().located_at(span));
        prober
    }

    /// What the function imports: the runtime, and the gate of errors that
    /// cannot be looked into.
    pub(crate) fn imports(&self, krate: &Path, kept: bool) -> TokenStream {
        let runtime = self.runtime_at(krate.span());
        let glue = runtime.span();
        let more = kept.then(|| quote_spanned!(glue=> , Note as _, Opaque as _));
        quote_spanned!(glue=> use #krate::__private::{self as #runtime, Finish as _ #more};)
    }

    /// Puts the prober beside the receiver of a read that the runtime serves.
    pub(crate) fn served(&self, receiver: &Expr) -> Expr {
        let place = Place::of(receiver);
        let prober = self.prober_at(place.start);
        Self::call(
            "at",
            place,
            quote_spanned!(place.glue()=> &#receiver, #prober),
        )
    }
}

/// An identifier of the expansion that no name in the function can meet.
pub(crate) fn hidden(name: &str, at: Span) -> Ident {
    Ident::new(name, glue(at))
}
