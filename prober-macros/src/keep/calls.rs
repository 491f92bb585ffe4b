//! What calls mean to a doomed run, by their names.

use quote::ToTokens;
use syn::Expr;

use crate::emit::start;

/// Whether an expression is the suppressed set, handed on.
pub(super) fn is_suppressed(expr: &Expr) -> bool {
    match expr {
        Expr::Reference(reference) => is_suppressed(&reference.expr),
        Expr::Path(path) => path.path.is_ident("suppressed"),
        Expr::MethodCall(call) => call.method == "clone" && is_suppressed(&call.receiver),
        _ => false,
    }
}

/// Whether a call is handed the suppressed set, so that it inherits the doom.
pub(super) fn handed_suppressed(call: &Expr) -> bool {
    match call {
        Expr::Call(call) => call.args.iter().any(is_suppressed),
        Expr::MethodCall(call) => call.args.iter().any(is_suppressed),
        _ => false,
    }
}

/// Whether a function makes a value of its arguments: `Some`, `Sink::new`.
pub(super) fn constructs(func: &Expr) -> bool {
    is_variant(func)
        || matches!(func, Expr::Path(path) if path.path.segments.last().is_some_and(|last| {
            let name = last.ident.to_string();
            name.starts_with("with_") || matches!(name.as_str(), "new" | "from")
        }))
}

/// Whether a function is a type or a variant that holds its arguments: `Some`.
pub(super) fn is_variant(func: &Expr) -> bool {
    matches!(func, Expr::Path(path) if path.path.segments.last().is_some_and(|last| {
        last.ident.to_string().starts_with(char::is_uppercase)
    }))
}

/// Whether a function only moves values.
pub(super) fn moves(func: &Expr) -> bool {
    matches!(func, Expr::Path(path) if path.path.segments.last().is_some_and(|last| {
        matches!(last.ident.to_string().as_str(), "drop" | "forget" | "replace" | "swap" | "take")
    }))
}

/// Whether a function drops its argument.
pub(super) fn drops(func: &Expr) -> bool {
    matches!(func, Expr::Path(path)
        if path.path.segments.last().is_some_and(|last| last.ident == "drop"))
}

/// Whether a function makes ends of one thing: what happens to one is seen at
/// the other.
pub(super) fn makes_ends(func: &Expr) -> bool {
    matches!(func, Expr::Path(path) if path.path.segments.last().is_some_and(|last| {
        let name = last.ident.to_string();
        name.contains("channel") || name.contains("bounded")
    }))
}

/// Whether nothing can be changed through what a method gives.
pub(super) fn only_shows(method: &str) -> bool {
    method.starts_with("is_")
        || method.starts_with("to_")
        || matches!(
            method,
            "as_ref"
                | "as_slice"
                | "as_str"
                | "borrow"
                | "bytes"
                | "chars"
                | "chunks"
                | "cloned"
                | "copied"
                | "count"
                | "first"
                | "get"
                | "iter"
                | "keys"
                | "last"
                | "len"
                | "lines"
                | "sum"
                | "values"
                | "windows"
        )
}

/// What tells an operand from others: where it stands, and what it is. Those of
/// a macro that is used twice stand at one place.
pub(crate) fn key(operand: &Expr) -> String {
    format!("{:?} {}", start(operand), operand.to_token_stream())
}
