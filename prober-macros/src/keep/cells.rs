//! What changes behind a shared reference, and the guards that lock it.

use syn::{
    Expr, ExprMethodCall, Stmt,
    visit::{self, Visit},
};

use super::inner::core;

/// Whether a name is that of a type that changes behind a shared reference.
pub(super) fn is_cell(name: &str) -> bool {
    matches!(
        name,
        "Cell" | "RefCell" | "UnsafeCell" | "OnceCell" | "OnceLock" | "Mutex" | "RwLock"
    ) || name.starts_with("Atomic")
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
