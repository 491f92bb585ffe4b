//! Blocks in an operand: where one of their questions misses, what is evaluated
//! behind the operand is asked as well.

use syn::{
    Block, Expr, ExprMethodCall, Pat, PatIdent,
    ext::IdentExt,
    visit::{self, Visit},
    visit_mut::VisitMut,
};

use super::{asker::Asker, taken::has_taken};
use crate::keep::{cells::gives_guard, flow::Flow, names::Names, plan::Plan, scope::Way};

impl Asker<'_, '_> {
    /// Rewrites an expression that has blocks.
    pub(super) fn branches(&mut self, expr: &mut Expr) {
        let hidden = self.hidden_in(expr);
        match expr {
            Expr::Match(matched) => {
                self.head_of_match(matched);
                self.doomed |= has_taken(&matched.expr);
                let (before, mut after) = (self.doomed, self.doomed);
                self.within_branches(hidden, |this| {
                    for arm in &mut matched.arms {
                        this.doomed = before;
                        if let Pat::Guard(guarded) = &mut arm.pat {
                            this.visit_expr_mut(&mut guarded.guard);
                        }
                        this.visit_expr_mut(&mut arm.body);
                        after |= this.doomed;
                    }
                });
                self.doomed = after;
            }
            Expr::If(branch) => {
                self.visit_expr_mut(&mut branch.cond);
                self.doomed |= has_taken(&branch.cond);
                let before = self.doomed;
                self.within_branches(hidden, |this| {
                    this.block(&mut branch.then_branch);
                    let after = std::mem::replace(&mut this.doomed, before);
                    if let Some((_, other)) = &mut branch.else_branch {
                        this.visit_expr_mut(other);
                    }
                    this.doomed |= after;
                });
            }
            // In an operand: a doomed run takes no further item.
            Expr::ForLoop(each) => {
                self.visit_expr_mut(&mut each.expr);
                self.doomed |= has_taken(&each.expr);
                self.within_branches(hidden, |this| {
                    this.in_loop(&mut each.label, &mut each.body, None);
                });
            }
            Expr::While(each) => {
                self.visit_expr_mut(&mut each.cond);
                self.doomed |= has_taken(&each.cond);
                self.within_branches(hidden, |this| {
                    this.in_loop(&mut each.label, &mut each.body, None);
                });
            }
            Expr::Loop(each) => self.within_branches(hidden, |this| {
                this.in_loop(&mut each.label, &mut each.body, None);
            }),
            Expr::Block(block) => {
                self.within_branches(hidden, |this| this.labelled_block(block));
            }
            Expr::Unsafe(block) => {
                self.within_branches(hidden, |this| this.block(&mut block.block));
            }
            _ => {}
        }
    }

    /// Visits the branches of an expression. What they hide of what comes behind
    /// it is not asked from within them.
    fn within_branches(&mut self, hidden: Option<Hidden>, visit: impl FnOnce(&mut Self)) {
        let later = std::mem::take(&mut self.later);
        let miss = self.miss.clone();
        if let Some(hidden) = hidden {
            let seen = |ask: &&Expr| !hidden.hides(&self.flow.mentions(ask));
            let seen = |asks: &Vec<Expr>| asks.iter().filter(seen).cloned().collect();
            self.later = later.iter().map(seen).collect();
            if self.later.iter().any(|asks| !asks.is_empty()) {
                self.miss = Way::To(self.missed());
            }
            self.later.clear();
        }
        visit(self);
        (self.later, self.miss) = (later, miss);
    }

    /// What the branches of an expression hide, if anything is asked behind it.
    fn hidden_in(&self, expr: &Expr) -> Option<Hidden> {
        if self.later.iter().all(Vec::is_empty) {
            return None;
        }
        let mut find = Find {
            flow: self.flow,
            hidden: Hidden::default(),
        };
        find.visit_expr(expr);
        Some(find.hidden)
    }
}

/// What branches hide from code in them.
#[derive(Default)]
struct Hidden {
    /// Names that are those of other variables there.
    names: Names,
    /// Whether a guard may live there: others may not have what it locks.
    holds_guard: bool,
}

impl Hidden {
    fn hides(&self, mentions: &Names) -> bool {
        self.holds_guard || mentions.meets(&self.names)
    }
}

struct Find<'f, 'a> {
    flow: &'f Flow<'a>,
    hidden: Hidden,
}

impl<'ast> Visit<'ast> for Find<'_, '_> {
    fn visit_pat_ident(&mut self, pat: &'ast PatIdent) {
        self.hidden.names.insert(pat.ident.unraw().to_string());
        visit::visit_pat_ident(self, pat);
    }

    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        self.hidden.holds_guard |= gives_guard(call);
        visit::visit_expr_method_call(self, call);
    }

    fn visit_block(&mut self, block: &'ast Block) {
        if let Some(block) = Plan::block_of(block) {
            for step in self.flow.plan.steps(block) {
                self.visit_stmt(&step.stmt);
            }
        } else {
            visit::visit_block(self, block);
        }
    }

    fn visit_item(&mut self, _: &'ast syn::Item) {}
}
