//! Operands, which are evaluated one after the other: where one misses, those
//! after it are still asked.

use syn::{
    Expr, ExprMethodCall,
    visit::{self, Visit},
    visit_mut::VisitMut,
};

use super::asker::Asker;
use crate::{
    emit::{Place, operand},
    keep::{
        changes::changed_by,
        flow::Flow,
        inner::{bare, is_place},
        names::Names,
        questions::asks,
        results::{has_faults_of_its_own, panics},
        risks::doubted,
    },
    returned::constructs,
};

impl Asker<'_, '_> {
    /// A place and the value that it gets: only that is an operand.
    pub(super) fn assigned(&mut self, place: &mut Expr, value: &mut Expr) {
        self.operands(vec![value]);
        self.visit_expr_mut(place);
    }

    /// Operands that are evaluated one after the other, in any case.
    pub(super) fn operands(&mut self, operands: Vec<&mut Expr>) {
        self.fields(operands, &[]);
    }

    /// The same of operands of which the first may be left out, if these say so: no
    /// other code asks those.
    pub(super) fn fields(&mut self, mut operands: Vec<&mut Expr>, conditional: &[bool]) {
        for index in 0..operands.len() {
            let records = self.strict
                && !holds_closures(operands[index])
                && !is_place(operands[index])
                && (self.flow.records_in_closures && calls_back(operands[index], self.flow)
                    || self.flow.may_doom(operands[index]));
            let rest = operands.iter().enumerate().skip(index + 1);
            let rest = rest.map(|(at, operand)| (conditional.get(at) == Some(&true), &**operand));
            let later = self.later_than(operands[index], rest);
            self.later.push(later);
            self.visit_expr_mut(operands[index]);
            if records {
                // A closure or a block in it may have recorded a fault: the act waits.
                let place = Place::of(operands[index]);
                let value = operand(operands[index]).into_owned();
                *operands[index] = self.flow.emit.unless_doomed(&value, place, &self.missed());
            }
            self.later.pop();
        }
    }

    /// What is asked behind an operand in which a run may miss.
    fn later_than<'e>(
        &self,
        done: &Expr,
        rest: impl ExactSizeIterator<Item = (bool, &'e Expr)>,
    ) -> Vec<Expr> {
        if rest.len() == 0 || !self.flow.may_miss(done) {
            return Vec::new();
        }
        asked_behind(done, rest, self.flow)
    }

    /// A call that takes its receiver apart: that is an operand before the others.
    pub(super) fn taken_by(&mut self, call: &mut ExprMethodCall) {
        let args = call.args.iter().map(|arg| (false, arg));
        let later = asked_behind(&call.receiver, args, self.flow);
        self.later.push(later);
        self.take(&mut call.receiver, panics(&call.method));
        self.later.pop();
        call.args
            .iter_mut()
            .for_each(|arg| self.visit_expr_mut(arg));
    }
}

/// Whether an operand is closures, of which it calls none. What it is handed to
/// may say of what types their parameters are.
fn holds_closures(operand: &Expr) -> bool {
    match bare(operand) {
        Expr::Closure(_) => true,
        Expr::Reference(reference) => holds_closures(&reference.expr),
        Expr::Call(call) => {
            matches!(&*call.func, Expr::Path(path) if constructs(&path.path))
                && call.args.iter().all(holds_closures)
        }
        _ => false,
    }
}

/// What is asked behind an operand, where a run misses in it. Of the others each
/// says whether it may be left out.
fn asked_behind<'e>(
    done: &Expr,
    rest: impl IntoIterator<Item = (bool, &'e Expr)>,
    flow: &Flow<'_>,
) -> Vec<Expr> {
    let mut later = Vec::new();
    if flow.may_exit(done) {
        return later;
    }
    let mut gone = changed(flow, done);
    for (conditional, operand) in rest {
        if !conditional {
            let asked = asks(operand, flow);
            later.extend(
                asked
                    .into_iter()
                    .filter(|ask| !flow.mentions(ask).meets(&gone)),
            );
        }
        gone.extend(&changed(flow, operand));
        if flow.may_exit(operand) {
            break;
        }
    }
    later
}

/// Whether closures are called in an expression in which faults are recorded.
fn calls_back(expr: &Expr, flow: &Flow<'_>) -> bool {
    struct Find<'f, 'a>(&'f Flow<'a>, bool);
    impl<'ast> Visit<'ast> for Find<'_, '_> {
        fn visit_expr_closure(&mut self, closure: &'ast syn::ExprClosure) {
            self.1 |= has_faults_of_its_own(&closure.body);
            visit::visit_expr_closure(self, closure);
        }
        fn visit_expr_path(&mut self, path: &'ast syn::ExprPath) {
            self.1 |= self.0.facts.records(path);
        }
        fn visit_item(&mut self, _: &'ast syn::Item) {}
    }
    let mut find = Find(flow, false);
    find.visit_expr(expr);
    find.1
}

/// What an operand could have changed, or leaves in doubt.
fn changed(flow: &Flow<'_>, operand: &Expr) -> Names {
    let changed = changed_by(operand, flow);
    changed.union(&doubted(operand, flow.facts, flow.receivers))
}
