//! The branches of a statement whose head a doomed run evaluates.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Expr, ExprAwait, ExprTry, Lifetime, Pat, Stmt, token::Brace};

use super::{
    flow::Flow,
    names::{Names, bound},
    plan::{Kind, Plan},
    scope::{Scope, Way},
    slot::{uses, uses_of_case},
};
use crate::emit::glue;

/// Searches the branches of a statement whose head is evaluated.
pub(super) struct Branches<'f, 'a> {
    pub(super) flow: &'f Flow<'a>,
    pub(super) scope: &'f Scope,
    pub(super) missing: &'f Names,
    pub(super) miss: Way,
    /// Whether nothing follows, because each branch leaves.
    pub(super) ends: bool,
}

impl Branches<'_, '_> {
    fn head(&self, expr: &mut Expr) {
        *expr = self.flow.ask(
            expr,
            self.miss.clone(),
            false,
            true,
            true,
            self.scope,
            self.missing,
        );
    }

    fn condition(&self, cond: &mut Expr) {
        self.tie_condition(cond);
        self.head(cond);
    }

    fn tie_condition(&self, cond: &Expr) {
        match cond {
            Expr::Let(condition) => self.flow.tie_matched(&condition.expr),
            // Only `&&` stands between conditions that bind.
            Expr::Binary(both) => {
                self.tie_condition(&both.left);
                self.tie_condition(&both.right);
            }
            _ => {}
        }
    }

    /// The scope in a loop, which a `break` leaves.
    fn in_loop(&self, label: &Lifetime, on_continue: Way, body: &syn::Block) -> Scope {
        let skipped = self.flow.skipped(body, label);
        self.scope
            .with_loop(label.clone(), Way::breaks(label), on_continue, skipped)
    }

