//! What calls, macros and patterns mean to a doomed run, by their names.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{
    Expr, ExprMethodCall, ExprTry, Macro, Pat, Stmt,
    visit::{self, Visit},
};

use super::inner::core;
use crate::{
    tokens::any_word,
    vocabulary::{self, name},
};

/// Whether an expression is the suppressed set, handed on.
pub(super) fn is_suppressed(expr: &Expr) -> bool {
    match expr {
        Expr::Reference(reference) => is_suppressed(&reference.expr),
        Expr::Path(path) => path.path.is_ident("suppressed"),
        Expr::MethodCall(call) => call.method == "clone" && is_suppressed(&call.receiver),
        _ => false,
    }
}

/// Whether a call is handed the suppressed set, so that it inherits the doom.
pub(super) fn handed_suppressed(call: &Expr) -> bool {
    match call {
        Expr::Call(call) => call.args.iter().any(is_suppressed),
        Expr::MethodCall(call) => call.args.iter().any(is_suppressed),
        _ => false,
    }
}

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
    (takes(&call.method)
        && matches!(
            core_of_take(&call.receiver),
            Expr::Call(_) | Expr::MethodCall(_)
        ))
    .then_some(&call.receiver)
}

fn core_of_take(mut expr: &Expr) -> &Expr {
    loop {
        expr = match expr {
            Expr::Paren(paren) => &paren.expr,
            Expr::Group(group) => &group.expr,
            Expr::Await(future) => &future.base,
            expr => return expr,
        }
    }
}

/// Whether a method puts another error in the place of one.
pub(super) fn hides_error(call: &ExprMethodCall) -> bool {
    matches!(
        call.method.to_string().as_str(),
        "map_err" | "context" | "with_context" | "wrap_err" | "wrap_err_with"
    ) && is_call(&call.receiver)
}

/// Whether it looks for a page fault in the error, and so takes the result apart:
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
    matches!(core_of_take(expr), Expr::Call(_) | Expr::MethodCall(_))
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

/// Macros that neither leave the function nor panic.
const STAY: &[&str] = &[
    "addr_of",
    "addr_of_mut",
    "anyhow",
    "cfg",
    "column",
    "concat",
    "dbg",
    "debug",
    "debug_span",
    "env",
    "eprint",
    "eprintln",
    "error",
    "error_span",
    "event",
    "file",
    "format",
    "format_args",
    "include_bytes",
    "include_str",
    "info",
    "info_span",
    "line",
    "matches",
    "module_path",
    "offset_of",
    "print",
    "println",
    "span",
    "stringify",
    "trace",
    "trace_span",
    "vec",
    "warn",
    "warn_span",
    "write",
    "writeln",
];

/// Whether a macro may leave the function, or panic.
pub(super) fn may_leave(mac: &Macro) -> bool {
    !STAY.contains(&name(mac).as_str())
}

/// Whether a macro takes its arguments as text, or may.
pub(super) fn takes_text(mac: &Macro) -> bool {
    vocabulary::holds_text(mac) || vocabulary::may_hold_text(mac)
}

/// How many of a macro's arguments are evaluated in any case.
pub(super) fn evaluates(mac: &Macro) -> usize {
    match name(mac).as_str() {
        "assert" | "ensure" | "matches" => 1,
        "assert_eq" | "assert_ne" => 2,
        "anyhow" | "bail" | "dbg" | "eprint" | "eprintln" | "format" | "format_args" | "panic"
        | "print" | "println" | "todo" | "unimplemented" | "unreachable" | "vec" | "write"
        | "writeln" => usize::MAX,
        _ => 0,
    }
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

/// Whether a macro is a `matches!` with the patterns of a `Result`.
pub(super) fn takes_apart(mac: &Macro) -> bool {
    name(mac) == "matches" && any_word(&mac.tokens, &|word| word == "Ok" || word == "Err")
}

/// Whether tokens hold a block.
pub(super) fn holds_block(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Group(group) => {
            group.delimiter() == Delimiter::Brace && holds_statement(group.stream())
                || holds_block(group.stream())
        }
        _ => false,
    })
}

