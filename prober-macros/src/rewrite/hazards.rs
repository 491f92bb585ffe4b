//! Code that compiles but is wrong: probes used in a way that loses faults, or
//! goes on with stale data. And code for which rustc would advise `expect`.

use syn::{BinOp, Expr, ExprMethodCall, Pat, UnOp};

use super::{context::Context, rewriter::Rewriter};

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

/// The `PROBE?` in an expression that calculates or compares with it as if it
/// were no `Option`. No type makes that compile: what is beside it is a literal.
pub(super) fn taken_for_a_value<'e>(
    rewriter: &Rewriter<'_>,
    expr: &'e mut Expr,
) -> Option<&'e mut Expr> {
    let operand = match expr {
        Expr::Binary(both) => beside_literal(&mut both.left, &mut both.right)?,
        Expr::Cast(cast) => &mut cast.expr,
        Expr::Range(range) => beside_literal(range.start.as_mut()?, range.end.as_mut()?)?,
        Expr::Unary(unary) if !matches!(unary.op, UnOp::Deref(_)) => &mut unary.expr,
        _ => return None,
    };
    let operand = within(operand);
    let is_option = matches!(&*operand, Expr::Try(question) if rewriter.is_probe(&question.expr));
    is_option.then_some(operand)
}

/// An expression without the parentheses around it.
fn within(expr: &mut Expr) -> &mut Expr {
    match expr {
        Expr::Paren(paren) => within(&mut paren.expr),
        Expr::Group(group) => within(&mut group.expr),
        expr => expr,
    }
}

/// The same in the condition of a loop.
pub(super) fn condition_takes_for_a_value(rewriter: &Rewriter<'_>, condition: &mut Expr) -> bool {
    match condition {
        Expr::Paren(paren) => condition_takes_for_a_value(rewriter, &mut paren.expr),
        Expr::Binary(both) if matches!(both.op, BinOp::And(_) | BinOp::Or(_)) => {
            condition_takes_for_a_value(rewriter, &mut both.left)
                || condition_takes_for_a_value(rewriter, &mut both.right)
        }
        condition => taken_for_a_value(rewriter, condition).is_some(),
    }
}

/// The other one, where one of two expressions is a literal.
fn beside_literal<'e>(a: &'e mut Expr, b: &'e mut Expr) -> Option<&'e mut Expr> {
    match (is_literal(a), is_literal(b)) {
        (true, _) => Some(b),
        (false, true) => Some(a),
        (false, false) => None,
    }
}

fn is_literal(expr: &Expr) -> bool {
    match expr {
        Expr::Lit(_) => true,
        Expr::Paren(paren) => is_literal(&paren.expr),
        Expr::Group(group) => is_literal(&group.expr),
        Expr::Unary(unary) => matches!(unary.op, UnOp::Neg(_)) && is_literal(&unary.expr),
        _ => false,
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
        Expr::MethodCall(call) if keeps_result(&call.method.to_string()) => {
            keeps_value(rewriter, &call.receiver)
        }
        expr => rewriter.is_probe(expr),
    }
}

/// Whether a method of a `Result` by this name changes the error alone.
pub(super) fn keeps_result(method: &str) -> bool {
    matches!(
        method,
        "map_err" | "inspect_err" | "inspect" | "context" | "with_context" | "or_else"
    )
}

/// Refuses patterns directly on a probe that mean something else there than in
/// plain code: a probe that faulted is `Ok(None)`.
pub(super) fn check_patterns(rewriter: &mut Rewriter<'_>, probe: &Expr, pats: &[&Pat]) {
    // Code that distinguishes `Ok(None)` knows what it means.
    if !rewriter.is_probe(probe) || pats.iter().any(|pat| tells_apart(pat)) {
        return;
    }
    let (mut err, mut ok) = (None, None);
    for pat in pats {
        of_any_value(pat, &mut err, &mut ok);
    }
    if let Some(pat) = err {
        rewriter.errors.on(
            pat,
            "a probe that faulted is `Ok(None)`, not an `Err`; write `?`, which returns other errors, \
             and match the `Option`, or leave the read as it is with `unprobed!(..)`",
        );
    } else if let Some(pat) = ok {
        rewriter.errors.on(
            pat,
            "this also matches a probe that faulted, which is `Ok(None)`; \
             write `Ok(Some(_))`, or `?` and `Some(_)`",
        );
    }
}

