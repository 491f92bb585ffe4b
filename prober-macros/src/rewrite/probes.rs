//! Probes under `options`.

use std::borrow::Cow;

use quote::quote;
use syn::{Expr, ExprMethodCall, Local, token::Brace, visit_mut};

use super::{Context, Form, Rewriter, hazards, take_attrs, with_attrs};
use crate::{
    classify,
    emit::{self, Place, ProbeForm},
    marker::Marker,
    receiver::Receiver,
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

    pub(super) fn is_probe(&self, expr: &Expr) -> bool {
        classify::is_probe(expr, self.settings.receivers, self.settings.krate)
            || !self.aliases.whole.is_empty()
                && classify::is_probe(expr, &self.aliases.whole, self.settings.krate)
    }

    fn is_read(&self, call: &ExprMethodCall) -> bool {
        classify::is_read(call, self.settings.receivers)
            || !self.aliases.whole.is_empty() && classify::is_read(call, &self.aliases.whole)
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

    /// Whether an expression is a receiver that is known, also by another name.
    pub(super) fn is_receiver(&self, expr: &Expr) -> bool {
        Receiver::of(expr).is_some_and(|receiver| {
            self.settings.receivers.contains(&receiver) || self.aliases.whole.contains(&receiver)
        })
    }

    /// Makes a read a probe; also a read that is awaited.
    pub(super) fn probe_read(&mut self, expr: &mut Expr, needed: bool) {
        let attrs = take_attrs(expr);
        let place = Place::of(expr);
        let ends_early = self.in_probe(|this| visit_mut::visit_expr_mut(this, expr));
        if let Expr::MethodCall(call) = expr
            && classify::is_served(call, &self.settings.mutable_readers)
        {
            *call.receiver = self.settings.names.served(&call.receiver);
        }
        *expr = with_attrs(
            &attrs,
            self.settings
                .names
                .probe(&quote!(#expr), ProbeForm { ends_early, needed }, place),
        );
    }

    /// Rewrites the content of a probe. Returns whether a `?` may end it early.
    pub(super) fn in_probe(&mut self, visit: impl FnOnce(&mut Self)) -> bool {
        self.found.probes += 1;
        let probe = Context::probe(self.loops.len());
        let context = std::mem::replace(&mut self.context, probe);
        visit(self);
        std::mem::replace(&mut self.context, context).ends_early()
    }
}

/// An expression as an argument, without the parentheses and braces that rustc
/// would report as unused there.
pub(crate) fn operand(expr: &Expr) -> Cow<'_, Expr> {
    match expr {
        Expr::Paren(paren) => operand(&paren.expr),
        Expr::Block(block) => {
            let mut block = block.clone();
            let place = block.block.brace_token.span.join();
            block.block.brace_token = Brace(emit::glue(place));
            Cow::Owned(Expr::Block(block))
        }
        expr => Cow::Borrowed(expr),
    }
}