/// Whether something is left from within a macro's arguments: how is seen only
/// where that runs.
pub(super) fn holds_exit(mac: &Macro) -> bool {
    !takes_text(mac)
        && any_word(&mac.tokens, &|word| {
            word == "return" || word == "break" || word == "continue"
        })
}

/// Whether there is a `;` in tokens.
pub(super) fn holds_statement(tokens: TokenStream) -> bool {
    tokens
        .into_iter()
        .any(|token| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ';'))
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

/// Whether a name is that of a type that changes behind a shared reference.
pub(super) fn is_cell(name: &str) -> bool {
    matches!(
        name,
        "Cell" | "RefCell" | "UnsafeCell" | "OnceCell" | "OnceLock" | "Mutex" | "RwLock"
    ) || name.starts_with("Atomic")
}

/// Whether there is such a name in code that was parsed.
pub(super) fn names_any(visit: impl FnOnce(&mut FindName<'_>), is: &dyn Fn(&str) -> bool) -> bool {
    let mut find = FindName { is, found: false };
    visit(&mut find);
    find.found
}

/// Looks for a name.
pub(super) struct FindName<'i> {
    is: &'i dyn Fn(&str) -> bool,
    found: bool,
}

impl FindName<'_> {
    fn tokens(&mut self, tokens: &TokenStream) {
        self.found |= any_word(tokens, &|word| (self.is)(&word.to_string()));
    }
}

impl<'ast> Visit<'ast> for FindName<'_> {
    fn visit_ident(&mut self, ident: &'ast Ident) {
        self.found = self.found || (self.is)(&ident.to_string());
    }

    fn visit_macro(&mut self, mac: &'ast Macro) {
        visit::visit_macro(self, mac);
        self.tokens(&mac.tokens);
    }

    fn visit_item(&mut self, item: &'ast syn::Item) {
        self.tokens(&item.to_token_stream());
    }

    fn visit_token_stream(&mut self, tokens: &'ast TokenStream) {
        self.tokens(tokens);
    }
}

/// Whether a chain of calls changes something behind a shared reference, as
/// `cell.set(1)` does.
pub(super) fn changes_behind_reference(mut expr: &Expr) -> bool {
    loop {
        expr = match core(expr) {
            Expr::MethodCall(call) => {
                let name = call.method.to_string();
                let changes = matches!(
                    name.as_str(),
                    "borrow_mut"
                        | "lock"
                        | "replace"
                        | "set"
                        | "store"
                        | "swap"
                        | "take"
                        | "try_borrow_mut"
                        | "try_lock"
                        | "update"
                        | "with_borrow_mut"
                        | "write"
                );
                if changes || name.starts_with("fetch_") {
                    return true;
                }
                &call.receiver
            }
            Expr::Index(index) => &index.expr,
            Expr::Field(field) => &field.base,
            Expr::Unary(unary) => &unary.expr,
            Expr::Reference(reference) => &reference.expr,
            _ => return false,
        }
    }
}

/// Whether a method gives a guard: while that lives, others may not have what
/// it is called on.
pub(super) fn gives_guard(call: &ExprMethodCall) -> bool {
    let name = call.method.to_string();
    let name = name.strip_prefix("try_").unwrap_or(&name);
    call.args.is_empty()
        && matches!(
            name,
            "blocking_lock"
                | "borrow"
                | "borrow_mut"
                | "lock"
                | "read"
                | "upgradable_read"
                | "write"
        )
}

/// Whether a guard lives in a statement until its end.
pub(super) fn holds_guard(stmt: &Stmt) -> bool {
    struct Find(bool);
    impl<'ast> Visit<'ast> for Find {
        fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
            self.0 |= gives_guard(call);
            visit::visit_expr_method_call(self, call);
        }
    }
    let mut find = Find(false);
    find.visit_stmt(stmt);
    find.0
}

