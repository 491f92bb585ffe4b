//! Where an expression of the user's begins and ends.
//!
//! A span that covers both cannot be made on stable Rust. But rustc takes the
//! span of a call from its first token to its last, so a call that begins with
//! a name at the one and ends with parentheses at the other is blamed as the
//! user's own expression would be.

use proc_macro2::{Span, TokenTree};
use quote::ToTokens;
use syn::{Expr, MacroDelimiter, Member};

/// The first and the last token of an expression of the user's.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) start: Span,
    pub(crate) end: Span,
}

impl Place {
    pub(crate) fn of(expr: &Expr) -> Self {
        Self {
            start: start(expr),
            end: end(expr),
        }
    }

    /// The span of what the expansion writes there.
    pub(crate) fn glue(self) -> Span {
        glue(self.start)
    }
}

/// The span of what the expansion writes beside a token of the user's: rustc
/// blames that token, and no name of the user's meets one in it.
pub(crate) fn glue(at: Span) -> Span {
    Span::mixed_site().located_at(at)
}

/// The span of the first token.
pub(crate) fn start(expr: &Expr) -> Span {
    match expr {
        Expr::Await(expr) => start(&expr.base),
        Expr::Binary(expr) => start(&expr.left),
        Expr::Call(expr) => start(&expr.func),
        Expr::Cast(expr) => start(&expr.expr),
        Expr::Field(expr) => start(&expr.base),
        Expr::Group(expr) => start(&expr.expr),
        Expr::Index(expr) => start(&expr.expr),
        Expr::MethodCall(expr) => start(&expr.receiver),
        Expr::Paren(expr) => expr.paren_token.span.open(),
        Expr::Reference(expr) => expr.and_token.span,
        Expr::Try(expr) => start(&expr.expr),
        Expr::Macro(expr) => first(&expr.mac.path),
        Expr::Path(expr) if expr.qself.is_none() && expr.path.leading_colon.is_none() => {
            expr.path.segments[0].ident.span()
        }
        expr => first(expr),
    }
}

/// The span of the last token.
fn end(expr: &Expr) -> Span {
    match expr {
        Expr::Await(expr) => expr.await_token.span,
        Expr::Block(expr) => expr.block.brace_token.span.close(),
        Expr::Call(expr) => expr.paren_token.span.close(),
        Expr::Field(expr) => match &expr.member {
            Member::Named(ident) => ident.span(),
            Member::Unnamed(index) => index.span,
        },
        Expr::Group(expr) => end(&expr.expr),
        Expr::Index(expr) => expr.bracket_token.span.close(),
        Expr::Macro(expr) => match &expr.mac.delimiter {
            MacroDelimiter::Paren(token) => token.span.close(),
            MacroDelimiter::Brace(token) => token.span.close(),
            MacroDelimiter::Bracket(token) => token.span.close(),
        },
        Expr::MethodCall(expr) => expr.paren_token.span.close(),
        Expr::Paren(expr) => expr.paren_token.span.close(),
        Expr::Reference(expr) => end(&expr.expr),
        Expr::Try(expr) => expr.question_token.span,
        Expr::Unary(expr) => end(&expr.expr),
        Expr::Unsafe(expr) => expr.block.brace_token.span.close(),
        Expr::Path(expr) if expr.path.get_ident().is_some() => expr.path.segments[0].ident.span(),
        expr => last(expr),
    }
}

fn first(tokens: &impl ToTokens) -> Span {
    match tokens.to_token_stream().into_iter().next() {
        Some(TokenTree::Group(group)) => group.span_open(),
        Some(token) => token.span(),
        None => Span::call_site(),
    }
}

fn last(tokens: &impl ToTokens) -> Span {
    match tokens.to_token_stream().into_iter().last() {
        Some(TokenTree::Group(group)) => group.span_close(),
        Some(token) => token.span(),
        None => Span::call_site(),
    }
}
