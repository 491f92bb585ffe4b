//! Results that a body takes apart itself.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{
    Expr, ExprMethodCall, ExprTry, Macro, Pat,
    visit::{self, Visit},
};

use super::{
    inner::{bare, core},
    macros::takes_text,
    parsed::questions,
};
use crate::{tokens::any_word, vocabulary::name};

/// Methods by which a body takes a `Result` apart itself.
const TAKE: &[&str] = &[
    "err",
    "expect",
    "expect_err",
    "is_err",
    "is_err_and",
    "is_ok",
    "is_ok_and",
    "map_or",
    "map_or_default",
    "map_or_else",
    "ok",
    "or",
    "or_else",
    "unwrap",
    "unwrap_err",
    "unwrap_or",
    "unwrap_or_default",
    "unwrap_or_else",
];

/// Whether a method that takes a `Result` apart panics at an error.
pub(super) fn panics(method: &Ident) -> bool {
    method == "unwrap" || method == "expect"
}

/// Whether a method takes a `Result` apart.
pub(super) fn takes(method: &Ident) -> bool {
    TAKE.contains(&method.to_string().as_str())
}

/// The call that a method takes apart: `f()` in `f().ok()`.
pub(super) fn operand_of_takes(call: &ExprMethodCall) -> Option<&Expr> {
    (takes(&call.method) && matches!(bare(&call.receiver), Expr::Call(_) | Expr::MethodCall(_)))
        .then_some(&call.receiver)
}

/// Whether a method puts another error in the place of one.
pub(super) fn hides_error(call: &ExprMethodCall) -> bool {
    matches!(
        call.method.to_string().as_str(),
        "map_err" | "context" | "with_context" | "wrap_err" | "wrap_err_with"
    ) && is_call(&call.receiver)
}

/// Whether such a method looks for a page fault in the error, and so takes the
/// result apart:
/// `map_err(|e| match e { VmiError::Translation(_) => .. })`.
pub(super) fn looks_at_fault(call: &ExprMethodCall) -> bool {
    hides_error(call) && any_word(&call.args.to_token_stream(), &|word| word == "Translation")
}

/// Whether a method gives the same `Result`, or references to what is in it.
pub(super) fn shows_error(call: &ExprMethodCall) -> bool {
    matches!(
        call.method.to_string().as_str(),
        "as_deref" | "as_deref_mut" | "as_mut" | "as_ref" | "inspect" | "inspect_err"
    ) && is_call(&call.receiver)
}

/// Whether an expression is `Err(..)`, whose `?` leaves in any case.
pub(super) fn is_err(expr: &Expr) -> bool {
    matches!(expr, Expr::Call(call) if matches!(&*call.func, Expr::Path(path)
        if path.path.segments.last().is_some_and(|last| last.ident == "Err")))
}

/// An expression that is one question, and no more. Not `Err(..)?`: rustc takes
/// the type of its value from the exit.
pub(super) fn waits(expr: &Expr) -> Option<&ExprTry> {
    let Expr::Try(question) = expr else {
        return None;
    };
    let waits = question.attrs.is_empty()
        && match core(&question.expr) {
            Expr::MethodCall(_) => true,
            call @ Expr::Call(_) => !is_err(call),
            _ => false,
        };
    waits.then_some(question)
}

/// Whether an expression is a call, which makes a value of its own.
pub(super) fn is_call(expr: &Expr) -> bool {
    matches!(bare(expr), Expr::Call(_) | Expr::MethodCall(_))
}

/// Whether a pattern is one of a `Result`.
pub(super) fn is_result_pattern(pat: &Pat) -> bool {
    match pat {
        Pat::TupleStruct(pat) => {
            let segments = &pat.path.segments;
            let last = segments.last().map(|last| last.ident.to_string());
            // What an iterator gives: `Some(Ok(item))`.
            if last.as_deref() == Some("Some") {
                return pat.elems.iter().any(is_result_pattern);
            }
            matches!(last.as_deref(), Some("Ok" | "Err"))
                && (segments.len() == 1
                    || segments
                        .iter()
                        .rev()
                        .nth(1)
                        .is_some_and(|name| name.ident == "Result"))
        }
        Pat::Or(pat) => pat.cases.iter().any(is_result_pattern),
        Pat::Paren(pat) => is_result_pattern(&pat.pat),
        Pat::Ident(pat) => pat
            .subpat
            .as_ref()
            .is_some_and(|(_, pat)| is_result_pattern(pat)),
        Pat::Tuple(pat) => pat.elems.iter().any(is_result_pattern),
        Pat::Guard(pat) => is_result_pattern(&pat.pat),
        _ => false,
    }
}

/// Whether a macro is a `matches!` with the patterns of a `Result`.
pub(super) fn takes_apart(mac: &Macro) -> bool {
    name(mac) == "matches" && any_word(&mac.tokens, &|word| word == "Ok" || word == "Err")
}

/// Whether a macro's arguments may ask: there is a `?`, or a word by which a
/// result is taken apart, perhaps in a block.
pub(super) fn may_ask(tokens: &TokenStream) -> bool {
    tokens.clone().into_iter().any(|token| match token {
        TokenTree::Punct(punct) => punct.as_char() == '?',
        TokenTree::Group(group) => may_ask(&group.stream()),
        TokenTree::Ident(ident) => {
            let word = ident.to_string();
            matches!(word.as_str(), "let" | "match" | "matches") || TAKE.contains(&word.as_str())
        }
        TokenTree::Literal(_) => false,
    })
}

/// Whether a closure takes results apart or leaves by `?`, so that faults are
/// to be recorded in it.
pub(super) fn has_faults_of_its_own(body: &Expr) -> bool {
    struct Find(bool);
    impl<'ast> Visit<'ast> for Find {
        fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
            self.0 |= operand_of_takes(call).is_some() || hides_error(call);
            visit::visit_expr_method_call(self, call);
        }
        fn visit_pat(&mut self, pat: &'ast Pat) {
            self.0 |= is_result_pattern(pat);
        }
        fn visit_macro(&mut self, mac: &'ast Macro) {
            self.0 |= !takes_text(mac) && (may_ask(&mac.tokens) || takes_apart(mac));
        }
        fn visit_item(&mut self, _: &'ast syn::Item) {}
    }
    let mut find = Find(questions(|count| count.visit_expr(body)) > 0);
    find.visit_expr(body);
    find.0
}
