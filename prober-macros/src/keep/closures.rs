//! What becomes of the closures in a value.

use syn::{Expr, Macro, Stmt, visit::Visit};

use super::inner::core;
use crate::{macro_arguments, returned::is_adapter};

/// What a closure does in a value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    /// It is called, and gone.
    Nothing,
    /// It is a part of the value, which nothing else tells the type of.
    Type,
    /// It may be a part of the value, or be of a type that code behind tells.
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
        fn visit_macro(&mut self, mac: &'ast Macro) {
            for argument in macro_arguments::parse(mac).exprs() {
                self.visit_expr(argument);
            }
        }
    }
    let mut find = Find(false);
    find.visit_expr(init);
    if !find.0 {
        return None;
    }
    let Expr::MethodCall(call) = core(init) else {
        return Some(match core(init) {
            Expr::Closure(closure) if !gives_what_is_needed(&closure.body) => Holds::Type,
            _ => Holds::Unknown,
        });
    };
    if is_adapter(&call.method) {
        return Some(Holds::Type);
    }
    Some(match call.method.to_string().as_str() {
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

/// Whether a closure gives what its callers need, as `|| Corrupt(at).into()` does:
/// one of them may tell the type, and not be in a search.
fn gives_what_is_needed(body: &Expr) -> bool {
    match body {
        Expr::Block(block) => match block.block.stmts.last() {
            Some(Stmt::Expr(tail, None)) => gives_what_is_needed(tail),
            _ => false,
        },
        Expr::MethodCall(call) => {
            let is_told = call.turbofish.is_some();
            !is_told
                && matches!(
                    call.method.to_string().as_str(),
                    "into" | "collect" | "parse" | "sum"
                )
        }
        _ => false,
    }
}
