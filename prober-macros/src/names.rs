//! The names that an expansion uses.

use std::{cell::RefCell, collections::BTreeSet};

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Expr, Lifetime, Path, spanned::Spanned};

use crate::{receiver::hidden, spans};

/// The names of one expansion, and which of the runtime's functions it calls.
pub(crate) struct Names {
    /// The runtime: `__probed`.
    pub(crate) runtime: Ident,

    /// The prober of this call: `__probed_run`.
    pub(crate) prober: Ident,

    /// The block round the expression of a probe that may miss: `'__probed`.
    pub(crate) block: Lifetime,

    /// The functions that are called under a name of their own.
    called: RefCell<BTreeSet<&'static str>>,
}

impl Names {
    pub(crate) fn new() -> Self {
        Self {
            runtime: hidden("__probed", Span::call_site()),
            prober: hidden("__probed_run", Span::call_site()),
            block: Lifetime::new("'__probed", Span::mixed_site()),
            called: RefCell::default(),
        }
    }

    /// A call of a function of the runtime that takes the place of an
    /// expression of the user's: `__probed_NAME(ARGS)`.
    ///
    /// The name is a single segment with the span of the user's first token,
    /// and the parentheses have that of the last.
    pub(crate) fn call(&self, name: &'static str, place: (Span, Span), args: TokenStream) -> Expr {
        self.called.borrow_mut().insert(name);
        let mut args = Group::new(Delimiter::Parenthesis, args);
        args.set_span(place.1);
        let mut call = Ident::new(&format!("__probed_{name}"), place.0).into_token_stream();
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

    /// What the function imports.
    pub(crate) fn imports(&self, krate: &Path) -> TokenStream {
        let runtime = &self.runtime;
        let called = self.called.borrow();
        let functions = called.iter().map(|name| {
            let function = Ident::new(name, Span::mixed_site());
            // Found by the uses, whatever macro their tokens come from.
            let name = Ident::new(&format!("__probed_{name}"), Span::mixed_site());
            quote!(, #function as #name)
        });
        let traits = called
            .contains(SERVED)
            .then(|| quote!(, CoreReads as _, StateReads as _));
        let glue = Span::mixed_site().located_at(krate.span());
        quote_spanned! {glue=>
            use #krate::__private::{self as #runtime, Finish as _ #traits #(#functions)*};
        }
    }

    /// Puts the prober beside the receiver of a read that the runtime serves.
    pub(crate) fn served(&self, receiver: &Expr) -> Expr {
        let span = spans::start(receiver);
        let place = (span, spans::end(receiver));
        let prober = self.prober_at(span);
        let glue = Span::mixed_site().located_at(span);
        self.call(SERVED, place, quote_spanned!(glue=> &#receiver, #prober))
    }
}

/// The function of the runtime that takes a receiver.
const SERVED: &str = "at";
