//! The arguments of macros, which are tokens until they are parsed here.

use proc_macro2::{Group, TokenStream};
use quote::{ToTokens, quote};
use syn::{
    Block, Expr, Ident, Lit, Macro, Pat, Stmt, Token, braced,
    ext::IdentExt,
    parse::{ParseStream, Parser},
    token::Brace,
    visit_mut::VisitMut,
};

use super::{Rewriter, pieces, unparsed};
use crate::{invisible, vocabulary};

/// The arguments of a macro.
pub(crate) struct Arguments(pub(super) Vec<Argument>);

/// An argument: `PREFIX EXPR SUFFIX`.
pub(crate) struct Argument {
    /// `name =`, `target:`, `%` and the like.
    pub(super) prefix: TokenStream,
    pub(super) part: Part,
    /// A separator, or the pattern of a `matches!`.
    pub(super) suffix: TokenStream,
}

pub(crate) enum Part {
    Expr(Expr),
    Stmts(Vec<Stmt>),
    /// `{ name = EXPR, .. }`, as in the `tracing` macros.
    Fields(Brace, Arguments),
    /// What stands in braces, in a syntax of the macro's own.
    Group(Group, Arguments),
    /// Tokens that are not understood.
    Raw(TokenStream),
}

impl Arguments {
    /// The arguments that are expressions.
    pub(crate) fn exprs(&self) -> impl Iterator<Item = &Expr> {
        self.0.iter().filter_map(|argument| match &argument.part {
            Part::Expr(expr) => Some(expr),
            _ => None,
        })
    }

    /// The arguments that are expressions, to change them.
    pub(crate) fn exprs_mut(&mut self) -> Vec<&mut Expr> {
        let mut exprs = Vec::new();
        for argument in &mut self.0 {
            match &mut argument.part {
                Part::Expr(expr) => exprs.push(expr),
                Part::Fields(_, fields) => exprs.extend(fields.exprs_mut()),
                Part::Stmts(_) | Part::Group(..) | Part::Raw(_) => {}
            }
        }
        exprs
    }

    /// Whether the arguments are expressions, and nothing else.
    pub(crate) fn all_exprs(&self) -> bool {
        self.0
            .iter()
            .all(|argument| matches!(argument.part, Part::Expr(_) | Part::Fields(..)))
    }

    /// Visits all expressions and statements in the arguments.
    pub(crate) fn visit(&mut self, visitor: &mut impl VisitMut) {
        for argument in &mut self.0 {
            match &mut argument.part {
                Part::Expr(expr) => visitor.visit_expr_mut(expr),
                Part::Stmts(stmts) => {
                    for stmt in stmts {
                        visitor.visit_stmt_mut(stmt);
                    }
                }
                Part::Fields(_, inner) | Part::Group(_, inner) => inner.visit(visitor),
                Part::Raw(_) => {}
            }
        }
    }

    /// Rewrites all expressions in the arguments.
    ///
    /// # Errors
    ///
    /// There is a read in what is not understood.
    pub(super) fn rewrite(&mut self, rewriter: &mut Rewriter<'_>, place: &str) -> syn::Result<()> {
        for argument in &mut self.0 {
            match &mut argument.part {
                Part::Expr(expr) => rewriter.visit_expr_mut(expr),
                Part::Stmts(stmts) => {
                    rewriter.end_markers(stmts);
                    for stmt in stmts {
                        rewriter.visit_stmt_mut(stmt);
                    }
                }
                Part::Fields(_, inner) | Part::Group(_, inner) => inner.rewrite(rewriter, place)?,
                Part::Raw(tokens) => {
                    let error = unparsed::error_in_form(rewriter, tokens, place);
                    invisible::show_in(tokens);
                    error.map_or(Ok(()), Err)?;
                }
            }
        }
        Ok(())
    }
}

impl ToTokens for Arguments {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        for argument in &self.0 {
            argument.prefix.to_tokens(tokens);
            match &argument.part {
                Part::Expr(expr) => expr.to_tokens(tokens),
                Part::Stmts(stmts) => stmts.iter().for_each(|stmt| stmt.to_tokens(tokens)),
                Part::Fields(brace, fields) => {
                    brace.surround(tokens, |tokens| fields.to_tokens(tokens));
                }
                Part::Group(group, inner) => {
                    let mut inner = Group::new(group.delimiter(), inner.to_token_stream());
                    inner.set_span(group.span());
                    inner.to_tokens(tokens);
                }
                Part::Raw(raw) => raw.to_tokens(tokens),
            }
            argument.suffix.to_tokens(tokens);
        }
    }
}

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
pub(super) fn of_matches(mac: &Macro) -> Option<(Expr, Pat)> {
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
