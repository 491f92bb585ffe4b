//! Probes under `options`.

use quote::quote;
use syn::{Expr, Local, visit_mut};

use super::{
    attributes::{take_attrs, with_attrs},
    context::Context,
    hazards,
    named_reads::Needed,
    rewriter::{Form, Rewriter},
};
use crate::{
    classify,
    emit::{Place, ProbeForm},
    marker::Marker,
    vocabulary,
};

impl Rewriter<'_> {
    pub(super) fn method_call(&mut self, expr: &mut Expr) {
        let Expr::MethodCall(call) = expr else { return };
        if self.settings.form == Form::Kept {
            visit_mut::visit_expr_method_call_mut(self, call);
            return;
        }
        if !self.context.is_in_probe() {
            hazards::check_call(self, call);
        }
        if self.is_read(call) && !self.context.is_in_probe() {
            self.probe_read(expr, false);
        } else if vocabulary::changes_guest(&call.method) && self.leads_to_guest(&call.receiver) {
            self.settle_first(expr);
        } else {
            visit_mut::visit_expr_method_call_mut(self, call);
        }
    }

    /// Whether the value of a `let` is the `Option` of a number: `= READ?;`
    ///
    /// A value that `?` moves is left to the runtime, whose errors explain it.
    pub(super) fn gives_option_of_a_number(&self, local: &Local) -> bool {
        if let Some(init) = &local.init
            && init.diverge.is_none()
            && let Expr::Try(question) = &*init.expr
            && let Expr::MethodCall(call) = &*question.expr
        {
            self.settings.form == Form::Options
                && self.context == Context::Function
                && vocabulary::reads_number(&call.method)
                && self.is_read(call)
        } else {
            false
        }
    }

    /// Whether an expression is `settle!()`.
    pub(super) fn is_settle(&self, expr: &Expr) -> bool {
        matches!(expr, Expr::Macro(call)
            if Marker::of(&call.mac.path, self.settings.krate) == Some(Marker::Settle))
    }

    /// Makes a read a probe; also a read that is awaited.
    pub(super) fn probe_read(&mut self, expr: &mut Expr, needed: bool) {
        let attrs = take_attrs(expr);
        let place = Place::of(expr);
        let emit = self.settings.emit;
        // A closure may outlive what is beside the prober.
        let beside = self.settings.beside;
        let beside = beside.filter(|_| self.context == Context::Function);
        let values = match expr {
            Expr::MethodCall(call) => self.named_reads.needed_by(call),
            _ => None,
        };
        if let (Expr::MethodCall(call), Some(needed)) = (&mut *expr, &values) {
            needed.replace_in(call);
        }
        let ends_early = self.in_probe(|this| visit_mut::visit_expr_mut(this, expr));
        if let Expr::MethodCall(call) = expr
            && classify::is_served(call, &self.settings.mutable_readers)
        {
            *call.receiver = emit.served_or_bound(&call.receiver, beside);
        }
        let mut form = ProbeForm { ends_early, needed };
        let probe = if let Some(Needed { names, values }) = values {
            form.ends_early = true;
            emit.probe_that_needs(&names, &values, expr, form, place)
        } else {
            emit.probe(&quote!(#expr), form, place)
        };
        *expr = with_attrs(&attrs, probe);
    }
}
