//! The arguments of macros.

use quote::ToTokens;
use syn::{
    Lifetime,
    visit_mut::{self, VisitMut},
};

use super::asker::Asker;
use crate::{
    keep::{
        macros::{evaluates, holds_exit},
        record::Recorder,
        results::takes_apart,
    },
    macro_arguments,
};

impl Asker<'_, '_> {
    pub(super) fn macro_arguments(&mut self, mac: &mut syn::Macro) {
        if let Some(label) = self.scope.innermost() {
            NameLoops(label).visit_macro_mut(mac);
        }
        if self.flow.leaves_alone(mac) {
            return;
        }
        let mut arguments = macro_arguments::parse(mac);
        if !arguments.all_exprs() {
            // Only the macro knows when they are evaluated.
            if self.flow.records_in_closures {
                let miss = None;
                arguments.visit(&mut Recorder {
                    flow: self.flow,
                    miss,
                });
                mac.tokens = arguments.into_token_stream();
            }
            return;
        }
        // The others are evaluated only at need.
        let mut exprs = arguments.exprs_mut();
        let others = exprs.split_off(evaluates(mac).min(exprs.len()));
        if takes_apart(mac) {
            for expr in exprs {
                self.scrutinee(expr);
            }
        } else {
            self.operands(exprs);
        }
        for expr in others {
            self.visit_expr_mut(expr);
        }
        mac.tokens = arguments.into_token_stream();
    }
}

/// Names the loop that is meant where a `break` or `continue` in the arguments
/// of a macro names none: there may be a block of ours around.
struct NameLoops(Lifetime);

impl VisitMut for NameLoops {
    fn visit_expr_break_mut(&mut self, exit: &mut syn::ExprBreak) {
        if exit.label.is_none() {
            exit.label = Some(self.0.clone());
        }
        visit_mut::visit_expr_break_mut(self, exit);
    }
    fn visit_expr_continue_mut(&mut self, exit: &mut syn::ExprContinue) {
        if exit.label.is_none() {
            exit.label = Some(self.0.clone());
        }
    }
    fn visit_macro_mut(&mut self, mac: &mut syn::Macro) {
        if holds_exit(mac) {
            let mut arguments = macro_arguments::parse(mac);
            arguments.visit(self);
            mac.tokens = arguments.into_token_stream();
        }
    }
    fn visit_expr_for_loop_mut(&mut self, each: &mut syn::ExprForLoop) {
        self.visit_expr_mut(&mut each.expr);
    }
    fn visit_expr_while_mut(&mut self, _: &mut syn::ExprWhile) {}
    fn visit_expr_loop_mut(&mut self, _: &mut syn::ExprLoop) {}
    fn visit_expr_closure_mut(&mut self, _: &mut syn::ExprClosure) {}
    fn visit_expr_async_mut(&mut self, _: &mut syn::ExprAsync) {}
    fn visit_item_mut(&mut self, _: &mut syn::Item) {}
}
