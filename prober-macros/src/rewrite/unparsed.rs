//! Finds reads and markers in tokens that cannot be parsed.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::quote;
use syn::Expr;

use super::{
    context::Context,
    rewriter::{Form, Rewriter},
};
use crate::{marker::Marker, vocabulary};

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

/// The error for what cannot be rewritten in tokens that are not understood: in
/// the form that keeps types, only a marker.
pub(super) fn error_in_form(
    rewriter: &Rewriter<'_>,
    tokens: &TokenStream,
    place: &str,
) -> Option<syn::Error> {
    match rewriter.settings.form {
        Form::Options => error(rewriter, tokens, place),
        Form::Kept => marker_error(rewriter, tokens, place),
    }
}

/// The error for a read where it cannot be rewritten.
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

/// The error for a marker where it cannot be rewritten.
fn marker_error(rewriter: &Rewriter<'_>, tokens: &TokenStream, place: &str) -> Option<syn::Error> {
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
                if Marker::by_name(ident).is_some() && calls_macro(&tokens[index + 1..]) {
                    return Some((quote!(#ident), format!("`{ident}!`")));
                }
                let reads = vocabulary::is_read(ident);
                if (reads || vocabulary::changes_guest(ident))
                    && is_call(&tokens[index + 1..])
                    && let Some(start) =
                        receiver_before(rewriter, &tokens[..index], reads).or_else(|| {
                            (!reads && is_handed(rewriter, &tokens, index)).then_some(index)
                        })
                {
                    let call = tokens[start..=index].iter().cloned().collect();
                    let what = if reads { "the read" } else { "the call" };
                    return Some((call, format!("{what} `{ident}`")));
                }
            }
            TokenTree::Group(group) => {
                if !ends_with_text_macro(&tokens[..index])
                    && let Some(found) = find(rewriter, &group.stream())
                {
                    return Some(found);
                }
            }
            _ => {}
        }
    }
    None
}

/// Whether tokens begin with `!` and the arguments of a macro.
fn calls_macro(tokens: &[TokenTree]) -> bool {
    matches!(tokens, [TokenTree::Punct(punct), TokenTree::Group(_), ..] if punct.as_char() == '!')
}

/// Whether tokens end with `NAME!` of a macro whose arguments stay as they are.
fn ends_with_text_macro(tokens: &[TokenTree]) -> bool {
    matches!(tokens, [.., TokenTree::Ident(name), TokenTree::Punct(punct)]
        if punct.as_char() == '!'
            && (vocabulary::is_text(&name.to_string()) || name == "unprobed"))
}

/// How many tokens a receiver may have here: `self.a.b().vmi` has 9. Each
/// length is parsed, so without a bound long token lists would take long.
const LONGEST_RECEIVER: usize = 15;

/// Where the known receiver before a method starts; its dot is the last token.
/// For a read it must be the receiver itself.
fn receiver_before(rewriter: &Rewriter<'_>, tokens: &[TokenTree], itself: bool) -> Option<usize> {
    let (TokenTree::Punct(dot), before) = tokens.split_last()? else {
        return None;
    };
    if dot.as_char() != '.' {
        return None;
    }
    // The longest run of tokens that is a known receiver. A name after a further
    // dot is a field of something else; a name after a `$` is an argument of the
    // macro, which is its caller's affair.
    (0..before.len()).find(|start| {
        let is = |index: usize, sign| matches!(&before[index], TokenTree::Punct(punct) if punct.as_char() == sign);
        let starts = match *start {
            0 => true,
            // The second of two dots makes a range.
            start if is(start - 1, '.') => start > 1 && is(start - 2, '.'),
            start => !is(start - 1, '$'),
        };
        starts
            && before.len() - start <= LONGEST_RECEIVER
            && syn::parse2::<Expr>(before[*start..].iter().cloned().collect()).is_ok_and(|expr| {
                if itself {
                    rewriter.is_receiver(&expr)
                } else {
                    rewriter.leads_to_guest(&expr)
                }
            })
    })
}

/// Whether a function of a type is handed a receiver: `VmiState::write(vmi, ..)`.
fn is_handed(rewriter: &Rewriter<'_>, tokens: &[TokenTree], index: usize) -> bool {
    let Some(TokenTree::Group(arguments)) = tokens.get(index + 1) else {
        return false;
    };
    let first = arguments.stream().into_iter();
    let first = first
        .take_while(|token| !matches!(token, TokenTree::Punct(punct) if punct.as_char() == ','));
    index > 0
        && matches!(&tokens[index - 1], TokenTree::Punct(punct) if punct.as_char() == ':')
        && syn::parse2::<Expr>(first.collect()).is_ok_and(|first| rewriter.leads_to_guest(&first))
}

/// Whether tokens begin with the arguments of a call, or with a turbofish.
fn is_call(tokens: &[TokenTree]) -> bool {
    match tokens.first() {
        Some(TokenTree::Group(group)) => group.delimiter() == Delimiter::Parenthesis,
        Some(TokenTree::Punct(punct)) => punct.as_char() == ':',
        _ => false,
    }
}
