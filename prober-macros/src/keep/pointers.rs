//! Closures that become function pointers: those capture nothing, so no fault
//! can be recorded in them.

use quote::ToTokens;
use syn::{
    Block, Expr, ExprCast, Local, Pat, Type,
    visit_mut::{self, VisitMut},
};

use crate::tokens::any_word;

/// Leaves such closures as they are written.
pub(super) fn leave(body: &mut Block) {
    Pointers.visit_block_mut(body);
}

/// Finds where a type that is written says that a closure becomes a pointer.
struct Pointers;

impl VisitMut for Pointers {
    fn visit_local_mut(&mut self, local: &mut Local) {
        if let (Pat::Type(typed), Some(init)) = (&local.pat, &mut local.init)
            && holds_pointer(&typed.ty)
        {
            Closures.visit_expr_mut(&mut init.expr);
        }
        visit_mut::visit_local_mut(self, local);
    }

    fn visit_expr_cast_mut(&mut self, cast: &mut ExprCast) {
        if holds_pointer(&cast.ty) {
            Closures.visit_expr_mut(&mut cast.expr);
        }
        visit_mut::visit_expr_cast_mut(self, cast);
    }

    fn visit_item_mut(&mut self, _: &mut syn::Item) {}
}

/// Makes closures code that nothing looks into.
struct Closures;

impl VisitMut for Closures {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        match expr {
            Expr::Closure(closure) => *expr = Expr::Verbatim(closure.to_token_stream()),
            Expr::Array(_) | Expr::Tuple(_) | Expr::Paren(_) | Expr::Reference(_) => {
                visit_mut::visit_expr_mut(self, expr);
            }
            _ => {}
        }
    }
}

fn holds_pointer(ty: &Type) -> bool {
    any_word(&ty.to_token_stream(), &|word| word == "fn")
}
