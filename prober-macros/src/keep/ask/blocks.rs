//! Blocks and loops within an expression: what a doomed run does in them, and
//! where it goes from them.

use proc_macro2::Span;
use quote::{ToTokens, quote};
use syn::{
    Block, Expr, Label, Pat, Stmt, Token,
    visit::{self, Visit},
    visit_mut::VisitMut,
};

use super::{asker::Asker, taken::has_taken};
use crate::{
    emit::glue,
    keep::{
        inner::is_compound,
        names::bound,
        plan::Plan,
        record::Recorder,
        scope::{Scope, Way},
        state::State,
    },
};

impl Asker<'_, '_> {
    pub(super) fn block(&mut self, block: &mut Block) {
        let state = self.state();
        self.doomed |= self.block_with(block, state, &self.scope.clone(), false);
    }

    /// A block, which a `break` may leave.
    pub(super) fn labelled_block(&mut self, block: &mut syn::ExprBlock) {
        let scope = match &block.label {
            Some(label) => {
                let label = &label.name;
                let on_break = if self.value || self.gives_values(&block.block) {
                    self.miss.clone()
                } else {
                    Way::breaks(label)
                };
                self.scope.with_block(label.clone(), on_break)
            }
            None => self.scope.clone(),
        };
        let state = self.state();
        self.doomed |= self.block_with(&mut block.block, state, &scope, false);
        // Where a block of ours is around, they may seem to be unused.
        let place = block.block.brace_token.span.join();
        block.block.brace_token = syn::token::Brace(glue(place));
    }

    /// A loop: what it asks in its head, and its body; `item` if a doomed run may
    /// take the next one.
    pub(super) fn in_loop(
        &mut self,
        label: &mut Option<Label>,
        body: &mut Block,
        item: Option<&Pat>,
    ) {
        let label = self.flow.label_loop(label);
        let next = item.is_some()
            && !self.value
            && Plan::block_of(body).is_some_and(|body| self.flow.runs_on(body));
        let on_continue = if next {
            Way::continues(&label)
        } else {
            self.miss.clone()
        };
        let on_break = if self.value || self.gives_values(body) {
            self.miss.clone()
        } else {
            Way::breaks(&label)
        };
        let mut state = self.state();
        state.exit.clone_from(&on_continue);
        state.value = false;
        if next {
            state.doomed = true;
            let changes = Plan::block_of(body).map(|body| self.flow.changes(body));
            let mut changes = changes.unwrap_or_default();
            if let Some(item) = item {
                let own = bound(item).unchecked();
                let others = changes.iter().filter(|name| !own.holds(name));
                changes = others.map(str::to_owned).collect();
            }
            state.taint.extend(&changes);
        }
        let skipped = self.flow.skipped(body, &label);
        let scope = self.scope.with_loop(label, on_break, on_continue, skipped);
        self.doomed |= self.block_with(body, state, &scope, !next);
    }

    /// Rewrites a statement whose blocks a doomed run leaves by another way
    /// than its head.
    pub(crate) fn blocks_exit(&mut self, expr: &mut Expr, exit: Way) {
        match expr {
            Expr::If(branch) => {
                self.visit_expr_mut(&mut branch.cond);
                let miss = std::mem::replace(&mut self.miss, exit.clone());
                let doomed = self.doomed;
                self.doomed |= has_taken(&branch.cond);
                self.visit_block_mut(&mut branch.then_branch);
                self.miss = miss;
                if let Some((_, other)) = &mut branch.else_branch {
                    self.blocks_exit(other, exit);
                }
                self.doomed = doomed;
            }
            Expr::Match(matched) => {
                self.head_of_match(matched);
                self.doomed |= has_taken(&matched.expr);
                let doomed = self.doomed;
                for arm in &mut matched.arms {
                    self.doomed = doomed;
                    if let Pat::Guard(guarded) = &mut arm.pat {
                        self.visit_expr_mut(&mut guarded.guard);
                    }
                    let miss = std::mem::replace(&mut self.miss, exit.clone());
                    self.top = true;
                    self.visit_expr_mut(&mut arm.body);
                    self.top = false;
                    self.miss = miss;
                }
            }
            Expr::ForLoop(each) => {
                let acts = self.flow.acts_on_next(each);
                self.visit_expr_mut(&mut each.expr);
                self.doomed |= has_taken(&each.expr);
                self.miss = exit;
                self.in_loop(
                    &mut each.label,
                    &mut each.body,
                    (!acts).then_some(&each.pat),
                );
            }
            Expr::While(each) => {
                self.visit_expr_mut(&mut each.cond);
                self.doomed |= has_taken(&each.cond);
                self.miss = exit;
                self.in_loop(&mut each.label, &mut each.body, None);
            }
            Expr::Loop(_) | Expr::Block(_) => {
                self.miss = exit;
                self.top = true;
                self.visit_expr_mut(expr);
            }
            expr => self.visit_expr_mut(expr),
        }
    }

    /// Writes a block; in a loop that does not go round again when doomed.
    fn block_with(&mut self, block: &mut Block, state: State, scope: &Scope, again: bool) -> bool {
        let Some(id) = Plan::block_of(block) else {
            // One in a macro's arguments is not planned: it runs as it is
            // written, and its faults are recorded.
            if self.flow.records_in_closures {
                // An act in it must not follow a fault.
                let miss = (self.strict || acts(block)).then(|| self.missed());
                Recorder {
                    flow: self.flow,
                    miss,
                }
                .visit_block_mut(block);
            }
            return false;
        };
        let exit = state.exit.clone();
        let (mut tokens, doomed) = self.flow.hot(id, state, scope);
        if again && doomed && self.flow.falls_through(id) {
            if let Some(Stmt::Expr(last, None)) =
                self.flow.plan.steps(id).last().map(|step| &step.stmt)
                && !is_compound(last)
            {
                Token![;](Span::call_site()).to_tokens(&mut tokens);
            }
            if self.flow.may_be_left(id) {
                tokens.extend(quote!(#[allow(unreachable_code)]));
            }
            self.flow.go(&exit, &mut tokens);
        }
        block.stmts = vec![Stmt::Expr(Expr::Verbatim(tokens), None)];
        doomed
    }

    fn state(&self) -> State {
        State {
            doomed: self.doomed,
            taint: self.taint.clone(),
            exit: self.miss.clone(),
            value: self.value,
        }
    }

    /// Whether a block gives variables their first values, or others: behind it a
    /// doomed run must not seem to go on.
    fn gives_values(&self, block: &Block) -> bool {
        let changes = Plan::block_of(block).map(|block| self.flow.changes(block));
        changes.is_some_and(|changes| self.flow.unsets(&changes))
    }
}

/// Whether a block holds a statement that acts, at any depth.
fn acts(block: &Block) -> bool {
    struct Find(bool);
    impl<'ast> Visit<'ast> for Find {
        fn visit_stmt(&mut self, stmt: &'ast Stmt) {
            self.0 |= match stmt {
                Stmt::Expr(_, semi) => semi.is_some(),
                Stmt::Macro(_) => true,
                Stmt::Local(_) | Stmt::Item(_) => false,
            };
            visit::visit_stmt(self, stmt);
        }
        fn visit_item(&mut self, _: &'ast syn::Item) {}
    }
    let mut find = Find(false);
    find.visit_block(block);
    find.0
}
