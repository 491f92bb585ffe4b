//! What replaces a body that cannot be expanded, so that the error about it
//! causes no others.

use proc_macro2::{Delimiter, Group, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Path, token::Brace};

use crate::{emit, error::Errors, marker};

/// Replaces a body by the errors about the function or the arguments, so that
/// they cause no others.
pub(crate) fn withheld(braces: Brace, body: &TokenStream, errors: &mut Errors) -> TokenStream {
    let uses = marker::uses(body);
    let errors = errors.take_compile_errors();
    let mut tokens = TokenStream::new();
    braces.surround(&mut tokens, |tokens| tokens.extend(quote!(#uses #errors)));
    tokens
}

/// A body that does not parse (yet).
///
/// ```text
/// {
///     #[must_use = "..."]
///     struct Body {}
///     #[deny(unused_must_use)]
///     { Body {}; }
///     __private::unreachable_value()
/// }
/// ```
///
/// rustc parsed the function before the attribute got it, and has reported what
/// is wrong. What it could parse of the body is left out: it is without probes.
/// If rustc parsed the body and only this crate cannot, there must still be an
/// error, but not a second one beside rustc's. So the error is a lint: rustc
/// does not report lints after a syntax error.
pub(crate) fn half_typed(body: &Group, error: &syn::Error, krate: &Path) -> TokenStream {
    let message = format!(
        "`#[probed]` cannot read this body: {error}; move this into a function of its own, \
         without the attribute"
    );
    let value = quote_spanned!(emit::glue(error.span())=> Body {};);
    let uses = marker::uses(&body.stream());
    let value_of_body = emit::unreachable_value_of_crate(krate);
    let mut stub = Group::new(
        Delimiter::Brace,
        quote! {
            #[must_use = #message]
            struct Body {}
            #[deny(unused_must_use)]
            {
                #value
            }
            #uses
            #value_of_body
        },
    );
    stub.set_span(body.span());
    stub.into_token_stream()
}
