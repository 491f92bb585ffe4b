//! What an expression is at its core, the variable that it begins with, and the
//! places that it assigns to.

use syn::{Expr, Stmt, UnOp};

use crate::receiver::variable;

/// What a statement is at its core: without `?`, `.await` and parentheses.
pub(super) fn core(expr: &Expr) -> &Expr {
    match bare(expr) {
        Expr::Try(question) => core(&question.expr),
        expr => expr,
    }
}

/// An expression without `.await` and parentheses.
pub(super) fn bare(mut expr: &Expr) -> &Expr {
    loop {
        expr = match expr {
            Expr::Paren(paren) => &paren.expr,
            Expr::Group(group) => &group.expr,
            Expr::Await(future) => &future.base,
            expr => return expr,
        }
    }
}

/// Whether an expression has blocks of its own.
pub(super) fn is_compound(expr: &Expr) -> bool {
    matches!(
        expr,
        Expr::Block(_)
            | Expr::ForLoop(_)
            | Expr::If(_)
            | Expr::Loop(_)
            | Expr::Match(_)
            | Expr::Unsafe(_)
            | Expr::While(_)
    )
}

/// Whether an expression is a place: no value of its own.
pub(super) fn is_place(expr: &Expr) -> bool {
    match expr {
        Expr::Path(_) => true,
        Expr::Field(field) => is_place(&field.base),
        Expr::Index(index) => is_place(&index.expr),
        Expr::Unary(unary) => matches!(unary.op, UnOp::Deref(_)) && is_place(&unary.expr),
        Expr::Paren(paren) => is_place(&paren.expr),
        Expr::Group(group) => is_place(&group.expr),
        _ => false,
    }
}

/// Whether the blocks of a statement give values: not those of one that has
/// blocks of its own and stands for what they do.
pub(super) fn gives_value(stmt: &Stmt, is_value: bool) -> bool {
    match stmt {
        Stmt::Expr(expr, semi) if is_compound(bare(expr)) => is_value && semi.is_none(),
        _ => true,
    }
}

/// The variable that a place or a chain of calls begins with.
pub(super) fn root(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Path(path) => {
            let last = variable(&path.path.segments.last()?.ident);
            (path.path.get_ident().is_some() || is_static(&last)).then_some(last)
        }
        Expr::Field(field) => match (root(&field.base)?, &field.member) {
            (name, syn::Member::Named(member)) if name == "self" => Some(format!("self.{member}")),
            (name, syn::Member::Unnamed(index)) if name == "self" => {
                Some(format!("self.{}", index.index))
            }
            (name, _) => Some(name),
        },
        Expr::MethodCall(call) => root(&call.receiver),
        Expr::Index(index) => root(&index.expr),
        Expr::Paren(paren) => root(&paren.expr),
        Expr::Group(group) => root(&group.expr),
        Expr::Reference(reference) => root(&reference.expr),
        Expr::Unary(unary) => root(&unary.expr),
        Expr::Try(question) => root(&question.expr),
        Expr::Await(future) => root(&future.base),
        _ => None,
    }
}

/// The places that the left side of an assignment takes apart: `(a, b.c) = ..`.
pub(super) fn places(left: &Expr) -> Vec<&Expr> {
    let parts: Vec<&Expr> = match left {
        Expr::Tuple(tuple) => tuple.elems.iter().collect(),
        Expr::Array(array) => array.elems.iter().collect(),
        Expr::Call(call) => call.args.iter().collect(),
        Expr::Struct(value) => value.fields.iter().map(|field| &field.expr).collect(),
        Expr::Paren(paren) => vec![&paren.expr],
        Expr::Group(group) => vec![&group.expr],
        Expr::Infer(_) | Expr::Range(_) => Vec::new(),
        place => return vec![place],
    };
    parts.into_iter().flat_map(places).collect()
}

/// Whether a name is written as that of a constant or a static.
pub(super) fn is_static(name: &str) -> bool {
    name.contains(char::is_uppercase) && !name.contains(char::is_lowercase)
}
