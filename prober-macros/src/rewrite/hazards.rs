//! Code that compiles but is wrong: probes used in a way that loses faults, goes
//! on with stale data, or never ends.

use syn::{Expr, ExprMacro, ExprMethodCall, ExprTry, Pat, visit::Visit};

use super::{Context, Rewriter};

/// Refuses method calls that make a fault look like something else.
pub(super) fn check_call(rewriter: &mut Rewriter<'_>, call: &ExprMethodCall) {
    let method = &call.method;
    match method.to_string().as_str() {
        "unwrap" | "expect" if is_value(rewriter, &call.receiver) => {
            let advice = if rewriter.context == Context::Closure {
                "handle `None` here, or need the value (`?`) outside of the closure"
            } else {
                "write `?` instead, to need the value"
            };
            rewriter.errors.at(
                method.span(),
                format!(
                    "`.{method}()` on a probe panics before the missing pages are reported; {advice}"
                ),
            );
        }
        "is_ok" if rewriter.is_probe(&call.receiver) => rewriter.errors.at(
            method.span(),
            "`.is_ok()` is true for a probe that faulted, which is `Ok(None)`; write `?.is_some()`",
        ),
        "is_err" if rewriter.is_probe(&call.receiver) => rewriter.errors.at(
            method.span(),
            "`.is_err()` is false for a probe that faulted, which is `Ok(None)`; write `?.is_none()`",
        ),
        _ => {}
    }
}

/// Whether an expression is a probe or the value of one.
fn is_value(rewriter: &Rewriter<'_>, expr: &Expr) -> bool {
    match expr {
        Expr::Paren(paren) => is_value(rewriter, &paren.expr),
        Expr::Group(group) => is_value(rewriter, &group.expr),
        Expr::Try(question) => rewriter.is_probe(&question.expr),
        expr => rewriter.is_probe(expr),
    }
}

/// Whether a statement discards the value of a probe.
pub(super) fn discards_value(rewriter: &Rewriter<'_>, expr: &Expr) -> bool {
    match expr {
        Expr::Paren(paren) => discards_value(rewriter, &paren.expr),
        Expr::Group(group) => discards_value(rewriter, &group.expr),
        Expr::Try(question) => keeps_value(rewriter, &question.expr),
        _ => false,
    }
}

/// Whether an expression is a probe, or changes nothing but the error of one.
fn keeps_value(rewriter: &Rewriter<'_>, expr: &Expr) -> bool {
    match expr {
        Expr::MethodCall(call)
            if matches!(
                call.method.to_string().as_str(),
                "map_err" | "inspect_err" | "inspect" | "context" | "with_context" | "or_else"
            ) =>
        {
            keeps_value(rewriter, &call.receiver)
        }
        expr => rewriter.is_probe(expr),
    }
}

/// Refuses loops that go on where data is missing.
pub(super) fn check_condition(rewriter: &mut Rewriter<'_>, condition: &Expr) {
    match condition {
        Expr::Binary(binary) if matches!(binary.op, syn::BinOp::And(_)) => {
            check_condition(rewriter, &binary.left);
            check_condition(rewriter, &binary.right);
        }
        Expr::Let(binding) if rewriter.is_probe(&binding.expr) => {
            if takes_ok_none(&binding.pat) {
                rewriter.errors.on(
                    &binding.pat,
                    "this loop goes on where data is missing, for a probe that faulted is `Ok(None)`; \
                     write `while let Some(..) = ..?`",
                );
            }
        }
        Expr::Let(binding)
            if !takes_none(&binding.pat) && keeps_missing(rewriter, &binding.expr) => {}
        condition => {
            let mut free = FreeProbe {
                rewriter,
                found: None,
            };
            free.visit_expr(condition);
            if let Some(probe) = free.found {
                rewriter.errors.on(
                    probe,
                    "this loop may go on where data is missing, with addresses that were not read from the guest; \
                     need the value (`??`), or bind it (`while let Some(..) = ..?`)",
                );
            }
        }
    }
}

/// Whether an `Option` is missing whenever the probe at its root is.
fn keeps_missing(rewriter: &Rewriter<'_>, expr: &Expr) -> bool {
    match expr {
        Expr::Paren(paren) => keeps_missing(rewriter, &paren.expr),
        Expr::Group(group) => keeps_missing(rewriter, &group.expr),
        Expr::Try(question) => keeps_value(rewriter, &question.expr),
        Expr::MethodCall(call) => {
            matches!(
                call.method.to_string().as_str(),
                "map"
                    | "filter"
                    | "and_then"
                    | "flatten"
                    | "copied"
                    | "cloned"
                    | "inspect"
                    | "as_ref"
                    | "zip"
            ) && keeps_missing(rewriter, &call.receiver)
        }
        _ => false,
    }
}

/// Whether a pattern matches `Ok(None)`.
fn takes_ok_none(pat: &Pat) -> bool {
    match pat {
        Pat::Paren(pat) => takes_ok_none(&pat.pat),
        Pat::Or(pat) => pat.cases.iter().any(takes_ok_none),
        Pat::TupleStruct(pat) => {
            pat.path
                .segments
                .last()
                .is_some_and(|last| last.ident == "Ok")
                && pat.elems.iter().all(takes_none)
        }
        pat => takes_none(pat),
    }
}

/// Whether a pattern matches `None`.
fn takes_none(pat: &Pat) -> bool {
    match pat {
        Pat::Paren(pat) => takes_none(&pat.pat),
        Pat::Or(pat) => pat.cases.iter().any(takes_none),
        Pat::Reference(pat) => takes_none(&pat.pat),
        Pat::Ident(pat) => pat
            .subpat
            .as_ref()
            .is_none_or(|(_, subpat)| takes_none(subpat)),
        Pat::Path(path) => path
            .path
            .segments
            .last()
            .is_some_and(|last| last.ident == "None"),
        Pat::Rest(_) | Pat::Wild(_) => true,
        _ => false,
    }
}

/// Finds a probe whose value is not needed.
struct FreeProbe<'a, 'b> {
    rewriter: &'a Rewriter<'b>,
    found: Option<Expr>,
}

impl<'ast> Visit<'ast> for FreeProbe<'_, '_> {
    fn visit_expr(&mut self, expr: &'ast Expr) {
        if self.found.is_some() || self.is_needed(expr) {
            return;
        }
        if self.rewriter.is_probe(expr) {
            self.found = Some(expr.clone());
        } else {
            syn::visit::visit_expr(self, expr);
        }
    }

    fn visit_expr_macro(&mut self, expr: &'ast ExprMacro) {
        if let Ok(arguments) = super::arguments::parse(&expr.mac) {
            for expr in arguments.exprs() {
                self.visit_expr(expr);
            }
        }
    }

    fn visit_expr_closure(&mut self, _: &'ast syn::ExprClosure) {}
    fn visit_item(&mut self, _: &'ast syn::Item) {}
}

impl FreeProbe<'_, '_> {
    /// `PROBE??`, or `PROBE?.ok_or(..)?`.
    fn is_needed(&self, expr: &Expr) -> bool {
        let Expr::Try(ExprTry { expr, .. }) = expr else {
            return false;
        };
        match &**expr {
            Expr::MethodCall(call) => {
                matches!(
                    call.method.to_string().as_str(),
                    "ok_or" | "ok_or_else" | "context" | "with_context"
                ) && keeps_missing(self.rewriter, &call.receiver)
            }
            expr => keeps_missing(self.rewriter, expr),
        }
    }
}
