//! Exits: where they lead, and whether control may leave an expression or reach
//! the end of a block.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{
    Expr, Stmt,
    visit::{self, Visit},
};

use super::{
    flow::Flow,
    inner::core,
    macros::{holds_exit, may_leave},
    plan::{BlockId, Exit, Plan, Step},
    scope::{Scope, Skipped, Way},
};
use crate::vocabulary;

impl Flow<'_> {
    /// Leaves the function.
    pub(super) fn leave(&self) -> Way {
        Way::Leave(self.leave.clone())
    }

    /// Goes to an exit, but so that rustc does not know that it always does:
    /// otherwise it would call what follows unreachable.
    pub(super) fn go(&self, exit: &Way, tokens: &mut TokenStream) {
        self.emit.if_doomed(exit.to_token_stream(), tokens);
    }

    pub(super) fn resolve(&self, exit: &Exit, scope: &Scope) -> Way {
        match exit {
            Exit::Function => self.leave(),
            Exit::Break(label) => match scope.find(label.as_ref()) {
                Some(around) => around.on_break.clone(),
                None => self.leave(),
            },
            Exit::Continue(label) => match scope.find(label.as_ref()) {
                Some(around) => around.on_continue.clone(),
                None => self.leave(),
            },
        }
    }

    /// Where a skipped statement ends the search: at the widest of its exits.
    pub(super) fn widest(&self, exits: &[Exit], scope: &Scope) -> Option<Way> {
        match exits {
            [] => None,
            [exit] => Some(self.on_skipped(exit, scope)),
            // They end the loop, or lead further out, which the loop knows.
            _ => Some(self.on_skipped(&Exit::Break(None), scope)),
        }
    }

    /// Where a run goes that does not look at statements: one of their exits may
    /// be reached.
    pub(super) fn widest_of<'s>(
        &self,
        steps: impl IntoIterator<Item = &'s Step>,
        scope: &Scope,
    ) -> Option<Way> {
        let exits = steps.into_iter().flat_map(|step| step.exits.clone());
        self.widest(&exits.collect::<Vec<_>>(), scope)
    }

    /// Where a run goes that skips an exit.
    fn on_skipped(&self, exit: &Exit, scope: &Scope) -> Way {
        let (Exit::Break(label) | Exit::Continue(label)) = exit else {
            return self.leave();
        };
        let Some(around) = scope.find(label.as_ref()) else {
            return self.leave();
        };
        match around.skipped {
            Skipped::LeavesMore => self.leave(),
            Skipped::Leaves => around.on_break.clone(),
            Skipped::Nothing => self.resolve(exit, scope),
        }
    }

    /// Whether an expression may leave what it stands in, other than by `?`.
    pub(super) fn may_exit(&self, expr: &Expr) -> bool {
        struct Find<'f, 'a>(&'f Flow<'a>, bool);
        impl<'ast> Visit<'ast> for Find<'_, '_> {
            fn visit_expr_return(&mut self, _: &'ast syn::ExprReturn) {
                self.1 = true;
            }
            fn visit_expr_break(&mut self, _: &'ast syn::ExprBreak) {
                self.1 = true;
            }
            fn visit_expr_continue(&mut self, _: &'ast syn::ExprContinue) {
                self.1 = true;
            }
            fn visit_macro(&mut self, mac: &'ast syn::Macro) {
                self.1 |= may_leave(mac) && vocabulary::name(mac) != "unprobed" || holds_exit(mac);
            }
            fn visit_block(&mut self, block: &'ast syn::Block) {
                match Plan::block_of(block) {
                    Some(block) => {
                        let steps = self.0.plan.steps(block);
                        self.1 |= steps.iter().any(|step| !step.exits.is_empty());
                    }
                    // One in the arguments of a macro is not planned.
                    None => visit::visit_block(self, block),
                }
            }
            fn visit_expr_closure(&mut self, _: &'ast syn::ExprClosure) {}
            fn visit_expr_async(&mut self, _: &'ast syn::ExprAsync) {}
            fn visit_item(&mut self, _: &'ast syn::Item) {}
        }
        let mut find = Find(self, false);
        find.visit_expr(expr);
        find.1
    }

    /// Whether control reaches the end of a block, as far as can be seen.
    pub(super) fn falls_through(&self, block: BlockId) -> bool {
        !self.block_diverges_by(block, &never_ends)
    }

    /// Whether rustc may see that control does not reach the end of a block: a macro
    /// that ends it may leave.
    pub(super) fn may_be_left(&self, block: BlockId) -> bool {
        self.block_diverges_by(block, &may_leave)
    }

    /// Whether control does not reach the end of a statement, as far as can be
    /// seen.
    pub(super) fn step_diverges(&self, step: &Step) -> bool {
        matches!(&step.stmt, Stmt::Expr(expr, _) if self.diverges(expr))
    }

    /// Whether control does not reach the end of an expression, as far as can be
    /// seen.
    pub(super) fn diverges(&self, expr: &Expr) -> bool {
        self.diverges_by(expr, &never_ends)
    }

    /// The same of a block, if these macros do not end.
    fn block_diverges_by(&self, block: BlockId, leaves: &dyn Fn(&syn::Macro) -> bool) -> bool {
        matches!(self.plan.steps(block).last(), Some(Step { stmt: Stmt::Expr(expr, _), .. })
            if self.diverges_by(expr, leaves))
    }

    /// The same of an expression.
    fn diverges_by(&self, expr: &Expr, leaves: &dyn Fn(&syn::Macro) -> bool) -> bool {
        let ends = |block: &syn::Block| {
            Plan::block_of(block).is_some_and(|block| self.block_diverges_by(block, leaves))
        };
        match core(expr) {
            Expr::Return(_) | Expr::Break(_) | Expr::Continue(_) => true,
            Expr::Macro(call) => leaves(&call.mac),
            Expr::Block(block) => ends(&block.block),
            Expr::If(branch) => {
                ends(&branch.then_branch)
                    && branch
                        .else_branch
                        .as_ref()
                        .is_some_and(|(_, other)| self.diverges_by(other, leaves))
            }
            Expr::Match(matched) => {
                let mut arms = matched.arms.iter();
                arms.all(|arm| self.diverges_by(&arm.body, leaves))
            }
            Expr::Loop(each) => !Plan::block_of(&each.body).is_some_and(|body| {
                self.plan
                    .steps(body)
                    .iter()
                    .any(|step| step.exits.iter().any(|exit| matches!(exit, Exit::Break(_))))
            }),
            _ => false,
        }
    }
}

/// Whether a macro never ends, as its name tells.
fn never_ends(mac: &syn::Macro) -> bool {
    matches!(
        vocabulary::name(mac).as_str(),
        "panic" | "todo" | "unimplemented" | "unreachable" | "bail"
    )
}
