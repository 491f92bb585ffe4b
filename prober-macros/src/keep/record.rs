//! Closures: a `?` there is their own, so all that is done is to record its
//! fault.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{
    Expr,
    visit_mut::{self, VisitMut},
};

use super::{
    flow::Flow,
    results::{
        has_faults_of_its_own, hides_error, is_call, is_result_pattern, operand_of_takes,
        shows_error, takes_apart,
    },
};
use crate::{
    emit::{Place, operand},
    macro_arguments,
};

impl Flow<'_> {
    /// Records faults at the `?` of a closure, which stay its own.
    pub(super) fn record_in(&self, body: &mut Expr) {
        if self.records_in_closures && has_faults_of_its_own(body) {
            let miss = None;
            Recorder { flow: self, miss }.visit_expr_mut(body);
        }
    }
}

/// Records faults at each `?` of a closure, and in what it takes apart.
pub(super) struct Recorder<'f, 'a> {
    pub(super) flow: &'f Flow<'a>,
    /// Where a run goes that a fault doomed, if it can.
    pub(super) miss: Option<TokenStream>,
}

impl Recorder<'_, '_> {
    /// A `?` leaves by itself.
    fn record(&self, expr: &mut Expr) {
        self.record_or(expr, None);
    }

    fn take(&self, expr: &mut Expr) {
        self.record_or(expr, self.miss.as_ref());
    }

    fn record_or(&self, expr: &mut Expr, miss: Option<&TokenStream>) {
        if let Expr::MethodCall(call) = expr
            && (hides_error(call) || shows_error(call))
        {
            // Where another error takes its place, it was visited before.
            if miss.is_some() || !hides_error(call) {
                self.record_or(&mut call.receiver, miss);
            }
            return;
        }
        let (place, emit) = (Place::of(expr), self.flow.emit);
        *expr = match miss {
            Some(miss) => emit.taken_or(&operand(expr), place, miss),
            None => emit.taken(&operand(expr), place),
        };
    }
}

impl VisitMut for Recorder<'_, '_> {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        visit_mut::visit_expr_mut(self, expr);
        match expr {
            Expr::Try(question) => self.record(&mut question.expr),
            Expr::MethodCall(call) if operand_of_takes(call).is_some() => {
                self.take(&mut call.receiver);
            }
            // What becomes of the other error is not seen.
            Expr::MethodCall(call) if hides_error(call) => self.record(&mut call.receiver),
            Expr::Let(condition)
                if is_result_pattern(&condition.pat) && is_call(&condition.expr) =>
            {
                self.take(&mut condition.expr);
            }
            Expr::Match(matched)
                if matched.arms.iter().any(|arm| is_result_pattern(&arm.pat))
                    && is_call(&matched.expr) =>
            {
                self.take(&mut matched.expr);
            }
            _ => {}
        }
    }

    fn visit_local_mut(&mut self, local: &mut syn::Local) {
        visit_mut::visit_local_mut(self, local);
        if let Some(init) = &mut local.init
            && is_result_pattern(&local.pat)
            && is_call(&init.expr)
        {
            self.take(&mut init.expr);
        }
    }

    fn visit_macro_mut(&mut self, mac: &mut syn::Macro) {
        if self.flow.leaves_alone(mac) {
            return;
        }
        let mut arguments = macro_arguments::parse(mac);
        arguments.visit(self);
        if takes_apart(mac) {
            let exprs = arguments.exprs_mut().into_iter();
            for expr in exprs.filter(|expr| is_call(expr)) {
                self.take(expr);
            }
        }
        mac.tokens = arguments.into_token_stream();
    }

    // A closure in a block is not left by what leaves the block.
    fn visit_expr_closure_mut(&mut self, closure: &mut syn::ExprClosure) {
        let miss = self.miss.take();
        self.visit_expr_mut(&mut closure.body);
        self.miss = miss;
    }

    fn visit_expr_async_mut(&mut self, _: &mut syn::ExprAsync) {}
    fn visit_item_mut(&mut self, _: &mut syn::Item) {}
}
