//! Expressions: each `?` becomes a question, whose miss goes where the
//! statement says.

mod asker;
mod blocks;
mod branches;
mod macros;
mod operands;
mod question_marks;
mod taken;
mod ties;

use syn::{
    BinOp, Block, Expr, Pat,
    visit_mut::{self, VisitMut},
};

pub(super) use self::{asker::Asker, ties::infers};
use super::{
    conditional::is_conditional,
    flow::Flow,
    inner::is_compound,
    names::Names,
    results::{has_faults_of_its_own, operand_of_takes},
    scope::{Scope, Way},
};
use crate::vocabulary;

impl Flow<'_> {
    pub(super) fn asker<'f>(
        &'f self,
        miss: Way,
        strict: bool,
        doomed: bool,
        value: bool,
        scope: &'f Scope,
        taint: &'f Names,
    ) -> Asker<'f, 'f> {
        Asker {
            flow: self,
            miss,
            strict,
            doomed,
            value,
            top: false,
            scope,
            taint,
            later: Vec::new(),
        }
    }

    /// A rewritten expression of a run.
    #[expect(
        clippy::too_many_arguments,
        reason = "each says one thing of the place"
    )]
    pub(super) fn ask(
        &self,
        expr: &Expr,
        miss: Way,
        strict: bool,
        doomed: bool,
        value: bool,
        scope: &Scope,
        taint: &Names,
    ) -> Expr {
        self.asker(miss, strict, doomed, value, scope, taint)
            .rewritten(expr)
    }
}

impl Asker<'_, '_> {
    /// A copy of an expression, rewritten.
    pub(super) fn rewritten(mut self, expr: &Expr) -> Expr {
        let mut expr = expr.clone();
        self.visit_expr_mut(&mut expr);
        expr
    }

    /// A copy of an initializer, rewritten.
    pub(super) fn rewritten_for(mut self, init: &Expr, pat: &Pat) -> Expr {
        let mut init = init.clone();
        self.initializer(&mut init, pat);
        init
    }
}

impl VisitMut for Asker<'_, '_> {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        let top = std::mem::take(&mut self.top);
        if is_compound(expr) {
            // Those of an operand give values.
            let value = self.value;
            self.value |= !top;
            self.branches(expr);
            self.value = value;
            return;
        }
        match expr {
            Expr::Closure(closure) => {
                self.doomed |= has_faults_of_its_own(&closure.body);
                self.flow.record_in(&mut closure.body);
            }
            Expr::Path(path) => self.doomed |= self.flow.facts.records(path),
            // A probe that is written already.
            Expr::Verbatim(_) => self.doomed = true,
            // `?` of their own.
            Expr::Async(_) | Expr::Const(_) | Expr::TryBlock(_) => {}
            Expr::Try(_) => self.question(expr),
            Expr::Call(call) => {
                let operands = std::iter::once(&mut *call.func).chain(&mut call.args);
                self.operands(operands.collect());
            }
            Expr::MethodCall(call) => {
                if operand_of_takes(call).is_some() {
                    self.taken_by(call);
                } else {
                    let operands = std::iter::once(&mut *call.receiver).chain(&mut call.args);
                    self.operands(operands.collect());
                }
            }
            Expr::Struct(value) => {
                let conditional = value.fields.iter();
                let conditional = conditional.map(|field| is_conditional(&field.attrs));
                let conditional = conditional.collect::<Vec<_>>();
                let fields = value.fields.iter_mut().map(|field| &mut field.expr);
                let rest = value.rest.as_deref_mut();
                self.fields(fields.chain(rest).collect(), &conditional);
            }
            Expr::Tuple(tuple) => self.operands(tuple.elems.iter_mut().collect()),
            Expr::Array(array) => self.operands(array.elems.iter_mut().collect()),
            Expr::Binary(binary) if vocabulary::assigns(&binary.op) => {
                self.assigned(&mut binary.left, &mut binary.right);
            }
            Expr::Binary(binary) if !matches!(binary.op, BinOp::And(_) | BinOp::Or(_)) => {
                self.operands(vec![&mut binary.left, &mut binary.right]);
            }
            Expr::Assign(assign) => self.assigned(&mut assign.left, &mut assign.right),
            Expr::Index(index) => self.operands(vec![&mut index.expr, &mut index.index]),
            Expr::Range(range) => {
                let bounds = range.start.iter_mut().chain(&mut range.end);
                self.operands(bounds.map(|bound| &mut **bound).collect());
            }
            Expr::Repeat(repeat) => self.visit_expr_mut(&mut repeat.expr),
            Expr::Let(condition) => {
                self.initializer(&mut condition.expr, &condition.pat);
            }
            // There may be a block of ours around.
            Expr::Break(exit) => {
                if exit.label.is_none() {
                    exit.label = self.scope.innermost();
                }
                if let Some(value) = &mut exit.expr {
                    self.visit_expr_mut(value);
                }
            }
            Expr::Continue(exit) => {
                if exit.label.is_none() {
                    exit.label = self.scope.innermost();
                }
            }
            Expr::Macro(call) => self.macro_arguments(&mut call.mac),
            expr => visit_mut::visit_expr_mut(self, expr),
        }
    }

    fn visit_block_mut(&mut self, block: &mut Block) {
        self.block(block);
    }

    fn visit_item_mut(&mut self, _: &mut syn::Item) {}
    fn visit_type_mut(&mut self, _: &mut syn::Type) {}
    fn visit_pat_mut(&mut self, _: &mut Pat) {}
    fn visit_angle_bracketed_generic_arguments_mut(
        &mut self,
        _: &mut syn::AngleBracketedGenericArguments,
    ) {
    }
    fn visit_attribute_mut(&mut self, _: &mut syn::Attribute) {}
}
