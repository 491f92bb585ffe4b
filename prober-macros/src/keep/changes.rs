//! What an expression changes that a doomed run does not evaluate: what stands
//! behind it would see something else.

use syn::{
    Block, Expr, ExprClosure, ExprReference, Macro,
    visit::{self, Visit},
};

use super::{
    calls::only_shows,
    cells::changes_behind_reference,
    flow::Flow,
    inner::{places, root},
    mentions::{Code, mentions},
    names::Names,
    plan::Plan,
};
use crate::{
    macro_arguments,
    vocabulary::{self, LOOPLESS},
};

/// What an expression may change, with all that is in it.
pub(super) fn changed_by(expr: &Expr, flow: &Flow<'_>) -> Names {
    let mut changes = Changes::new(flow);
    changes.visit_expr(expr);
    changes.found()
}

/// What an expression may change when its operands are evaluated already.
pub(super) fn changed_at_last(expr: &Expr, flow: &Flow<'_>) -> Names {
    let mut changes = Changes::new(flow);
    changes.note(expr);
    changes.found()
}

struct Changes<'f, 'a> {
    flow: &'f Flow<'a>,
    /// What is handed on, or is the receiver of a method: it changes if it can.
    used: Names,
    /// What gets another value.
    changed: Names,
}

impl<'f, 'a> Changes<'f, 'a> {
    fn new(flow: &'f Flow<'a>) -> Self {
        Self {
            flow,
            used: Names::default(),
            changed: Names::default(),
        }
    }

    fn found(self) -> Names {
        if self.used.is_empty() && self.changed.is_empty() {
            return self.changed;
        }
        let cells = self
            .used
            .iter()
            .filter(|name| self.flow.facts.cells.contains(name));
        let mut roots = cells.map(str::to_owned).collect::<Names>();
        roots.extend(&self.changed);
        self.flow.facts.changed(&self.used, &roots)
    }

    /// Notes what an expression itself changes, beside its operands.
    fn note(&mut self, expr: &Expr) {
        match expr {
            Expr::MethodCall(call) => {
                if !only_shows(&call.method.to_string()) {
                    self.receiver(&call.receiver, expr);
                }
                call.args.iter().for_each(|arg| self.handed(arg));
            }
            Expr::Call(call) => {
                self.handed(&call.func);
                call.args.iter().for_each(|arg| self.handed(arg));
            }
            Expr::Assign(assign) => {
                for place in places(&assign.left) {
                    self.changed.extend(&root_of(place));
                }
            }
            Expr::Binary(binary) if vocabulary::assigns(&binary.op) => {
                self.changed.extend(&root_of(&binary.left));
            }
            Expr::Reference(reference) => self.lent(reference),
            // A probe that is written already.
            Expr::Verbatim(tokens) => self.uses(tokens),
            _ => {}
        }
    }

    fn receiver(&mut self, receiver: &Expr, call: &Expr) {
        let root = root_of(receiver);
        self.used.extend(&root);
        if changes_behind_reference(call) {
            self.changed.extend(&root);
        }
    }

    fn handed(&mut self, arg: &Expr) {
        if let Expr::Path(_) = arg {
            self.uses(arg);
        }
    }

    fn lent(&mut self, reference: &ExprReference) {
        let names = mentions(&reference.expr, &self.flow.facts.locals);
        let changes =
            |name: &&str| reference.mutability.is_some() || self.flow.facts.cells.contains(name);
        let names = names.iter().filter(changes).map(str::to_owned);
        self.used.extend(&names.collect());
    }

    fn uses(&mut self, code: &impl Code) {
        self.used.extend(&mentions(code, &self.flow.facts.locals));
    }
}

fn root_of(place: &Expr) -> Names {
    root(place).into_iter().collect()
}

impl<'ast> Visit<'ast> for Changes<'_, '_> {
    fn visit_expr(&mut self, expr: &'ast Expr) {
        visit::visit_expr(self, expr);
        self.note(expr);
    }

    fn visit_expr_closure(&mut self, closure: &'ast ExprClosure) {
        self.uses(&closure.body);
    }

    fn visit_block(&mut self, block: &'ast Block) {
        match Plan::block_of(block) {
            Some(block) => self.changed.extend(&self.flow.changes(block)),
            // In the arguments of a macro.
            None => block.stmts.iter().for_each(|stmt| self.uses(stmt)),
        }
    }

    fn visit_macro(&mut self, mac: &'ast Macro) {
        if LOOPLESS.contains(&vocabulary::name(mac).as_str()) {
            let arguments = macro_arguments::parse(mac);
            arguments
                .exprs()
                .for_each(|argument| self.visit_expr(argument));
        } else {
            self.uses(mac);
        }
    }

    fn visit_item(&mut self, _: &'ast syn::Item) {}
}
