//! The arguments of macros, which are tokens until they are parsed here.

mod arguments;
mod pieces;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{
    Block, Expr, Ident, Lit, Macro, Pat, Token, braced,
    ext::IdentExt,
    parse::{ParseStream, Parser},
    token::Brace,
};

pub(crate) use self::arguments::{Argument, Arguments, Part};
use crate::vocabulary;

/// Parses the arguments of a macro as expressions, or else as statements, or
/// else finds what of them is an expression or a block.
pub(crate) fn parse(mac: &Macro) -> Arguments {
    let tokens = || mac.tokens.clone();
    let parsed = if vocabulary::name(mac) == "matches" {
        matches_arguments.parse2(tokens())
    } else {
        expr_arguments.parse2(tokens()).or_else(|_| {
            let stmts = Block::parse_within.parse2(tokens())?;
            Ok(Arguments(vec![Argument {
                prefix: TokenStream::new(),
                part: Part::Stmts(stmts),
                suffix: TokenStream::new(),
            }]))
        })
    };
    parsed.unwrap_or_else(|_| pieces::of(tokens()))
}

/// Expressions, separated by `,` or `;` as in `vec![EXPR; EXPR]`.
fn expr_arguments(input: ParseStream) -> syn::Result<Arguments> {
    let mut arguments = Vec::new();
    while !input.is_empty() {
        let prefix = prefix(input)?;
        // `info!(?value)`: shorthand for a field, after which no `=` comes.
        let part = if input.peek(Brace) && input.fork().parse::<Expr>().is_err() {
            let fields;
            let brace = braced!(fields in input);
            Part::Fields(brace, expr_arguments(&fields)?)
        } else {
            Part::Expr(input.parse()?)
        };
        let suffix = if input.peek(Token![,]) {
            input.parse::<Token![,]>()?.into_token_stream()
        } else if input.peek(Token![;]) {
            input.parse::<Token![;]>()?.into_token_stream()
        } else if input.is_empty() {
            TokenStream::new()
        } else {
            return Err(input.error("expected `,`"));
        };
        arguments.push(Argument {
            prefix,
            part,
            suffix,
        });
    }
    Ok(Arguments(arguments))
}

/// What may precede an expression: the name of a format argument or of a
/// field (`name =`, `a.b =`, `"name" =`, `name:? =`), a key (`target:`), and
/// how a field is recorded (`%`, `?`).
fn prefix(input: ParseStream) -> syn::Result<TokenStream> {
    let named = |input: ParseStream| -> syn::Result<TokenStream> {
        let mut tokens = TokenStream::new();
        if input.peek(Lit) {
            input.parse::<Lit>()?.to_tokens(&mut tokens);
        } else {
            loop {
                input.call(Ident::parse_any)?.to_tokens(&mut tokens);
                if !input.peek(Token![.]) {
                    break;
                }
                input.parse::<Token![.]>()?.to_tokens(&mut tokens);
            }
            if input.peek(Token![:]) && !input.peek(Token![::]) {
                input.parse::<Token![:]>()?.to_tokens(&mut tokens);
                sigil(input, &mut tokens)?;
                if !input.peek(Token![=]) {
                    return Ok(tokens);
                }
            }
        }
        if input.peek(Token![==]) || input.peek(Token![=>]) {
            return Err(input.error("expected an expression"));
        }
        input.parse::<Token![=]>()?.to_tokens(&mut tokens);
        Ok(tokens)
    };

    let mut tokens = TokenStream::new();
    if named(&input.fork()).is_ok() {
        tokens = named(input)?;
    }
    sigil(input, &mut tokens)?;
    Ok(tokens)
}

fn sigil(input: ParseStream, tokens: &mut TokenStream) -> syn::Result<()> {
    if input.peek(Token![%]) {
        input.parse::<Token![%]>()?.to_tokens(tokens);
    } else if input.peek(Token![?]) {
        input.parse::<Token![?]>()?.to_tokens(tokens);
    }
    Ok(())
}

/// The scrutinee and the pattern of a `matches!`.
pub(crate) fn of_matches(mac: &Macro) -> Option<(Expr, Pat)> {
    let parse = |input: ParseStream| {
        let scrutinee = input.parse()?;
        input.parse::<Token![,]>()?;
        let pat = Pat::parse_multi_with_leading_vert(input)?;
        input.parse::<TokenStream>()?;
        Ok((scrutinee, pat))
    };
    parse.parse2(mac.tokens.clone()).ok()
}

/// `EXPR, PATTERN if GUARD`.
fn matches_arguments(input: ParseStream) -> syn::Result<Arguments> {
    let scrutinee = input.parse()?;
    let comma = input.parse::<Token![,]>()?;
    let pat = Pat::parse_multi_with_leading_vert(input)?;
    let mut arguments = vec![Argument {
        prefix: TokenStream::new(),
        part: Part::Expr(scrutinee),
        suffix: quote!(#comma #pat),
    }];
    if input.peek(Token![if]) {
        arguments.push(Argument {
            prefix: input.parse::<Token![if]>()?.into_token_stream(),
            part: Part::Expr(input.parse()?),
            suffix: TokenStream::new(),
        });
    }
    if input.peek(Token![,]) {
        let comma = input.parse::<Token![,]>()?;
        let last = arguments.len() - 1;
        comma.to_tokens(&mut arguments[last].suffix);
    }
    if !input.is_empty() {
        return Err(input.error("expected `if`"));
    }
    Ok(Arguments(arguments))
}
