//! Loops whose body takes its items apart: `for item in items { match item {
//! Ok(..) => .., Err(_) => continue } }`.
//!
//! The scrutinee is a variable there, which must not be moved to look into it.
//! So it is looked into where it comes from. So are items whose errors an
//! adapter drops: `for item in items.flatten()`.

use syn::{
    Block, Expr, ExprForLoop, Local,
    visit::{self, Visit},
    visit_mut::{self, VisitMut},
};

use super::{
    inner::core,
    names::bound,
    results::{is_result_pattern, takes, takes_apart},
};
use crate::{emit::Emitter, macro_arguments};

/// Records the faults of the items of such loops.
pub(super) fn watch(body: &mut Block, emit: &Emitter) {
    Watch { emit }.visit_block_mut(body);
}

struct Watch<'a> {
    emit: &'a Emitter,
}

impl VisitMut for Watch<'_> {
    fn visit_expr_for_loop_mut(&mut self, each: &mut ExprForLoop) {
        visit_mut::visit_expr_for_loop_mut(self, each);
        let taken = |name: &str| takes_item(&each.body, name);
        if is_result_pattern(&each.pat) || bound(&each.pat).iter().any(taken) {
            let items = std::mem::replace(&mut *each.expr, Expr::PLACEHOLDER);
            *each.expr = self.emit.watched(items);
        }
        if let Some(results) = drops_errors(&mut each.expr) {
            let items = std::mem::replace(results, Expr::PLACEHOLDER);
            *results = self.emit.watched(items);
        }
    }

    // They handle results of their own.
    fn visit_expr_closure_mut(&mut self, _: &mut syn::ExprClosure) {}
    fn visit_expr_async_mut(&mut self, _: &mut syn::ExprAsync) {}
    fn visit_item_mut(&mut self, _: &mut syn::Item) {}
}

/// The items whose errors an adapter drops: `items` in
/// `items.flatten()`. If the items are not `Result`s, nothing is recorded.
fn drops_errors(items: &mut Expr) -> Option<&mut Expr> {
    let call = match items {
        Expr::MethodCall(call) => call,
        Expr::Paren(paren) => return drops_errors(&mut paren.expr),
        _ => return None,
    };
    let argument = match call.args.len() {
        0 => None,
        1 => call.args.first(),
        _ => return None,
    };
    match (call.method.to_string().as_str(), argument) {
        ("enumerate", None) => drops_errors(&mut call.receiver),
        ("flatten", None) => Some(&mut *call.receiver),
        ("filter_map" | "flat_map" | "map_while", Some(Expr::Path(path))) => {
            let mut segments = path
                .path
                .segments
                .iter()
                .rev()
                .map(|segment| &segment.ident);
            let by_ok = segments.next().is_some_and(|name| name == "ok")
                && segments.next().is_some_and(|name| name == "Result");
            by_ok.then_some(&mut *call.receiver)
        }
        _ => None,
    }
}

/// Whether a body takes a variable apart as a `Result`.
fn takes_item(body: &Block, name: &str) -> bool {
    let mut find = Find { name, found: false };
    find.visit_block(body);
    find.found
}

struct Find<'a> {
    name: &'a str,
    found: bool,
}

impl Find<'_> {
    fn is_item(&self, expr: &Expr) -> bool {
        match core(expr) {
            Expr::Path(path) => path.path.is_ident(self.name),
            Expr::Reference(reference) => self.is_item(&reference.expr),
            Expr::Tuple(tuple) => tuple.elems.iter().any(|element| self.is_item(element)),
            _ => false,
        }
    }
}

impl<'ast> Visit<'ast> for Find<'_> {
    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        self.found |= takes(&call.method) && self.is_item(&call.receiver);
        visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_match(&mut self, matched: &'ast syn::ExprMatch) {
        self.found |= self.is_item(&matched.expr)
            && matched.arms.iter().any(|arm| is_result_pattern(&arm.pat));
        visit::visit_expr_match(self, matched);
    }

    fn visit_expr_let(&mut self, condition: &'ast syn::ExprLet) {
        self.found |= self.is_item(&condition.expr) && is_result_pattern(&condition.pat);
        visit::visit_expr_let(self, condition);
    }

    fn visit_local(&mut self, local: &'ast Local) {
        self.found |= local
            .init
            .as_ref()
            .is_some_and(|init| self.is_item(&init.expr) && is_result_pattern(&local.pat));
        visit::visit_local(self, local);
    }

    fn visit_macro(&mut self, mac: &'ast syn::Macro) {
        for argument in macro_arguments::parse(mac).exprs() {
            self.found |= takes_apart(mac) && self.is_item(argument);
            self.visit_expr(argument);
        }
    }

    fn visit_item(&mut self, _: &'ast syn::Item) {}
}
