//! What takes the place of a body that cannot be expanded: nothing follows from
//! the error about it.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Path, token::Brace};

use crate::{error::Errors, rewrite::Marker};

/// A body that is not what was meant, after a mistake in what the attribute
/// was told or put on: the errors about that take its place, so that none
/// follows from them.
pub(crate) fn withheld(braces: Brace, body: &TokenStream, errors: &mut Errors) -> TokenStream {
    let uses = uses(body);
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
///     __private::never()
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
    let glue = Span::mixed_site().located_at(error.span());
    let value = quote_spanned!(glue=> Body {};);
    let uses = uses(&body.stream());
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
            #krate::__private::never()
        },
    );
    stub.set_span(body.span());
    stub.into_token_stream()
}

/// Uses the markers that a body names which is left out: their imports are no
/// mistake. A path needs none.
pub(crate) fn uses(body: &TokenStream) -> TokenStream {
    fn collect(tokens: TokenStream, found: &mut Vec<Ident>) {
        let mut tokens = tokens.into_iter().peekable();
        let mut in_path = false;
        while let Some(token) = tokens.next() {
            let follows_colon = in_path;
            in_path = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == ':');
            match token {
                TokenTree::Ident(ident)
                    if !follows_colon
                        && matches!(tokens.peek(), Some(TokenTree::Punct(punct)) if punct.as_char() == '!')
                        && Marker::by_name(&ident).is_some()
                        && !found.contains(&ident) =>
                {
                    found.push(ident);
                }
                TokenTree::Group(group) => collect(group.stream(), found),
                _ => {}
            }
        }
    }

    let mut found = Vec::new();
    collect(body.clone(), &mut found);
    found
        .iter()
        .map(|marker| quote!(#marker!(@probed ());))
        .collect()
}
