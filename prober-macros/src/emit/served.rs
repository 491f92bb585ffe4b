//! Receivers whose reads the runtime serves: it puts the prober beside them.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Expr;

use super::{
    emitter::{Emitter, call},
    place::{Place, hygienic, start},
};

/// The receiver that is put beside the prober once.
const SERVED: &str = "__probed_served";

impl Emitter {
    /// Puts the prober beside the receiver of a read that the runtime serves:
    /// `served(&RECEIVER, prober)`.
    fn served(&self, receiver: &Expr) -> Expr {
        let place = Place::of(receiver);
        let prober = self.prober_at(place.start);
        call(
            "served",
            place,
            quote_spanned!(place.glue()=> &#receiver, #prober),
        )
    }

    /// [`served`](Self::served) for all reads on a variable:
    /// `let __probed_served = served(&RECEIVER, prober);`
    pub(crate) fn bind_served(&self, receiver: &Ident) -> TokenStream {
        let Self {
            runtime, prober, ..
        } = self;
        let name = hygienic(SERVED, Span::call_site());
        quote!(let #name = #runtime::served(&#receiver, #prober);)
    }

    /// [`served`](Self::served), or the variable that
    /// [`bind_served`](Self::bind_served) makes of this parameter.
    pub(crate) fn served_or_bound(&self, receiver: &Expr, bound: Option<&Ident>) -> Expr {
        match (receiver, bound) {
            (Expr::Path(path), Some(name)) if path.path.is_ident(name) => {
                Expr::Path(syn::ExprPath {
                    attrs: Vec::new(),
                    qself: None,
                    path: hygienic(SERVED, start(receiver)).into(),
                })
            }
            _ => self.served(receiver),
        }
    }
}
