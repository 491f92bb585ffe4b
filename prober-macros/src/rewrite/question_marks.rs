//! Each `?` of a body, inside and outside of probes; and `??` on a probe.

use quote::quote;
use syn::{
    Expr, parse_quote,
    visit_mut::{self, VisitMut},
};

use super::{
    attributes::{take_attrs, with_attrs},
    context::Context,
    rewriter::{Form, Rewriter},
};
use crate::emit::{Place, operand};

impl Rewriter<'_> {
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
        if self.is_settle(&question.expr) {
            let error = syn::Error::new(
                mark,
                "`settle!();` leaves the function by itself; remove this `?`",
            );
            let failed = self.failed(&error);
            if let Expr::Macro(call) = &mut *question.expr {
                // Its import counts as used.
                call.mac.tokens = quote!(@probed #failed);
                *expr = std::mem::replace(&mut *question.expr, Expr::PLACEHOLDER);
            }
            return;
        }

        match self.context {
            Context::Function | Context::Closure if self.settings.form == Form::Kept => {
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
                let emit = self.settings.emit;
                let value = if self.named_reads.contain(&operand) {
                    emit.some_or_exit(&operand, place, mark)
                } else {
                    emit.value_or_exit(&operand, place, mark)
                };
                *expr = with_attrs(&attrs, value);
            }
            Context::Closure
                if let Expr::Try(inner) = &*question.expr
                    && self.is_probe(&inner.expr) =>
            {
                let error = syn::Error::new(
                    mark,
                    "this `?` in a closure or an async block cannot need the value of a probe; \
                     handle `None` here, or need the value outside",
                );
                let failed = self.failed(&error);
                // The probe stays, so that what it mentions counts as used.
                let probe = &question.expr;
                *expr = parse_quote!(({ let _ = #probe; #failed }));
                visit_mut::visit_expr_mut(self, expr);
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
                let value = self.settings.emit.value(&operand, place, mark);
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
