//! What holds for the expansion of any tokens.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream};

use super::restore::{restore, text};
use crate::{
    expand,
    item::{Body, ProbedFn},
};

/// Expands a function, and checks what comes back: it parses, it still is that
/// function, and where nothing was wrong its body is what it was.
///
/// # Panics
///
/// When something does not hold.
pub(crate) fn check(args: &TokenStream, item: &TokenStream) {
    let expanded = expand::probed(quote!(options, #args), item);
    let Ok(before) = syn::parse2::<ProbedFn>(item.clone()) else {
        // Where there is a body it must not be taken as it is, without a word.
        let has_body = matches!(item.clone().into_iter().last(),
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace);
        let text = expanded.to_string();
        let said = text.contains("compile_error") || text.contains("unused_must_use");
        assert!(said || !has_body, "no error: {text}");
        return;
    };

    let Expansion { function, errors } = match syn::parse2(expanded.clone()) {
        Ok(expansion) => expansion,
        Err(error) => panic!("{error}: {expanded}"),
    };
    assert_eq!(before.sig.ident, function.sig.ident);
    let (Body::Parsed(before), after) = (&before.body, &function.body) else {
        return; // Nothing, or nothing that parses.
    };
    assert!(matches!(after, Body::Parsed(_)), "no body: {expanded}");

    let after = after.written();
    if errors == 0 && !after.to_string().contains("compile_error") {
        let mut original = TokenStream::new();
        for stmt in &before.block.stmts {
            stmt.to_tokens(&mut original);
        }
        assert_eq!(restore(after).body, text(original), "{expanded}");
    }
}

/// A function, and the errors behind it.
struct Expansion {
    function: ProbedFn,
    errors: usize,
}

impl Parse for Expansion {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let function = input.parse()?;
        let mut errors = 0;
        while !input.is_empty() {
            input.parse::<syn::ItemMacro>()?;
            errors += 1;
        }
        Ok(Self { function, errors })
    }
}
