//! Collects errors, so that independent mistakes are reported together.

use std::fmt::Display;

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;

/// The errors found so far. Dropping one that was not reported would silently
/// leave code unprobed, so that panics.
#[derive(Default)]
pub(crate) struct Errors(Option<syn::Error>);

impl Errors {
    /// Adds an error.
    pub(crate) fn push(&mut self, error: syn::Error) {
        match &mut self.0 {
            Some(first) => first.combine(error),
            None => self.0 = Some(error),
        }
    }

    /// Adds an error at a span.
    pub(crate) fn at(&mut self, span: Span, message: impl Display) {
        self.push(syn::Error::new(span, message));
    }

    /// Adds an error that covers tokens.
    pub(crate) fn on(&mut self, tokens: impl ToTokens, message: impl Display) {
        self.push(syn::Error::new_spanned(tokens, message));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// One `compile_error!` for each error.
    pub(crate) fn into_compile_errors(mut self) -> TokenStream {
        self.take_compile_errors()
    }

    /// The same, and leaves no errors behind: for a place where they cause no
    /// others.
    pub(crate) fn take_compile_errors(&mut self) -> TokenStream {
        self.0
            .take()
            .map_or_else(TokenStream::new, |error| error.to_compile_error())
    }
}

impl Drop for Errors {
    fn drop(&mut self) {
        let lost = !self.is_empty() && !std::thread::panicking();
        assert!(!lost, "an error was found, and not reported");
    }
}
