//! Macro arguments in parts, which become tokens again.

use proc_macro2::{Group, TokenStream};
use quote::ToTokens;
use syn::{Expr, Stmt, token::Brace, visit_mut::VisitMut};

/// The arguments of a macro.
pub(crate) struct Arguments(pub(crate) Vec<Argument>);

/// An argument: `PREFIX EXPR SUFFIX`.
pub(crate) struct Argument {
    /// `name =`, `target:`, `%` and the like.
    pub(crate) prefix: TokenStream,
    pub(crate) part: Part,
    /// A separator, or the pattern of a `matches!`.
    pub(crate) suffix: TokenStream,
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
