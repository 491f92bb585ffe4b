//! What takes the place of a body that cannot be expanded: nothing follows from
//! the error about it.

use proc_macro2::{Delimiter, Group, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Path, token::Brace};

use crate::{emit, error::Errors, marker};

/// A body that is not what was meant, after a mistake in what the attribute
/// was told or put on: the errors about that take its place, so that none
/// follows from them.
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
/// rustc parsed the function before the attribute got it, and has said what is
/// wrong. What it understood of the body is left out: it knows nothing of
/// probes. Syntax that only we do not know is an error too. That one must not
/// follow rustc's, and a lint does not.
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
