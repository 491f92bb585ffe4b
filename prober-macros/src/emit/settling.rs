//! What changes the guest waits for the data: it settles first.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::Expr;

use super::{
    emitter::{Emitter, call},
    place::Place,
};

impl Emitter {
    /// `settle(prober)?`, in the place of `settle!()`.
    pub(crate) fn settle(&self) -> TokenStream {
        let Self {
            runtime, prober, ..
        } = self;
        quote!(#runtime::settle(#prober)?)
    }

    /// `settle(prober)?`, for an act at a place.
    fn settle_at(&self, act: Place) -> TokenStream {
        let prober = self.prober_at(act.start);
        let runtime = &self.runtime;
        quote_spanned!(act.glue()=> #runtime::settle(#prober)?)
    }

    /// The last argument of an act: `settled(ARGUMENT, settle(prober)?)`.
    pub(crate) fn settled(&self, argument: &Expr, act: Place) -> Expr {
        let settle = self.settle_at(act);
        let args = quote_spanned!(act.glue()=> #argument, #settle);
        call("settled", Place::of(argument), args)
    }

    /// An act without arguments: `settle_then(settle(prober)?, ACT)`.
    pub(crate) fn settle_then(&self, expr: &Expr, act: Place) -> Expr {
        let settle = self.settle_at(act);
        let args = quote_spanned!(act.glue()=> #settle, #expr);
        call("settle_then", act, args)
    }
}
