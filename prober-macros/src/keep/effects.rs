//! What acts within a statement, and so must not run when that is doomed.

use syn::{
    Expr, ExprClosure, ExprMethodCall, Ident, Macro, Stmt, Token,
    punctuated::Punctuated,
    visit::{self, Visit},
};

use super::{
    calls::{constructs, handed_suppressed, is_suppressed, moves},
    cells::{changes_place, passes_message, surely_changes},
    facts::Facts,
    inner::{core, places, root},
    macros::{holds_block, holds_exit, may_change, takes_text},
    mentions::mentions,
};
use crate::{
    aliases, macro_arguments,
    receiver::variable,
    returned::is_adapter,
    vocabulary::{self, name},
};

/// Whether a method or function by this name changes or pauses the guest.
fn acts_or_pauses(name: &Ident) -> bool {
    vocabulary::changes_guest(name) || name == "pause" || name == "resume"
}

/// Whether a statement has an effect outside of its blocks.
pub(super) fn is_effect(stmt: &Stmt, facts: &Facts) -> bool {
    let mut effects = Effects {
        facts,
        found: false,
        within: false,
    };
    effects.visit_stmt(stmt);
    effects.found
}

/// Whether an expression has an effect.
pub(super) fn has_effect(expr: &Expr, facts: &Facts) -> bool {
    let mut effects = Effects {
        facts,
        found: false,
        within: false,
    };
    effects.visit_expr(expr);
    effects.found
}

/// Whether something acts in the closures of an expression, once they are
/// called.
pub(super) fn acts_in_closures(expr: &Expr, facts: &Facts) -> bool {
    struct Find<'a>(Effects<'a>);
    impl<'ast> Visit<'ast> for Find<'_> {
        fn visit_expr_closure(&mut self, closure: &'ast ExprClosure) {
            self.0.visit_expr(&closure.body);
        }
        fn visit_expr_async(&mut self, block: &'ast syn::ExprAsync) {
            self.0.visit_block(&block.block);
        }
        fn visit_item(&mut self, _: &'ast syn::Item) {}
    }
    let mut find = Find(Effects {
        facts,
        found: false,
        within: true,
    });
    find.visit_expr(expr);
    find.0.found
}

/// Whether something acts where a loop takes one more item: the iterator is the
/// caller's, or has closures that act. `&mut self.field` is a list if the loop
/// changes its items, and else perhaps an iterator.
pub(super) fn acts_on_next(items: &Expr, changes_items: bool, facts: &Facts) -> bool {
    let acts = |items: &Expr| acts_on_next(items, changes_items, facts);
    match items {
        Expr::Path(_) | Expr::Field(_) => root(items).is_some_and(|name| {
            let takes = facts.outlives(&name) || facts.takers.contains(&name);
            facts.acting.contains(&name) || takes && !facts.collections.contains(&name)
        }),
        Expr::Paren(paren) => acts(&paren.expr),
        // `&mut *iterator`
        Expr::Reference(reference) => {
            let is_list = changes_items && matches!(*reference.expr, Expr::Field(_));
            reference.mutability.is_some() && !is_list && acts(&reference.expr)
        }
        Expr::Unary(unary) => acts(&unary.expr),
        Expr::Call(call) => match call.args.last() {
            // Ours, which looks at the items.
            Some(Expr::Closure(closure)) if matches!(*closure.body, Expr::Verbatim(_)) => {
                acts(&call.args[0])
            }
            _ => has_effect(items, facts),
        },
        Expr::MethodCall(call) if takes_items(call) => {
            let lends = lends_items(call, facts);
            let acts_by = |arg| acts(arg) || acts_in_closures(arg, facts) || lends && calls(arg);
            acts(&call.receiver) || call.args.iter().any(acts_by)
        }
        _ => false,
    }
}

/// Whether an adapter lends its closure items that this can change, and that outlive
/// the function: `list.iter_mut().map(..)`.
fn lends_items(call: &ExprMethodCall, facts: &Facts) -> bool {
    if matches!(
        call.method.to_string().as_str(),
        "filter" | "inspect" | "skip_while" | "take_while"
    ) {
        return false;
    }
    let mut items = &*call.receiver;
    while let Expr::MethodCall(call) = items {
        if call.method.to_string().ends_with("_mut") {
            return root(items).is_some_and(|name| facts.outlives(&name));
        }
        items = &call.receiver;
    }
    false
}

/// Whether an expression calls or assigns anything.
fn calls(expr: &Expr) -> bool {
    struct Find(bool);
    impl<'ast> Visit<'ast> for Find {
        fn visit_expr(&mut self, expr: &'ast Expr) {
            self.0 |= match expr {
                Expr::Assign(_) | Expr::Call(_) | Expr::Macro(_) | Expr::MethodCall(_) => true,
                Expr::Binary(binary) => vocabulary::assigns(&binary.op),
                _ => false,
            };
            visit::visit_expr(self, expr);
        }
    }
    let mut find = Find(false);
    find.visit_expr(expr);
    find.0
}

/// Whether a call gives an iterator that takes items from what it is called on, and
/// from its arguments.
pub(super) fn takes_items(call: &ExprMethodCall) -> bool {
    match call.method.to_string().as_str() {
        "by_ref" | "bytes" | "into_iter" | "lines" => true,
        // `Option::take`
        "take" => !call.args.is_empty(),
        _ => is_adapter(&call.method),
    }
}

/// Finds what acts within an expression.
struct Effects<'a> {
    facts: &'a Facts,
    found: bool,
    /// Whether in a closure or an async block, which may have variables of its
    /// own.
    within: bool,
}

