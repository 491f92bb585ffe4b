//! Results that the body takes apart: their faults are recorded.

use quote::ToTokens;
use syn::{Expr, Pat, visit_mut::VisitMut};

use super::asker::Asker;
use crate::{
    emit::{Place, operand},
    keep::{
        calls::handed_suppressed,
        inner::core,
        results::{hides_error, is_call, is_result_pattern, shows_error},
    },
    tokens::any_word,
};

impl Asker<'_, '_> {
    /// Records the faults of a result that the body takes apart. One that
    /// panics must not do so in a run that the plain one would have left.
    pub(super) fn take(&mut self, expr: &mut Expr, panics: bool) {
        let tie = self.flow.operand_tie(expr);
        // Found before another error takes its place.
        if let Expr::MethodCall(call) = expr
            && (hides_error(call) || shows_error(call))
        {
            self.take(&mut call.receiver, panics);
            call.args
                .iter_mut()
                .for_each(|arg| self.visit_expr_mut(arg));
            self.flow.tied_operand(tie.as_ref(), expr);
            return;
        }
        let place = Place::of(expr);
        let nested = handed_suppressed(core(expr));
        self.visit_expr_mut(expr);
        let operand = operand(expr);
        let emit = self.flow.emit;
        // A nested probed function that inherits the doom fails for that alone.
        *expr = if self.strict || nested {
            emit.taken_or(&operand, place, &self.missed())
        } else if panics && self.doomed {
            emit.unwrapped(&operand, place, &self.missed())
        } else {
            emit.taken(&operand, place)
        };
        self.flow.tied_operand(tie.as_ref(), expr);
        // What is evaluated behind it.
        self.doomed = true;
    }

    /// Records the faults of a scrutinee whose patterns are those of results.
    pub(super) fn scrutinee(&mut self, expr: &mut Expr) {
        match expr {
            Expr::Tuple(tuple) => {
                for element in &mut tuple.elems {
                    self.scrutinee(element);
                }
            }
            Expr::Paren(paren) => self.scrutinee(&mut paren.expr),
            expr if is_call(expr) => self.take(expr, false),
            expr => self.visit_expr_mut(expr),
        }
    }

    /// The head of a `match`; its patterns say whether it takes results apart.
    pub(crate) fn head_of_match(&mut self, matched: &mut syn::ExprMatch) {
        if matched.arms.iter().any(|arm| is_result_pattern(&arm.pat)) {
            self.scrutinee(&mut matched.expr);
        } else {
            self.matched(&mut matched.expr);
        }
    }

    /// An initializer; its pattern says whether a `Result` is taken apart.
    pub(crate) fn initializer(&mut self, init: &mut Expr, pat: &Pat) {
        if is_result_pattern(pat) {
            self.scrutinee(init);
        } else {
            self.matched(init);
        }
    }

    /// What is taken apart by patterns, which need not be those of results.
    fn matched(&mut self, expr: &mut Expr) {
        let tie = self.flow.operand_tie(expr);
        self.visit_expr_mut(expr);
        self.flow.tied_operand(tie.as_ref(), expr);
    }
}

/// Whether a rewritten head records faults without leaving the statement.
pub(super) fn has_taken(head: &Expr) -> bool {
    any_word(&head.to_token_stream(), &|word| {
        let word = word.to_string();
        word == "Taken"
            || ["slot", "step", "loop"].iter().any(|what| {
                let ours = word.strip_prefix("__probed_");
                ours.is_some_and(|ours| ours.starts_with(what))
            })
    })
}
