//! `break` and `continue` outside of a loop: rustc would blame the labelled
//! blocks that the expansion puts around them.

use syn::{
    Block, Expr, parse_quote,
    visit_mut::{self, VisitMut},
};

use crate::error::Errors;

/// Refuses `break` and `continue` that leave nothing.
pub(super) fn refuse(body: &mut Block, errors: &mut Errors) {
    Outside { errors }.visit_block_mut(body);
}

/// Code that is in no loop.
struct Outside<'a> {
    errors: &'a mut Errors,
}

impl VisitMut for Outside<'_> {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        let error = match expr {
            Expr::Break(exit) if exit.label.is_none() => "`break` outside of a loop",
            Expr::Continue(_) => "`continue` outside of a loop",
            Expr::ForLoop(each) => return self.visit_expr_mut(&mut each.expr),
            // In these, rustc's own words are right.
            Expr::While(_) | Expr::Loop(_) | Expr::Closure(_) | Expr::Async(_) | Expr::Const(_) => {
                return;
            }
            expr => return visit_mut::visit_expr_mut(self, expr),
        };
        self.errors.on(&*expr, error);
        // Nothing is to follow from it.
        *expr = parse_quote!(loop {});
    }

    fn visit_item_mut(&mut self, _: &mut syn::Item) {}
}
