//! Finds what is to be rewritten in tokens that cannot be parsed.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::quote;
use syn::Expr;

use super::{Context, Rewriter};
use crate::{
    marker::Marker,
    receiver::Receiver,
    vocabulary::{self, TEXT},
};

/// Whether there may be something to rewrite in tokens.
pub(super) fn is_interesting(rewriter: &Rewriter<'_>, tokens: &TokenStream) -> bool {
    /// A `?`; in a probe, also what may leave a loop.
    fn has_exit(tokens: TokenStream, in_probe: bool) -> bool {
        tokens.into_iter().any(|token| match token {
            TokenTree::Punct(punct) => punct.as_char() == '?',
            TokenTree::Ident(word) => in_probe && (word == "break" || word == "continue"),
            TokenTree::Group(group) => has_exit(group.stream(), in_probe),
            TokenTree::Literal(_) => false,
        })
    }
    let in_probe = matches!(rewriter.context, Context::Probe { .. });
    has_exit(tokens.clone(), in_probe) || find(rewriter, tokens).is_some()
}

/// The error for a read that stands where it cannot be rewritten.
pub(super) fn error(
    rewriter: &Rewriter<'_>,
    tokens: &TokenStream,
    place: &str,
) -> Option<syn::Error> {
    let (found, what) = find(rewriter, tokens)?;
    let advice = if what.ends_with("!`") {
        "move it out of there"
    } else {
        "bind it with `let` before, or wrap the whole in `unprobed!(..)`"
    };
    Some(syn::Error::new_spanned(
        found,
        format!("`#[probed]` cannot rewrite {what} in {place}; {advice}"),
    ))
}

/// The error for a marker that stands where it cannot be rewritten.
pub(super) fn marker_error(
    rewriter: &Rewriter<'_>,
    tokens: &TokenStream,
    place: &str,
) -> Option<syn::Error> {
    let (_, what) = find(rewriter, tokens)?;
    what.ends_with("!`")
        .then(|| error(rewriter, tokens, place))
        .flatten()
}

/// The error for a read in the text of a macro that the body defines.
pub(super) fn in_definition(rewriter: &Rewriter<'_>, tokens: &TokenStream) -> Option<syn::Error> {
    let (found, what) = find(rewriter, tokens)?;
    Some(syn::Error::new_spanned(
        found,
        format!(
            "`#[probed]` cannot rewrite {what} in a macro that the body defines; \
             pass it to the macro as an argument, or define the macro outside of the function"
        ),
    ))
}

/// Finds a read, a call that acts on the guest, or a marker in tokens.
fn find(rewriter: &Rewriter<'_>, tokens: &TokenStream) -> Option<(TokenStream, String)> {
    let tokens = tokens.clone().into_iter().collect::<Vec<_>>();
    for (index, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Ident(ident) => {
                let is_macro = matches!(tokens.get(index + 1), Some(TokenTree::Punct(punct)) if punct.as_char() == '!')
                    && matches!(tokens.get(index + 2), Some(TokenTree::Group(_)));
                if is_macro && Marker::by_name(ident).is_some() {
                    return Some((quote!(#ident), format!("`{ident}!`")));
                }
                if (vocabulary::is_read(ident) || vocabulary::acts_on_guest(ident))
                    && let Some(start) = receiver_before(rewriter, &tokens[..index])
                    && is_call(&tokens[index + 1..])
                {
                    let call = tokens[start..=index].iter().cloned().collect();
                    let what = if vocabulary::is_read(ident) {
                        "the read"
                    } else {
                        "the call"
                    };
                    return Some((call, format!("{what} `{ident}`")));
                }
            }
            TokenTree::Group(group) => {
                let of_text_macro = index >= 2
                    && matches!(&tokens[index - 1], TokenTree::Punct(punct) if punct.as_char() == '!')
                    && matches!(&tokens[index - 2], TokenTree::Ident(name)
                        if TEXT.contains(&name.to_string().as_str()) || name == "unprobed");
                if !of_text_macro && let Some(found) = find(rewriter, &group.stream()) {
                    return Some(found);
                }
            }
            _ => {}
        }
    }
    None
}

/// Where the known receiver starts that stands before a method, with its dot.
fn receiver_before(rewriter: &Rewriter<'_>, tokens: &[TokenTree]) -> Option<usize> {
    let (TokenTree::Punct(dot), before) = tokens.split_last()? else {
        return None;
    };
    if dot.as_char() != '.' {
        return None;
    }
    // The longest run of tokens that is a known receiver: behind a further dot
    // a name is a field of something else, and behind a `$` what a macro was
    // given, which is its own affair.
    (0..before.len()).find(|start| {
        let is = |index: usize, sign| matches!(&before[index], TokenTree::Punct(punct) if punct.as_char() == sign);
        let starts = match *start {
            0 => true,
            // The second of two dots makes a range.
            start if is(start - 1, '.') => start > 1 && is(start - 2, '.'),
            start => !is(start - 1, '$'),
        };
        starts
            && before.len() - start < 16
            && syn::parse2::<Expr>(before[*start..].iter().cloned().collect())
                .ok()
                .and_then(|expr| Receiver::of(&expr))
                .is_some_and(|receiver| rewriter.receivers.contains(&receiver))
    })
}

/// Whether tokens begin with the arguments of a call, or with a turbofish.
fn is_call(tokens: &[TokenTree]) -> bool {
    match tokens.first() {
        Some(TokenTree::Group(group)) => group.delimiter() == Delimiter::Parenthesis,
        Some(TokenTree::Punct(punct)) => punct.as_char() == ':',
        _ => false,
    }
}
