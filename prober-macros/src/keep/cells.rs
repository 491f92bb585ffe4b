//! What changes behind a shared reference, and the guards that lock it.

use syn::{
    Expr, ExprCall, ExprMethodCall, Macro, Stmt,
    visit::{self, Visit},
};

use super::inner::core;
use crate::macro_arguments;

/// Whether a name is that of a type that changes behind a shared reference.
pub(super) fn is_cell(name: &str) -> bool {
    matches!(
        name,
        "Cell" | "RefCell" | "UnsafeCell" | "OnceCell" | "OnceLock" | "Mutex" | "RwLock"
    ) || name.starts_with("Atomic")
}

/// Methods that change what they are called on behind a shared reference.
const CHANGE: &[&str] = &["borrow_mut", "store", "try_borrow_mut", "with_borrow_mut"];

/// Methods that do so if they are those of a cell.
const CHANGE_CELL: &[&str] = &["get_or_init", "replace", "set", "swap", "take", "update"];

/// Methods by which a body may only look.
const LOCK: &[&str] = &["lock", "try_lock", "write"];

/// Whether a method changes what it is called on behind a shared reference,
/// wherever it stands.
pub(super) fn changes(method: &str, is_cell: bool) -> bool {
    CHANGE.contains(&method) || changes_atomic(method) || is_cell && CHANGE_CELL.contains(&method)
}

fn changes_atomic(method: &str) -> bool {
    method.starts_with("fetch_") || method.starts_with("compare_exchange")
}

/// Whether a call changes a place as only a cell lets it, where that is not
/// `mut`: by name and number of arguments, for `text.replace("a", "b")` does not.
pub(super) fn changes_place(call: &ExprMethodCall) -> bool {
    let arguments = usize::from(call.method != "take");
    matches!(&*call.receiver, Expr::Path(_) | Expr::Field(_))
        && call.args.len() == arguments
        && CHANGE_CELL.contains(&call.method.to_string().as_str())
}

/// The cell that a function of the standard library changes: `Cell::set(&cell, 1)`.
pub(super) fn changed_by_function(call: &ExprCall) -> Option<&Expr> {
    let Expr::Path(path) = &*call.func else {
        return None;
    };
    let mut names = path.path.segments.iter().rev();
    let (function, ty) = (&names.next()?.ident, &names.next()?.ident);
    let is_one = is_cell(&ty.to_string()) && changes(&function.to_string(), true);
    call.args.first().filter(|_| is_one)
}

/// Whether a chain of calls changes something behind a shared reference, as
/// `cell.set(1)` does.
pub(super) fn changes_behind_reference(mut expr: &Expr) -> bool {
    loop {
        expr = match core(expr) {
            Expr::MethodCall(call) => {
                let name = call.method.to_string();
                if changes(&name, true) || LOCK.contains(&name.as_str()) {
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

/// Whether a call surely changes what is behind a shared reference, whatever it
/// is called on: `count.fetch_add(1)`, `list.borrow_mut().pop()`. A guard alone
/// changes nothing.
pub(super) fn surely_changes(call: &ExprMethodCall) -> bool {
    let name = call.method.to_string();
    matches!(name.as_str(), "set" | "store")
        || changes_atomic(&name)
        || changes_through_guard(call)
        || lends_guarded(call)
}

/// Whether a method takes a message from a channel, or puts one in: `recv`,
/// `try_recv`, `recv_timeout`, `send`. In a doomed run that would be lost, or never
/// come.
pub(super) fn passes_message(call: &ExprMethodCall) -> bool {
    let name = call.method.to_string();
    let mut words = name.split('_');
    let word = words.find(|word| !matches!(*word, "try" | "blocking"));
    matches!(word, Some("recv" | "send"))
}

/// Whether a collection is changed that a guard lends.
fn changes_through_guard(call: &ExprMethodCall) -> bool {
    let name = call.method.to_string();
    // `pop`, `pop_front`, `next_back`
    let word = name.split('_').next().unwrap_or_default();
    let changes = matches!(
        word,
        "dedup"
            | "drain"
            | "insert"
            | "next"
            | "pop"
            | "push"
            | "remove"
            | "retain"
            | "sort"
            | "swap"
    ) || matches!(
        name.as_str(),
        "append" | "clear" | "extend" | "replace" | "take" | "truncate"
    );
    changes && is_guard(&call.receiver)
}

/// Whether a chain of calls begins with a guard through which something can be
/// changed.
fn is_guard(expr: &Expr) -> bool {
    match core(expr) {
        Expr::MethodCall(call) if gives_guard(call) => lets_change(call),
        Expr::MethodCall(call) => is_guard(&call.receiver),
        Expr::Field(field) => is_guard(&field.base),
        Expr::Unary(unary) => is_guard(&unary.expr),
        _ => false,
    }
}

/// Whether a closure is handed what a guard lets change:
/// `list.try_borrow_mut().map(|mut list| list.pop())`.
fn lends_guarded(call: &ExprMethodCall) -> bool {
    matches!(core(&call.receiver), Expr::MethodCall(guard)
        if gives_guard(guard) && lets_change(guard))
        && call.args.iter().any(|arg| matches!(arg, Expr::Closure(_)))
}

/// Whether the guard that a method gives lets change what it guards.
fn lets_change(guard: &ExprMethodCall) -> bool {
    let name = guard.method.to_string();
    !matches!(name.trim_start_matches("try_"), "borrow" | "read")
}

/// Whether a method gives a guard: while that lives, others may not have what
/// it is called on.
pub(super) fn gives_guard(call: &ExprMethodCall) -> bool {
    let name = call.method.to_string();
    let name = name.strip_prefix("try_").unwrap_or(&name);
    call.args.is_empty()
        && matches!(
            name,
            "acquire"
                | "acquire_owned"
                | "blocking_lock"
                | "borrow"
                | "borrow_mut"
                | "lock"
                | "lock_owned"
                | "read"
                | "read_owned"
                | "upgradable_read"
                | "write"
                | "write_owned"
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
        fn visit_macro(&mut self, mac: &'ast Macro) {
            for argument in macro_arguments::parse(mac).exprs() {
                self.visit_expr(argument);
            }
        }
    }
    let mut find = Find(false);
    find.visit_stmt(stmt);
    find.0
}
