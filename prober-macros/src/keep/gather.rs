//! Gathers the [`Facts`] of a function from its signature and its body.

use quote::ToTokens;
use syn::{
    Block, Expr, ExprClosure, FnArg, Macro, Pat, PatIdent, PatType, Signature, Stmt,
    visit::{self, Visit},
};

use super::{
    calls::drops,
    cells::{changes, is_cell},
    collections::is_collection,
    facts::Facts,
    inner::{core, is_static, places, root},
    links::Links,
    macros::may_change,
    mentions::{macro_of, mentions},
    names::{Names, bound},
    params::Params,
    parsed::names_any,
    renewed::{all_renewed, copies},
};
use crate::{tokens::unraw, vocabulary};

/// The facts of a function. What is learned from the signature comes first:
/// the links between the variables of the body follow from it.
pub(super) fn facts(sig: &Signature, body: &Block, receivers: Names) -> Facts {
    let mut facts = Facts {
        receivers,
        ..Facts::default()
    };
    let params = Params::of(&sig.generics);
    for input in &sig.inputs {
        match input {
            FnArg::Receiver(receiver) => {
                facts.params.insert("self".to_owned());
                let text = receiver.to_token_stream().to_string();
                if text.contains("mut ") {
                    facts.mutable.insert("self");
                    facts.outlive.insert("self");
                }
            }
            FnArg::Typed(param) => parameter(&mut facts, param, &params),
        }
    }
    Patterns(&mut facts).visit_block(body);
    facts.locals.insert("suppressed");
    Written(&mut facts).visit_block(body);
    Links(&mut facts).visit_block(body);
    facts.copies = copies(sig, body);
    let renewed = all_renewed(body, &facts);
    facts.unset.extend(&renewed);
    facts
}

/// What the type of a parameter says of the names that it binds.
fn parameter(facts: &mut Facts, param: &PatType, params: &Params) {
    let changes = is_mutable(&param.pat) && params.may_borrow(&param.ty);
    let outlives = changes || params.outlives(&param.ty);
    let is_collection = is_collection(&param.ty);
    let is_sink = params.is_sink(&param.ty);
    let is_cell = names_any(|find| find.visit_type(&param.ty), &is_cell);
    let names = bound(&param.pat);
    facts.params.extend(&names);
    if outlives {
        facts.mutable.extend(&names);
        facts.outlive.extend(&names);
    }
    if is_collection {
        facts.collections.extend(&names);
        facts.given.extend(&names);
    }
    if is_sink {
        facts.sinks.extend(&names);
    }
    if is_cell {
        facts.cells.extend(&names);
        facts.given_cells.extend(&names);
    }
    Patterns(facts).visit_pat(&param.pat);
}

/// Whether what a pattern binds can be changed: `mut name`.
fn is_mutable(pat: &Pat) -> bool {
    matches!(pat, Pat::Ident(name) if name.by_ref.is_none() && name.mutability.is_some())
}

/// Collects what patterns bind, and whether it can change.
struct Patterns<'a>(&'a mut Facts);

impl<'ast> Visit<'ast> for Patterns<'_> {
    fn visit_pat_ident(&mut self, pat: &'ast PatIdent) {
        let name = unraw(&pat.ident);
        if pat.mutability.is_some() {
            self.0.mutable.insert(name.clone());
        }
        self.0.locals.insert(name);
        visit::visit_pat_ident(self, pat);
    }

    fn visit_pat(&mut self, pat: &'ast Pat) {
        if let Pat::Macro(_) = pat {
            let names = bound(pat);
            self.0.locals.extend(&names);
            self.0.mutable.extend(&names);
        }
        visit::visit_pat(self, pat);
    }

    // What it binds is its own.
    fn visit_expr_closure(&mut self, _: &'ast ExprClosure) {}

    fn visit_item(&mut self, item: &'ast syn::Item) {
        if let Some((name, _)) = macro_of(item) {
            self.0.locals.insert(name);
        }
    }
}

/// Collects the variables through which a body changes something, and the statics
/// that it acts on: those are names like others.
struct Written<'a>(&'a mut Facts);

impl Written<'_> {
    fn acted_on(&mut self, place: &Expr) {
        if let Some(root) = root(place).filter(|name| is_static(name)) {
            self.0.locals.insert(root);
        }
    }

    fn assigned(&mut self, place: &Expr) {
        self.acted_on(place);
        // The variable itself gets another value.
        if !matches!(place, Expr::Path(_)) {
            self.changed_through(place);
        }
    }

    fn changed_through(&mut self, place: &Expr) {
        if let Some(root) = root(place) {
            self.0.written.insert(root);
        }
    }

    fn handed(&mut self, arg: &Expr) {
        if let Expr::Path(path) = arg
            && let Some(name) = path.path.get_ident()
        {
            self.0.written.insert(unraw(name));
        }
    }
}

impl<'ast> Visit<'ast> for Written<'_> {
    fn visit_stmt(&mut self, stmt: &'ast Stmt) {
        if let Stmt::Expr(expr, _) = stmt {
            match core(expr) {
                Expr::MethodCall(call) => {
                    self.acted_on(&call.receiver);
                    self.changed_through(&call.receiver);
                    call.args.iter().for_each(|arg| self.handed(arg));
                }
                Expr::Call(call) => {
                    call.args.iter().for_each(|arg| self.handed(arg));
                    if drops(&call.func) {
                        let names = mentions(&call.args, &self.0.locals);
                        self.0.dropped.extend(&names);
                    }
                }
                _ => {}
            }
        }
        visit::visit_stmt(self, stmt);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        if changes(&call.method.to_string(), true) {
            self.acted_on(&call.receiver);
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_assign(&mut self, assign: &'ast syn::ExprAssign) {
        for place in places(&assign.left) {
            self.assigned(place);
        }
        visit::visit_expr_assign(self, assign);
    }

    fn visit_expr_binary(&mut self, binary: &'ast syn::ExprBinary) {
        if vocabulary::assigns(&binary.op) {
            self.assigned(&binary.left);
        }
        visit::visit_expr_binary(self, binary);
    }

    fn visit_macro(&mut self, mac: &'ast Macro) {
        if may_change(mac) {
            let names = mentions(mac, &self.0.locals);
            self.0.written.extend(&names);
        }
    }

    fn visit_item(&mut self, _: &'ast syn::Item) {}
}
