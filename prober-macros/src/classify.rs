//! What an expression is to the attribute: a read, or a probe. The words by which
//! they are known are in `vocabulary`. In the default form each `?` is a question,
//! which `keep::questions` finds.

use syn::{Expr, ExprMethodCall, Path};

use crate::{
    marker::Marker,
    receiver::{self, Receiver},
    vocabulary,
};

/// Whether a call reads guest memory: `vmi.read_*(..)`.
pub(crate) fn is_read(call: &ExprMethodCall, receivers: &[Receiver]) -> bool {
    receiver::is_on(call, receivers) && vocabulary::is_read(&call.method)
}

/// Whether an expression is a read, and nothing else.
pub(crate) fn is_read_expr(expr: &Expr, receivers: &[Receiver]) -> bool {
    matches!(expr, Expr::MethodCall(call) if is_read(call, receivers))
}

/// Whether an expression is a probe under `options`, seen through parentheses:
/// a read, also one that is awaited, or `probe!(..)`.
pub(crate) fn is_probe(expr: &Expr, receivers: &[Receiver], krate: &Path) -> bool {
    match expr {
        Expr::Paren(paren) => is_probe(&paren.expr, receivers, krate),
        Expr::Group(group) => is_probe(&group.expr, receivers, krate),
        Expr::Await(future) => is_read_expr(&future.base, receivers),
        Expr::Macro(call) => Marker::of(&call.mac.path, krate) == Some(Marker::Probe),
        expr => is_read_expr(expr, receivers),
    }
}

/// Whether the runtime serves a read, if its receiver is a type of vmi-core.
pub(crate) fn is_served(call: &ExprMethodCall, mutable_readers: &[Receiver]) -> bool {
    vocabulary::is_served(&call.method) && !receiver::is_on(call, mutable_readers)
}
