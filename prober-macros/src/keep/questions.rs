//! The questions in an expression: its outermost `?`, and calls that inherit the
//! doom.

use syn::{
    BinOp, Block, Expr, Stmt,
    visit::{self, Visit},
};

use super::{
    calls::handed_suppressed,
    changes::{changed_at_last, changed_by},
    conditional::{attributes_of, is_conditional},
    effects::has_effect,
    flow::Flow,
    inner::core,
    macros::evaluates,
    names::Names,
    plan::{Kind, Step},
    results::operand_of_takes,
};
use crate::{classify, macro_arguments};

impl Flow<'_> {
    /// What the operands of a statement mention that ask.
    pub(super) fn of_asks(&self, step: &Step, mentioned: fn(&Self, &Expr) -> Names) -> Names {
        if !matches!(step.stmt, Stmt::Expr(..)) {
            return step.mentions.clone();
        }
        let asks = asks_of_step(step, self);
        asks.iter().fold(Names::default(), |names, ask| {
            names.union(&mentioned(self, ask))
        })
    }
}

/// The questions that an expression asks in any case: its outermost `?`, and
/// calls that inherit the doom.
pub(super) fn asks(expr: &Expr, flow: &Flow<'_>) -> Vec<Expr> {
    let mut asks = Asks::new(flow);
    asks.visit_expr(expr);
    asks.found
}

/// What asks in the operands of a question that is not asked.
pub(super) fn asks_within(question: &Expr, flow: &Flow<'_>) -> Vec<Expr> {
    let mut asks = Asks::new(flow);
    visit::visit_expr(&mut asks, core(question));
    asks.found
}

/// What asks in a statement that acts, in a tail, or in an exit.
pub(super) fn asks_of_step(step: &Step, flow: &Flow<'_>) -> Vec<Expr> {
    let Stmt::Expr(expr, _) = &step.stmt else {
        return Vec::new();
    };
    if step.kind == Kind::Tail && (step.is_value || is_ask(expr)) {
        asks(expr, flow)
    } else {
        asks_of_act(expr, flow)
    }
}

/// Whether a tail asks as a whole: `rows?`, of which no call acts.
fn is_ask(expr: &Expr) -> bool {
    matches!(expr, Expr::Try(_)) && !matches!(core(expr), Expr::Call(_) | Expr::MethodCall(_))
}

/// What asks in a statement that is not run: in the operands of its call.
fn asks_of_act(expr: &Expr, flow: &Flow<'_>) -> Vec<Expr> {
    let mut asks = Asks::new(flow);
    asks.visit_operands(expr);
    asks.found
}

struct Asks<'f, 'a> {
    flow: &'f Flow<'a>,
    found: Vec<Expr>,
    /// What changes in operands before that do not ask: they are not evaluated.
    gone: Names,
    /// Whether what follows may not be evaluated any more.
    ended: bool,
}

impl<'f, 'a> Asks<'f, 'a> {
    fn new(flow: &'f Flow<'a>) -> Self {
        Self {
            flow,
            found: Vec::new(),
            gone: Names::default(),
            ended: false,
        }
    }

    fn push(&mut self, expr: &Expr) {
        if has_effect(expr, self.flow.facts) {
            self.skip(expr);
        } else {
            self.found(expr);
        }
    }

    fn found(&mut self, expr: &Expr) {
        if self.flow.mentions(expr).meets(&self.gone) {
            self.skip(expr);
        } else {
            self.found.push(expr.clone());
        }
    }

    /// Goes past what is not evaluated.
    fn skip(&mut self, expr: &Expr) {
        self.gone.extend(&changed_by(expr, self.flow));
    }

    fn visit_operands(&mut self, expr: &Expr) {
        match expr {
            Expr::Try(question) if !flow_reads(self.flow, &question.expr) => {
                self.visit_operands(&question.expr);
            }
            Expr::Try(_) => self.push(expr),
            Expr::Await(future) => self.visit_operands(&future.base),
            Expr::Paren(paren) => self.visit_operands(&paren.expr),
            Expr::Group(group) => self.visit_operands(&group.expr),
            expr @ (Expr::Call(_) | Expr::MethodCall(_)) if handed_suppressed(expr) => {
                self.push(expr);
            }
            // The call itself acts.
            expr @ (Expr::Call(_) | Expr::MethodCall(_)) => visit::visit_expr(self, expr),
            expr => self.visit_asks(expr),
        }
    }
}

/// Whether an expression is a read of guest memory, which asks wherever it
/// stands.
fn flow_reads(flow: &Flow<'_>, expr: &Expr) -> bool {
    classify::is_read_expr(expr, flow.receivers) || handed_suppressed(expr)
}

impl<'ast> Visit<'ast> for Asks<'_, '_> {
    fn visit_expr(&mut self, expr: &'ast Expr) {
        if self.ended {
            return;
        }
        if is_conditional(attributes_of(expr)) {
            self.skip(expr);
        } else {
            self.visit_asks(expr);
        }
        self.ended |= self.flow.may_exit(expr);
    }

    fn visit_field_value(&mut self, field: &'ast syn::FieldValue) {
        if is_conditional(&field.attrs) {
            self.skip(&field.expr);
        } else {
            self.visit_expr(&field.expr);
        }
    }

    fn visit_item(&mut self, _: &'ast syn::Item) {}
    fn visit_block(&mut self, _: &'ast Block) {}
}

impl Asks<'_, '_> {
    fn visit_asks(&mut self, expr: &Expr) {
        match expr {
            Expr::Try(question) => {
                if has_effect(&question.expr, self.flow.facts) {
                    self.visit_within(&question.expr);
                } else {
                    self.found(expr);
                }
            }
            expr @ (Expr::Call(_) | Expr::MethodCall(_)) if handed_suppressed(expr) => {
                self.push(expr);
            }
            Expr::MethodCall(call) if operand_of_takes(call).is_some() => {
                self.push(&call.receiver);
                call.args.iter().for_each(|arg| self.visit_expr(arg));
            }
            // Not in any case.
            Expr::Binary(binary) if matches!(binary.op, BinOp::And(_) | BinOp::Or(_)) => {
                self.visit_expr(&binary.left);
                self.skip(&binary.right);
            }
            Expr::If(branch) => self.visit_head(&branch.cond, expr),
            Expr::Match(matched) => self.visit_head(&matched.expr, expr),
            Expr::While(each) => self.visit_head(&each.cond, expr),
            Expr::ForLoop(each) => self.visit_head(&each.expr, expr),
            Expr::Macro(call) => {
                let arguments = macro_arguments::parse(&call.mac);
                for argument in arguments.exprs().take(evaluates(&call.mac)) {
                    self.visit_expr(argument);
                }
                self.skip(expr);
            }
            Expr::Closure(_)
            | Expr::Async(_)
            | Expr::Block(_)
            | Expr::Const(_)
            | Expr::Loop(_)
            | Expr::Unsafe(_)
            | Expr::TryBlock(_) => self.skip(expr),
            expr => self.visit_within(expr),
        }
    }

    fn visit_within(&mut self, expr: &Expr) {
        visit::visit_expr(self, expr);
        self.gone.extend(&changed_at_last(expr, self.flow));
    }

    /// Only the head of an expression is evaluated in any case.
    fn visit_head(&mut self, head: &Expr, expr: &Expr) {
        self.visit_expr(head);
        self.skip(expr);
    }
}
