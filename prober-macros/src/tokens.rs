//! What there is in tokens, at any depth, and the text of a name.

use proc_macro2::{Ident, TokenStream, TokenTree};

/// The text of a name without `r#`: with it, the name means the same.
pub(crate) fn unraw(name: &Ident) -> String {
    let name = name.to_string();
    match name.strip_prefix("r#") {
        Some(name) => name.to_owned(),
        None => name,
    }
}

/// Whether there is such a word.
pub(crate) fn any_word(tokens: &TokenStream, is: &impl Fn(&Ident) -> bool) -> bool {
    tokens.clone().into_iter().any(|token| match token {
        TokenTree::Ident(ident) => is(&ident),
        TokenTree::Group(group) => any_word(&group.stream(), is),
        _ => false,
    })
}

/// All words.
pub(crate) fn words(tokens: &TokenStream) -> Vec<Ident> {
    let words = tokens.clone().into_iter().flat_map(|token| match token {
        TokenTree::Ident(ident) => vec![ident],
        TokenTree::Group(group) => words(&group.stream()),
        _ => Vec::new(),
    });
    words.collect()
}

/// Whether there is a `?`.
pub(crate) fn has_question(tokens: &TokenStream) -> bool {
    tokens.clone().into_iter().any(|token| match token {
        TokenTree::Punct(punct) => punct.as_char() == '?',
        TokenTree::Group(group) => has_question(&group.stream()),
        _ => false,
    })
}