impl Effects<'_> {
    fn outlives(&self, expr: &Expr) -> bool {
        root(expr).is_some_and(|name| self.facts.outlives(&name))
    }

    fn mentions_what_outlives(&self, mac: &Macro) -> bool {
        mentions(mac, &self.facts.locals)
            .iter()
            .any(|name| self.facts.outlives(name))
    }

    /// Whether a call changes something behind a shared reference that outlives
    /// the function, or a channel.
    fn changes_cell(&self, call: &ExprMethodCall) -> bool {
        root(&call.receiver).is_some_and(|name| {
            (surely_changes(call) || changes_place(call)) && self.facts.is_given_cell(&name)
                || passes_message(call)
                    && (self.facts.given_at_all(&name) || self.facts.is_given_cell(&name))
        })
    }

    /// Whether a statement acts that binds nothing: not one that changes only
    /// variables of the function.
    fn acts(&self, expr: &Expr) -> bool {
        match core(expr) {
            Expr::MethodCall(call) => {
                root(&call.receiver).is_some_and(|name| self.facts.given_at_all(&name))
            }
            call @ Expr::Call(function) => {
                !handed_suppressed(call) && !constructs(&function.func) && !moves(&function.func)
            }
            _ => false,
        }
    }

    /// The arguments of a probed function, which changes nothing of the
    /// caller's in a run that is doomed.
    fn visit_nested<'e>(&mut self, args: impl IntoIterator<Item = &'e Expr>) {
        for arg in args {
            let place = match arg {
                Expr::Reference(reference) => &reference.expr,
                arg => arg,
            };
            self.visit_expr(place);
        }
    }

    /// Whether a `&mut` parameter is among arguments.
    fn hands_on(&self, args: &Punctuated<Expr, Token![,]>) -> bool {
        args.iter()
            .any(|arg| matches!(arg, Expr::Path(_)) && self.outlives(arg))
    }
}

impl<'ast> Visit<'ast> for Effects<'_> {
    fn visit_stmt(&mut self, stmt: &'ast Stmt) {
        if self.within
            && let Stmt::Expr(expr, Some(_)) = stmt
        {
            self.found |= self.acts(expr);
        }
        visit::visit_stmt(self, stmt);
    }

    fn visit_expr_path(&mut self, path: &'ast syn::ExprPath) {
        if self.facts.acting.is_empty() {
            return;
        }
        self.found |= path
            .path
            .get_ident()
            .is_some_and(|name| self.facts.acting.contains(&variable(name)));
    }

    fn visit_expr_assign(&mut self, assign: &'ast syn::ExprAssign) {
        let places = places(&assign.left);
        self.found |= !self.within || places.into_iter().any(|place| self.outlives(place));
        visit::visit_expr_assign(self, assign);
    }

    fn visit_expr_binary(&mut self, binary: &'ast syn::ExprBinary) {
        self.found |=
            vocabulary::assigns(&binary.op) && (!self.within || self.outlives(&binary.left));
        visit::visit_expr_binary(self, binary);
    }

    fn visit_expr_unsafe(&mut self, _: &'ast syn::ExprUnsafe) {
        self.found = true;
    }

    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        self.found |= acts_or_pauses(&call.method) || self.changes_cell(call);
        if call.args.iter().any(is_suppressed) {
            self.visit_nested(std::iter::once(&*call.receiver).chain(&call.args));
            return;
        }
        self.found |= self.outlives(&call.receiver) || self.hands_on(&call.args);
        visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        self.found |=
            aliases::function(call).is_some_and(acts_or_pauses) || self.outlives(&call.func);
        // A closure acts in a doomed run, too, though it is handed the set.
        self.visit_expr(&call.func);
        if call.args.iter().any(is_suppressed) {
            self.visit_nested(&call.args);
            return;
        }
        self.found |= self.hands_on(&call.args);
        call.args.iter().for_each(|arg| self.visit_expr(arg));
    }

    // Takes items from an iterator of the caller's.
    fn visit_expr_for_loop(&mut self, each: &'ast syn::ExprForLoop) {
        self.found |= matches!(*each.expr, Expr::Path(_)) && self.outlives(&each.expr);
        visit::visit_expr_for_loop(self, each);
    }

    fn visit_expr_reference(&mut self, reference: &'ast syn::ExprReference) {
        self.found |= reference.mutability.is_some() && self.outlives(&reference.expr);
        visit::visit_expr_reference(self, reference);
    }

    fn visit_macro(&mut self, mac: &'ast Macro) {
        let name = name(mac);
        self.found |= matches!(
            name.as_str(),
            "print" | "println" | "eprint" | "eprintln" | "write" | "writeln" | "dbg" | "settle"
        ) || holds_block(mac.tokens.clone())
            || holds_exit(mac)
            || may_change(mac) && self.mentions_what_outlives(mac);
        if !self.found && !takes_text(mac) {
            for argument in macro_arguments::parse(mac).exprs() {
                self.visit_expr(argument);
            }
        }
    }

    // It may be called at once.
    fn visit_expr_closure(&mut self, closure: &'ast ExprClosure) {
        let within = std::mem::replace(&mut self.within, true);
        self.visit_expr(&closure.body);
        self.within = within;
    }

    fn visit_expr_async(&mut self, block: &'ast syn::ExprAsync) {
        let within = std::mem::replace(&mut self.within, true);
        visit::visit_expr_async(self, block);
        self.within = within;
    }

    fn visit_item(&mut self, _: &'ast syn::Item) {}
}