/// The parts of a pattern that are `Err(..)`, and `Ok(..)` of any value.
fn of_any_value<'p>(pat: &'p Pat, err: &mut Option<&'p Pat>, ok: &mut Option<&'p Pat>) {
    match pat {
        Pat::Paren(pat) => of_any_value(&pat.pat, err, ok),
        Pat::Guard(pat) => of_any_value(&pat.pat, err, ok),
        Pat::Or(pats) => pats.cases.iter().for_each(|pat| of_any_value(pat, err, ok)),
        Pat::TupleStruct(tuple) => {
            let any = tuple
                .elems
                .iter()
                .all(|pat| matches!(pat, Pat::Wild(_) | Pat::Rest(_)));
            if is_named(&tuple.path, "Err") {
                err.get_or_insert(pat);
            } else if any && is_named(&tuple.path, "Ok") {
                ok.get_or_insert(pat);
            }
        }
        _ => {}
    }
}

/// Whether a pattern tells `Ok(None)` from `Ok(Some(..))`.
fn tells_apart(pat: &Pat) -> bool {
    match pat {
        Pat::Paren(pat) => tells_apart(&pat.pat),
        Pat::Guard(pat) => tells_apart(&pat.pat),
        Pat::Or(pats) => pats.cases.iter().any(tells_apart),
        Pat::TupleStruct(tuple) if is_named(&tuple.path, "Ok") => {
            tuple.elems.iter().any(names_variant)
        }
        _ => false,
    }
}

/// Whether a pattern is `Some(..)` or `None`.
fn names_variant(pat: &Pat) -> bool {
    match pat {
        Pat::Paren(pat) => names_variant(&pat.pat),
        Pat::Reference(pat) => names_variant(&pat.pat),
        Pat::Or(pats) => pats.cases.iter().any(names_variant),
        Pat::Ident(pat) => match &pat.subpat {
            Some((_, subpat)) => names_variant(subpat),
            None => pat.ident == "None",
        },
        Pat::TupleStruct(tuple) => is_named(&tuple.path, "Some"),
        Pat::Path(path) => is_named(&path.path, "None"),
        _ => false,
    }
}

fn is_named(path: &syn::Path, name: &str) -> bool {
    path.segments.last().is_some_and(|last| last.ident == name)
}

/// Whether a pattern matches `Ok(None)`.
pub(super) fn takes_ok_none(pat: &Pat) -> bool {
    match pat {
        Pat::Paren(pat) => takes_ok_none(&pat.pat),
        Pat::Or(pat) => pat.cases.iter().any(takes_ok_none),
        Pat::TupleStruct(pat) => is_named(&pat.path, "Ok") && pat.elems.iter().all(takes_none),
        pat => takes_none(pat),
    }
}

/// Whether a pattern matches `None`.
pub(super) fn takes_none(pat: &Pat) -> bool {
    match pat {
        Pat::Paren(pat) => takes_none(&pat.pat),
        Pat::Or(pat) => pat.cases.iter().any(takes_none),
        Pat::Reference(pat) => takes_none(&pat.pat),
        Pat::Ident(pat) => pat
            .subpat
            .as_ref()
            .is_none_or(|(_, subpat)| takes_none(subpat)),
        Pat::Path(path) => is_named(&path.path, "None"),
        Pat::Rest(_) | Pat::Wild(_) => true,
        _ => false,
    }
}