    fn block(
        &self,
        block: &mut syn::Block,
        shadowed: &Shadowed,
        scope: &Scope,
        last: Option<&Lifetime>,
        unchecked: &Names,
    ) {
        let Some(id) = Plan::block_of(block) else {
            return;
        };
        let steps = self.flow.plan.steps(id).iter().collect::<Vec<_>>();
        // What is left of a block is not the user's: no lint is to look at it.
        block.brace_token = Brace(glue(block.brace_token.span.join()));
        // Items are not written twice.
        if steps.iter().any(|step| step.kind == Kind::Item) {
            let mut tokens = shadowed.uses.clone();
            if let Some(exit) = self.flow.widest_of(steps, scope) {
                self.flow.go(&exit, &mut tokens);
            }
            if let Some(label) = last {
                tokens.extend(quote!(break #label;));
            }
            block.stmts = vec![Stmt::Expr(Expr::Verbatim(tokens), None)];
            return;
        }
        let mut missing = self.missing.clone();
        missing.extend(unchecked);
        missing.remove_all(&shadowed.names);
        let search = self.flow.search(&steps, &missing, &[], scope, 1);
        // A block that is always left ends so in the search, too: only then rustc
        // lets it move what is used behind it.
        let leaves = !self.ends && !search.is_only_an_exit() && !self.flow.falls_through(id);
        let search = search.statements(self.flow);
        let mut tokens = shadowed.uses.clone();
        tokens.extend([search]);
        if let Some(label) = last {
            tokens.extend(quote!(break #label;));
        } else if leaves {
            self.flow.leave().to_tokens(&mut tokens);
        }
        block.stmts = vec![Stmt::Expr(Expr::Verbatim(tokens), None)];
    }

    pub(super) fn visit(&mut self, expr: &mut Expr) {
        let none = Names::default();
        match expr {
            Expr::If(branch) => {
                self.condition(&mut branch.cond);
                let shadowed = conditions(&branch.cond);
                self.block(&mut branch.then_branch, &shadowed, self.scope, None, &none);
                if let Some((_, other)) = &mut branch.else_branch {
                    self.visit(other);
                }
            }
            Expr::Match(matched) => {
                self.flow.tie_matched(&matched.expr);
                let mut asker = self.flow.asker(
                    self.miss.clone(),
                    false,
                    true,
                    true,
                    self.scope,
                    self.missing,
                );
                asker.head_of_match(matched);
                for arm in &mut matched.arms {
                    if let Pat::Guard(guarded) = &mut arm.pat {
                        self.condition(&mut guarded.guard);
                    }
                    let mut shadowed = Shadowed::default();
                    shadowed.case(&arm.pat, &TokenStream::new());
                    if let Expr::Block(body) = &mut *arm.body {
                        self.block(&mut body.block, &shadowed, self.scope, None, &none);
                    } else {
                        let uses = shadowed.uses;
                        *arm.body = Expr::Verbatim(quote!({ #uses }));
                    }
                }
            }
            Expr::ForLoop(each) => {
                self.flow.tie_head(&each.expr);
                self.head(&mut each.expr);
                let label = self.flow.label_loop(&mut each.label);
                let next =
                    Plan::block_of(&each.body).is_some_and(|body| self.flow.searches_on(body));
                let mut shadowed = Shadowed::by(&each.pat);
                // If nothing in a search leaves by the user's label, rustc would
                // call it unused.
                let used = quote!(if false { break #label });
                shadowed.uses.extend(used);
                let go = if next {
                    Way::continues(&label)
                } else {
                    Way::breaks(&label)
                };
                let scope = self.in_loop(&label, go, &each.body);
                // An item before may have left them unchecked.
                let changes = Plan::block_of(&each.body).map(|body| self.flow.changes(body));
                let unchecked = changes.unwrap_or_default().only_unchecked();
                let last = (!next).then_some(&label);
                self.block(&mut each.body, &shadowed, &scope, last, &unchecked);
            }
            Expr::While(each) => {
                self.condition(&mut each.cond);
                let label = self.flow.label_loop(&mut each.label);
                let shadowed = conditions(&each.cond);
                let scope = self.in_loop(&label, Way::breaks(&label), &each.body);
                self.block(&mut each.body, &shadowed, &scope, Some(&label), &none);
            }
            Expr::Loop(each) => {
                let label = self.flow.label_loop(&mut each.label);
                let scope = self.in_loop(&label, Way::breaks(&label), &each.body);
                self.block(
                    &mut each.body,
                    &Shadowed::default(),
                    &scope,
                    Some(&label),
                    &none,
                );
            }
            Expr::Block(block) => {
                let scope = match &block.label {
                    Some(label) => {
                        let label = &label.name;
                        self.scope.with_block(label.clone(), Way::breaks(label))
                    }
                    None => self.scope.clone(),
                };
                self.block(&mut block.block, &Shadowed::default(), &scope, None, &none);
            }
            Expr::Paren(paren) => self.visit(&mut paren.expr),
            Expr::Try(ExprTry { expr: inner, .. }) | Expr::Await(ExprAwait { base: inner, .. }) => {
                let mut inner = (**inner).clone();
                self.visit(&mut inner);
                *expr = inner;
            }
            _ => *expr = Expr::Verbatim(quote!({})),
        }
    }
}

/// Names that are bound at the start of a block.
#[derive(Default)]
struct Shadowed {
    names: Names,
    uses: TokenStream,
}

impl Shadowed {
    fn by(pat: &Pat) -> Self {
        Self {
            names: bound(pat),
            uses: uses(pat),
        }
    }
}

/// The names that the conditions of an `if` or a `while` bind.
fn conditions(cond: &Expr) -> Shadowed {
    let mut shadowed = Shadowed::default();
    shadowed.conditions(cond, &TokenStream::new());
    shadowed
}

impl Shadowed {
    /// Adds the names that a pattern binds which may not match.
    fn case(&mut self, pat: &Pat, behind: &TokenStream) {
        self.names.extend(&bound(pat));
        self.uses.extend(uses_of_case(pat, behind));
    }

    /// Adds the names that conditions bind; `behind` are those behind them.
    fn conditions(&mut self, cond: &Expr, behind: &TokenStream) {
        match cond {
            Expr::Let(condition) => self.case(&condition.pat, behind),
            Expr::Binary(both) => {
                let right = &both.right;
                self.conditions(&both.left, &quote!(#right #behind));
                self.conditions(right, behind);
            }
            _ => {}
        }
    }
}
