//! The frame of a function: its imports, its prober, and the run of its body.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Expr, Path, Signature, Token, Type, spanned::Spanned};

use super::{
    emitter::{Emitter, RUNTIME, call},
    place::{Place, glue},
};

impl Emitter {
    /// What the function imports: the runtime, and the gate of opaque errors.
    pub(crate) fn imports(&self, krate: &Path) -> TokenStream {
        let runtime = self.runtime_at(krate.span());
        let glue = runtime.span();
        quote_spanned!(glue=> use #krate::__private::{self as #runtime, PageFaultGate as _};)
    }

    /// [`imports`](Self::imports) of a function that keeps types: also the
    /// traits for values and errors of other types, if they are used.
    pub(crate) fn imports_of_kept(&self, krate: &Path, declares_error: bool) -> TokenStream {
        let runtime = self.runtime_at(krate.span());
        let glue = runtime.span();
        let note = self.takes.get().then(|| quote_spanned!(glue=> , Note as _));
        let opaque = declares_error.then(|| quote_spanned!(glue=> , Opaque as _));
        quote_spanned! {glue=>
            use #krate::__private::{self as #runtime, PageFaultGate as _ #note #opaque};
        }
    }

    /// A body in a macro of the crate that passes it on. If the path of the crate
    /// is wrong, rustc says of the macro what it says of the added parameter, and
    /// so says it once; of an import it would say something else.
    pub(crate) fn within_macro_of_crate(krate: &Path, body: &TokenStream) -> TokenStream {
        let glue = glue(krate.span());
        quote_spanned!(glue=> #krate::probe!(@probed { #body }))
    }

    /// Has rustc say that `stringify` is ambiguous where it is not the macro of
    /// std: a name that comes by a glob must not mean another macro further out.
    pub(crate) fn stringify_of_std(krate: &Path) -> TokenStream {
        quote!(use #krate::__private::text::*;)
    }

    /// The set that the user names: `__probed::AsSuppressedPages::clone_set(&EXPR)`.
    pub(crate) fn clone_set(set: &Expr) -> Expr {
        let place = Place::of(set);
        call(
            "AsSuppressedPages::clone_set",
            place,
            quote_spanned!(place.start=> &#set),
        )
    }

    /// `let __probed_run = &__probed::start(SET, LIMIT);`
    pub(crate) fn start(&self, set: &Ident, limit: Option<&Expr>) -> TokenStream {
        let Self {
            runtime, prober, ..
        } = self;
        let limit = limit.map_or_else(|| quote!(#runtime::LIMIT), |limit| quote!(#limit));
        quote!(let #prober = &#runtime::start(#set, #limit);)
    }

    /// [`start`](Self::start) of a function that keeps types. If it passes its
    /// set on, callees inherit the doom through it. If its error type is known,
    /// faults are found in such errors.
    pub(crate) fn start_kept(
        &self,
        set: &Ident,
        limit: Option<&Expr>,
        shares: bool,
        error: Option<&TokenStream>,
    ) -> TokenStream {
        let Self {
            runtime, prober, ..
        } = self;
        let limit = limit.map_or_else(|| quote!(#runtime::LIMIT), |limit| quote!(#limit));
        let start = if shares {
            quote!(#runtime::start_sharing(#set, #limit))
        } else {
            quote!(#runtime::start(#set, #limit))
        };
        let start = match error {
            Some(error) => {
                // Blamed as the type itself, like the gate: errors at one place are
                // reported once.
                let at = self.error.get();
                let declared = Ident::new(RUNTIME, at);
                let declared = quote_spanned!(at=> #declared::DeclaredError::<#error>::new());
                quote!(#runtime::with_declared_error(#start, #declared.known()))
            }
            None => start,
        };
        quote!(let #prober = &#start;)
    }

    /// A clone of the caller's set, which the function can doom for itself:
    /// `let SET = &__probed::AsSuppressedPages::clone_set(SET);`
    pub(crate) fn share(&self, set: &Ident) -> TokenStream {
        let runtime = &self.runtime;
        quote!(let #set = &#runtime::AsSuppressedPages::clone_set(#set);)
    }

    /// Has rustc say how to write the lifetime that a type hides: only rustc
    /// knows whether it hides one. If it does, the signature is an error anyway,
    /// unless elision gives the result the lifetime of the added parameter: then
    /// only this is an error.
    pub(crate) fn show_lifetimes(&self, types: &[Path], own_lifetime: bool) -> TokenStream {
        let runtime = &self.runtime;
        let level = Ident::new(
            if own_lifetime { "deny" } else { "warn" },
            Span::call_site(),
        );
        quote! {
            #(#[#level(elided_lifetimes_in_paths)] let _: #runtime::Option<#types> = #runtime::None;)*
        }
    }

    /// The error of a result whose type is an alias. If the alias is not one of a
    /// `Result`, the type is blamed, as by the gate: at one place rustc reports an
    /// error once.
    pub(crate) fn error_of(output: &Type) -> TokenStream {
        let runtime = Ident::new(RUNTIME, output.span());
        quote_spanned!(output.span()=> <#output as #runtime::ReturnedResult>::Error)
    }

    /// Runs the body: `__probed::run(..)`, or `outcome` for an async one.
    pub(crate) fn run(
        &self,
        sig: &Signature,
        moves: bool,
        output: &Type,
        body: &TokenStream,
    ) -> TokenStream {
        // What is wrong with all of the body is said at the result.
        let at = glue(output.span());
        let runtime = self.runtime_at(output.span());
        let prober = &self.prober;
        // rustc names captured variables in borrow errors only if `move` and
        // `async` have the user's span.
        let capture = moves.then(|| Token![move](sig.fn_token.span));
        if let Some(future) = &sig.asyncness {
            let capture = moves.then(|| quote!(move));
            // An attribute that makes the function one that is not async must fail
            // here: otherwise a `return` would go past the gate.
            quote_spanned!(at=> #runtime::outcome(#prober, #runtime::async_body(#future #capture #body).await))
        } else {
            quote_spanned!(at=> #runtime::run(#prober, #capture || -> #output #body))
        }
    }

    /// Gives an async block its type, which can be written only in a value that
    /// it returns: `if false { return __probed::unreachable_value::<OUTPUT>(); }`.
    pub(crate) fn type_of_async_body(&self, output: &Type) -> TokenStream {
        let glue = glue(output.span());
        let runtime = self.runtime_at(output.span());
        quote_spanned!(glue=> if false { return #runtime::unreachable_value::<#output>(); })
    }
}

/// `CRATE::__private::unreachable_value()`, where nothing is imported.
pub(crate) fn unreachable_value_of_crate(krate: &Path) -> TokenStream {
    quote!(#krate::__private::unreachable_value())
}
