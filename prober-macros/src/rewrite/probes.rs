//! Probes under `options`, and each `?` inside and outside of them. `??` is in
//! `question`.

use std::borrow::Cow;

use quote::quote;
use syn::{
    Expr, ExprMethodCall,
    token::Brace,
    visit_mut::{self, VisitMut},
};

use super::{Context, Form, Rewriter, hazards, take_attrs, with_attrs};
use crate::{
    classify,
    emit::{self, Place, ProbeForm},
    receiver::Receiver,
    vocabulary,
};

impl Rewriter<'_> {
    pub(super) fn method_call(&mut self, expr: &mut Expr) {
        let Expr::MethodCall(call) = expr else { return };
        if self.form == Form::Kept {
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
        classify::is_probe(expr, self.receivers, self.krate)
            || !self.aliases.whole.is_empty()
                && classify::is_probe(expr, &self.aliases.whole, self.krate)
    }

    fn is_read(&self, call: &ExprMethodCall) -> bool {
        classify::is_read(call, self.receivers)
            || !self.aliases.whole.is_empty() && classify::is_read(call, &self.aliases.whole)
    }

    /// Whether an expression is a receiver that is known, also by another name.
    pub(super) fn is_receiver(&self, expr: &Expr) -> bool {
        Receiver::of(expr).is_some_and(|receiver| {
            self.receivers.contains(&receiver) || self.aliases.whole.contains(&receiver)
        })
    }

    /// Makes a read a probe; also a read that is awaited.
    pub(super) fn probe_read(&mut self, expr: &mut Expr, needed: bool) {
        let attrs = take_attrs(expr);
        let place = Place::of(expr);
        let ends_early = self.in_probe(|this| visit_mut::visit_expr_mut(this, expr));
        if let Expr::MethodCall(call) = expr
            && classify::is_served(call, &self.mutable_readers)
        {
            *call.receiver = self.names.served(&call.receiver);
        }
        *expr = with_attrs(
            &attrs,
            self.names
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

    /// Rewrites a probe that is followed by a second `?`.
    fn needed_probe(&mut self, expr: &mut Expr) {
        match expr {
            Expr::Paren(paren) => self.needed_probe(&mut paren.expr),
            Expr::Group(group) => self.needed_probe(&mut group.expr),
            Expr::Macro(_) => self.macro_call(expr, true),
            expr => self.probe_read(expr, true),
        }
    }

    /// Rewrites `EXPR?`.
    pub(super) fn question(&mut self, expr: &mut Expr) {
        let Expr::Try(question) = expr else { return };
        let place = Place::of(&question.expr);
        let mark = question.question_token.span;

        match self.context {
            Context::Function | Context::Closure if self.form == Form::Kept => {
                self.visit_expr_mut(&mut question.expr);
            }
            Context::Probe { loops, .. } => {
                self.visit_expr_mut(&mut question.expr);
                self.context = Context::Probe {
                    ends_early: true,
                    loops,
                };
                let attrs = std::mem::take(&mut question.attrs);
                let operand = operand(&question.expr);
                let value = self.names.value_or_exit(&operand, place, mark);
                *expr = with_attrs(&attrs, value);
            }
            // In a closure `?` is rustc's.
            Context::Closure | Context::ClosureInProbe => self.visit_expr_mut(&mut question.expr),
            // The probe has recorded its fault.
            Context::Function if self.is_probe(&question.expr) => {
                self.visit_expr_mut(&mut question.expr);
            }
            // `PROBE??`: the runtime does one of them, so rustc checks one less.
            Context::Function
                if let Expr::Try(inner) = &mut *question.expr
                    && inner.attrs.is_empty()
                    && self.is_probe(&inner.expr) =>
            {
                self.needed_probe(&mut inner.expr);
                let probe = std::mem::replace(&mut *inner.expr, Expr::PLACEHOLDER);
                *question.expr = probe;
            }
            Context::Function => {
                self.visit_expr_mut(&mut question.expr);
                let attrs = take_attrs(&mut question.expr);
                let operand = operand(&question.expr);
                let value = self.names.value(&operand, place, mark);
                *question.expr = with_attrs(&attrs, value);
            }
        }
    }

    /// Whether a call is `Ok(EXPR?)`.
    ///
    /// The `?` on an `Option` becomes one on a `Result`, often of the very
    /// type of the whole, and clippy (`needless_question_mark`) would say to
    /// write `EXPR` instead, which does not compile.
    pub(super) fn looks_needless(&self, call: &syn::ExprCall) -> bool {
        self.context == Context::Function
            && matches!(&*call.func, Expr::Path(path)
                if path.path.segments.last().is_some_and(|last| last.ident == "Ok"))
            && call.args.len() == 1
            && matches!(&call.args[0], Expr::Try(question) if !self.is_probe(&question.expr))
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
