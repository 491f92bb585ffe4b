//! The attributes of an expression that is wrapped stay outside.

use quote::quote;
use syn::{Attribute, Expr};

/// Takes the attributes from an expression that is to be wrapped.
pub(super) fn take_attrs(expr: &mut Expr) -> Vec<Attribute> {
    match expr {
        Expr::Await(expr) => std::mem::take(&mut expr.attrs),
        Expr::MethodCall(expr) => std::mem::take(&mut expr.attrs),
        Expr::Try(expr) => std::mem::take(&mut expr.attrs),
        _ => Vec::new(),
    }
}

pub(super) fn with_attrs(attrs: &[Attribute], expr: Expr) -> Expr {
    if attrs.is_empty() {
        return expr;
    }
    Expr::Verbatim(quote!(#(#attrs)* #expr))
}
