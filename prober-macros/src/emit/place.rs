//! Where the user's expressions stand, and the spans of what the expansion
//! writes there.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Expr, MacroDelimiter, Member};

/// The first and the last token of an expression of the user's.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) start: Span,
    pub(crate) end: Span,
}

impl Place {
    pub(crate) fn of(mut expr: &Expr) -> Self {
        // Parentheses are left out where an expression becomes an argument.
        while let Expr::Paren(paren) = expr {
            expr = &paren.expr;
        }
        Self {
            start: start(expr),
            end: end(expr),
        }
    }

    /// The same place up to a later token.
    pub(super) fn to(self, end: Span) -> Self {
        Self { end, ..self }
    }

    /// The span of what the expansion writes there.
    pub(crate) fn glue(self) -> Span {
        glue(self.start)
    }

    /// The same place for a call with this operand. The braces of a block are
    /// glue, so that no lint sees them. Where only one of a call and its argument
    /// is glue, rustc blames the attribute.
    pub(super) fn around(self, operand: &Expr) -> Self {
        match operand {
            Expr::Block(_) => Self {
                start: glue(self.start),
                end: glue(self.end),
            },
            _ => self,
        }
    }
}

/// The span of what the expansion writes beside a token of the user's: rustc
/// blames that token, and names do not clash with the user's.
pub(crate) fn glue(at: Span) -> Span {
    Span::mixed_site().located_at(at)
}

/// Code in braces. To write it within the braces of a `quote!` takes a copy of it.
pub(crate) fn braces(code: TokenStream) -> Group {
    Group::new(Delimiter::Brace, code)
}

/// An identifier of the expansion that cannot clash with a name in the function.
pub(crate) fn hygienic(name: &str, at: Span) -> Ident {
    Ident::new(name, glue(at))
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
