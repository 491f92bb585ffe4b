//! What a statement only looks at: where `let x = vmi.read_u64(at + 8)?` is skipped,
//! `at` is what it was, although it is `mut`.

use syn::{
    Expr, Stmt, UnOp,
    visit_mut::{self, VisitMut},
};

use super::{facts::Facts, inner::root};
use crate::{classify, receiver::Receiver, vocabulary};

/// A statement without the variables that are operands or indices in it, or the
/// addresses of reads: none of these changes them. A variable that is handed to
/// another function may be a reference, unless it is known to be a number.
pub(super) fn without_operands(stmt: &Stmt, facts: &Facts, receivers: &[Receiver]) -> Stmt {
    let mut stmt = stmt.clone();
    Remove { facts, receivers }.visit_stmt_mut(&mut stmt);
    stmt
}

struct Remove<'a> {
    facts: &'a Facts,
    receivers: &'a [Receiver],
}

impl Remove<'_> {
    fn argument(&self, arg: &mut Expr) {
        if root(arg).is_some_and(|name| self.facts.is_number(&name)) {
            remove(arg);
        }
    }
}

/// Removes an expression that is a place.
fn remove(expr: &mut Expr) {
    if is_place(expr) {
        *expr = Expr::PLACEHOLDER;
    }
}

fn is_place(expr: &Expr) -> bool {
    match expr {
        Expr::Path(_) => true,
        Expr::Field(field) => is_place(&field.base),
        Expr::Paren(paren) => is_place(&paren.expr),
        Expr::Unary(unary) => matches!(unary.op, UnOp::Deref(_)) && is_place(&unary.expr),
        _ => false,
    }
}

impl VisitMut for Remove<'_> {
    fn visit_expr_binary_mut(&mut self, binary: &mut syn::ExprBinary) {
        visit_mut::visit_expr_binary_mut(self, binary);
        if !vocabulary::assigns(&binary.op) {
            remove(&mut binary.left);
        }
        remove(&mut binary.right);
    }

    fn visit_expr_unary_mut(&mut self, unary: &mut syn::ExprUnary) {
        visit_mut::visit_expr_unary_mut(self, unary);
        if !matches!(unary.op, UnOp::Deref(_)) {
            remove(&mut unary.expr);
        }
    }

    fn visit_expr_cast_mut(&mut self, cast: &mut syn::ExprCast) {
        visit_mut::visit_expr_cast_mut(self, cast);
        remove(&mut cast.expr);
    }

    fn visit_expr_index_mut(&mut self, index: &mut syn::ExprIndex) {
        visit_mut::visit_expr_index_mut(self, index);
        remove(&mut index.index);
    }

    fn visit_expr_call_mut(&mut self, call: &mut syn::ExprCall) {
        visit_mut::visit_expr_call_mut(self, call);
        call.args.iter_mut().for_each(|arg| self.argument(arg));
    }

    fn visit_expr_method_call_mut(&mut self, call: &mut syn::ExprMethodCall) {
        let is_read = classify::is_read(call, self.receivers);
        visit_mut::visit_expr_method_call_mut(self, call);
        for (index, arg) in call.args.iter_mut().enumerate() {
            // What follows the address may be a buffer.
            if is_read && index == 0 {
                remove(arg);
            } else {
                self.argument(arg);
            }
        }
    }

    // They may hold what they mention.
    fn visit_expr_closure_mut(&mut self, _: &mut syn::ExprClosure) {}
    fn visit_expr_async_mut(&mut self, _: &mut syn::ExprAsync) {}
    fn visit_item_mut(&mut self, _: &mut syn::Item) {}
}
