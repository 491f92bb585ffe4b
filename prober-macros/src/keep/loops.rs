//! Loops: whether a doomed run goes on with the next item, and what it may skip
//! on the way.

use syn::{Expr, ExprForLoop, Label, Lifetime, Stmt, Token};

use super::{
    effects::acts_on_next,
    flow::Flow,
    inner::core,
    names::{Names, bound},
    plan::{BlockId, Exit, Kind, Plan, Step},
    scope::Skipped,
};

impl Flow<'_> {
    pub(super) fn label_loop(&self, label: &mut Option<Label>) -> Lifetime {
        label
            .get_or_insert_with(|| {
                let name = self.label("loop");
                Label {
                    colon_token: Token![:](name.span()),
                    name,
                }
            })
            .name
            .clone()
    }

    /// How far the exits in the body of a loop lead. A run that skips one of them
    /// does not reach the others.
    pub(super) fn skipped(&self, body: &syn::Block, own: &Lifetime) -> Skipped {
        let Some(body) = Plan::block_of(body) else {
            return Skipped::Nothing;
        };
        let is_own = |label: &Option<Lifetime>| label.as_ref().is_none_or(|label| label == own);
        let leaves_more = |exit: &Exit| match exit {
            Exit::Function => true,
            Exit::Break(label) | Exit::Continue(label) => !is_own(label),
        };
        let exits = self.plan.steps(body).iter().flat_map(|step| &step.exits);
        if exits.clone().any(leaves_more) {
            Skipped::LeavesMore
        } else if exits.clone().any(|exit| matches!(exit, Exit::Break(_))) {
            Skipped::Leaves
        } else {
            Skipped::Nothing
        }
    }

    /// Whether a doomed run goes on with the next item of a loop: nothing that
    /// it asks there mentions what a skipped statement could have changed.
    pub(super) fn goes_on(&self, body: BlockId) -> bool {
        let steps = self.plan.steps(body);
        let mut changed = Names::default();
        for step in steps {
            if skips(step) {
                changed.extend(&step.changes);
            }
        }
        let own = steps
            .iter()
            .fold(Names::default(), |names, step| names.union(&step.binds));
        changed.remove_all(&own);
        // The next item knows what this one left unchecked.
        let mut changed = changed.without_unchecked();
        for step in steps {
            let mentioned = if step.kind == Kind::Act {
                self.of_asks(step, Self::reads)
            } else {
                step.reads.clone()
            };
            if mentioned.meets(&changed) {
                if step.asks {
                    return false;
                }
                changed.extend(&step.binds);
            }
        }
        true
    }

    /// The same where the loop runs: not with a variable that may have been moved.
    pub(super) fn runs_on(&self, body: BlockId) -> bool {
        self.goes_on(body) && self.plan.renews(body).is_empty()
    }

    /// The same in a search, which evaluates only a part of the body.
    pub(super) fn searches_on(&self, body: BlockId) -> bool {
        let steps = self.plan.steps(body).iter().collect::<Vec<_>>();
        let moves = |step: &&Step| self.needs(step).meets(self.plan.renews(body));
        self.goes_on(body) && !self.relevant(&steps).iter().any(moves)
    }

    /// Whether something acts where a loop takes one more item.
    pub(crate) fn acts_on_next(&self, each: &ExprForLoop) -> bool {
        let changes_items = Plan::block_of(&each.body)
            .is_some_and(|body| self.changes(body).meets(&bound(&each.pat)));
        acts_on_next(&each.expr, changes_items, self.facts)
    }

    /// Whether a loop is given up after the current item, so that later items are
    /// skipped. `next` says of the body of a `for` whether it is not.
    pub(super) fn gives_up(&self, stmt: &Stmt, next: fn(&Self, BlockId) -> bool) -> bool {
        let Stmt::Expr(expr, _) = stmt else {
            return false;
        };
        match core(expr) {
            Expr::While(_) | Expr::Loop(_) => true,
            Expr::ForLoop(each) => {
                self.acts_on_next(each)
                    || !Plan::block_of(&each.body).is_some_and(|body| next(self, body))
            }
            _ => false,
        }
    }

    /// What the statements of a block could have changed for what follows it.
    pub(super) fn changes(&self, body: BlockId) -> Names {
        let steps = self.plan.steps(body);
        let (mut changed, mut own) = (Names::default(), Names::default());
        for step in steps {
            changed.extend(&step.changes);
            own.extend(&step.binds);
        }
        // Each item has its own.
        changed.remove_all(&own);
        changed
    }
}

/// Whether a doomed run skips a statement.
fn skips(step: &Step) -> bool {
    matches!(step.kind, Kind::Act | Kind::Tail | Kind::Compound) || step.effect || step.conditional
}
