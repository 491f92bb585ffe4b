//! What a run does once it is doomed, and how it leaves.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Expr, Token, token::Paren};

use super::{
    emitter::{Emitter, call},
    place::{Place, braces},
};

impl Emitter {
    /// `if doomed(prober) { .. }`
    pub(crate) fn if_doomed(&self, then: TokenStream, tokens: &mut TokenStream) {
        let at = Span::call_site();
        Token![if](at).to_tokens(tokens);
        self.runtime.to_tokens(tokens);
        Token![::](at).to_tokens(tokens);
        Ident::new("doomed", at).to_tokens(tokens);
        Paren(at).surround(tokens, |tokens| self.prober.to_tokens(tokens));
        braces(then).to_tokens(tokens);
    }

    /// `return leave_doomed(prober)`
    pub(crate) fn leave_doomed(&self) -> TokenStream {
        // An error type that cannot carry faults is blamed there for the gate,
        // too: errors at one place are reported once.
        let at = self.error.get();
        let prober = self.prober_at(at);
        let leave = call(
            "leave_doomed",
            Place { start: at, end: at },
            quote!(#prober),
        );
        quote!(return #leave)
    }

    /// A value before an act, which must not run if a fault was met on the way to
    /// the value.
    pub(crate) fn unless_doomed(&self, value: &Expr, place: Place, missed: &TokenStream) -> Expr {
        self.unless_doomed_and(value, &TokenStream::new(), place, missed)
    }

    /// [`unless_doomed`](Self::unless_doomed), with a further condition.
    pub(super) fn unless_doomed_and(
        &self,
        value: &Expr,
        condition: &TokenStream,
        place: Place,
        missed: &TokenStream,
    ) -> Expr {
        let at = place.glue();
        let runtime = self.runtime_at(place.start);
        let prober = self.prober_at(place.start);
        let outcome = quote_spanned! {at=>
            match (#value) {
                __probed_value => {
                    if #runtime::doomed(#prober) #condition { #missed }
                    __probed_value
                }
            }
        };
        call("as_operand", place, outcome)
    }
}