/// Whether a function makes ends of one thing: what happens to one is seen at
/// the other.
pub(super) fn makes_ends(func: &Expr) -> bool {
    matches!(func, Expr::Path(path) if path.path.segments.last().is_some_and(|last| {
        let name = last.ident.to_string();
        name.contains("channel") || name.contains("bounded")
    }))
}

/// Whether a function makes a value of its arguments: `Some`, `Sink::new`.
pub(super) fn constructs(func: &Expr) -> bool {
    is_variant(func)
        || matches!(func, Expr::Path(path) if path.path.segments.last().is_some_and(|last| {
            let name = last.ident.to_string();
            name.starts_with("with_") || matches!(name.as_str(), "new" | "from")
        }))
}

/// Whether a function is a type or a variant that holds its arguments: `Some`.
pub(super) fn is_variant(func: &Expr) -> bool {
    matches!(func, Expr::Path(path) if path.path.segments.last().is_some_and(|last| {
        last.ident.to_string().starts_with(char::is_uppercase)
    }))
}

/// How many `?` there are in code that was parsed.
pub(super) fn questions(visit: impl FnOnce(&mut CountQuestions)) -> usize {
    let mut count = CountQuestions(0);
    visit(&mut count);
    count.0
}

/// Counts the `?`.
pub(super) struct CountQuestions(usize);

impl CountQuestions {
    fn tokens(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Punct(punct) => self.0 += usize::from(punct.as_char() == '?'),
                TokenTree::Group(group) => self.tokens(group.stream()),
                _ => {}
            }
        }
    }
}

impl<'ast> Visit<'ast> for CountQuestions {
    fn visit_expr_try(&mut self, question: &'ast ExprTry) {
        self.0 += 1;
        visit::visit_expr_try(self, question);
    }

    fn visit_macro(&mut self, mac: &'ast Macro) {
        self.tokens(mac.tokens.clone());
    }

    fn visit_item(&mut self, item: &'ast syn::Item) {
        self.tokens(item.to_token_stream());
    }

    fn visit_token_stream(&mut self, tokens: &'ast TokenStream) {
        self.tokens(tokens.clone());
    }
}

/// What a closure does in a value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    /// It is called, and gone.
    Nothing,
    /// It is a part of the value, which nothing else tells the type of.
    Type,
    Unknown,
}

/// What becomes of the closures in an initializer: each has a type of its own.
pub(super) fn holds_closure(init: &Expr) -> Option<Holds> {
    struct Find(bool);
    impl<'ast> Visit<'ast> for Find {
        fn visit_expr_closure(&mut self, _: &'ast syn::ExprClosure) {
            self.0 = true;
        }
        fn visit_expr_async(&mut self, _: &'ast syn::ExprAsync) {
            self.0 = true;
        }
    }
    let mut find = Find(false);
    find.visit_expr(init);
    if !find.0 {
        return None;
    }
    let Expr::MethodCall(call) = core(init) else {
        return Some(match core(init) {
            Expr::Closure(_) => Holds::Type,
            _ => Holds::Unknown,
        });
    };
    Some(match call.method.to_string().as_str() {
        "filter" | "filter_map" | "flat_map" | "inspect" | "map" | "map_while" | "scan"
        | "skip_while" | "take_while" | "chain" | "zip" | "enumerate" | "peekable" | "rev"
        | "skip" | "take" | "step_by" | "fuse" | "cloned" | "copied" => Holds::Type,
        "all" | "any" | "collect" | "count" | "fold" | "find" | "find_map" | "last" | "len"
        | "map_err" | "max" | "max_by_key" | "min" | "min_by_key" | "ok_or_else" | "or_else"
        | "position" | "product" | "sum" | "to_string" | "try_fold" | "unwrap_or"
        | "unwrap_or_default" | "unwrap_or_else" | "with_context" | "map_or" | "map_or_else"
        | "is_some_and" | "is_ok_and" | "get_or_try_init" | "get_or_init" | "next" | "and_then" => {
            Holds::Nothing
        }
        _ => Holds::Unknown,
    })
}
