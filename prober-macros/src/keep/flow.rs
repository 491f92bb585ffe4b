//! What the parts of the flow share: the plan, the names, and where exits lead.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    rc::Rc,
};

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{Expr, ExprMethodCall, Label, Lifetime, Stmt, Token, visit::Visit};

use super::{
    facts::Facts,
    inner::core,
    mentions::{mentions, reads},
    names::Names,
    plan::{BlockId, Exit, Kind, Plan, Step},
    risks::risks,
    scope::{Scope, Skipped, Target, Way, label},
    words::{holds_exit, may_ask, may_leave, takes_apart, takes_text},
};
use crate::{classify, emit::Names as Emit, marker::Marker, receiver::Receiver, vocabulary};

/// Writes the flow of one body.
pub(super) struct Flow<'a> {
    pub(super) plan: &'a Plan,
    pub(super) facts: &'a Facts,
    pub(super) emit: &'a Emit,
    pub(super) receivers: &'a [Receiver],
    pub(super) mutable_readers: &'a [Receiver],
    /// The receiver that is put beside the prober once.
    pub(super) beside: Option<&'a Ident>,
    pub(super) krate: &'a syn::Path,

    /// Whether closures may hold on to the prober.
    pub(super) records_in_closures: bool,

    /// What searches mention of each statement.
    pub(super) needs: RefCell<HashMap<*const Step, Names>>,

    /// The names by which a search and what runs agree on the type of a
    /// variable, by its `let`. In the order in which they were made, so that each
    /// expansion is the same: rustc compiles anew what changed.
    pub(super) ties: RefCell<Vec<(*const Step, Ident)>>,

    /// How many names were made.
    pub(super) made: Cell<usize>,
}

impl Flow<'_> {
    pub(super) fn doomed(&self) -> TokenStream {
        self.emit.doomed()
    }

    /// Leaves the function.
    pub(super) fn leave(&self) -> Way {
        Way::Leave(self.emit.leave_doomed())
    }

    /// Goes to an exit, but so that rustc does not know that it always does:
    /// otherwise it would call what follows unreachable.
    pub(super) fn go(&self, exit: &Way) -> TokenStream {
        let doomed = self.doomed();
        quote!(if #doomed { #exit })
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
        if exits.is_empty() {
            return None;
        }
        if let [exit] = exits {
            return Some(self.on_skipped(exit, scope));
        }
        if exits.contains(&Exit::Function) || exits.iter().any(has_label) {
            return Some(self.leave());
        }
        // A `break` and a `continue` of the same loop.
        Some(self.on_skipped(&Exit::Break(None), scope))
    }

    /// Where a run goes that skips an exit.
    fn on_skipped(&self, exit: &Exit, scope: &Scope) -> Way {
        let (label, is_break) = match exit {
            Exit::Function => return self.leave(),
            Exit::Break(label) => (label, true),
            Exit::Continue(label) => (label, false),
        };
        let Some(around) = scope.find(label.as_ref()) else {
            return self.leave();
        };
        match around.skipped {
            Skipped::LeavesMore => self.leave(),
            Skipped::Leaves if !is_break => around.on_break.clone(),
            _ => self.resolve(exit, scope),
        }
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

    pub(super) fn number(&self) -> usize {
        self.made.set(self.made.get() + 1);
        self.made.get()
    }

    /// The tie of a variable, if there is one.
    pub(super) fn tie_of(&self, step: &Step) -> Option<Ident> {
        let ties = self.ties.borrow();
        let (_, tie) = ties.iter().find(|(of, _)| std::ptr::eq(*of, step))?;
        Some(tie.clone())
    }

    pub(super) fn label(&self, what: &str) -> Lifetime {
        label(what, self.number())
    }

    /// A block that may be left.
    pub(super) fn target(&self, what: &'static str) -> Rc<Target> {
        Target::new(what, self.number())
    }

    /// Whether a macro is left as it is written: it is a marker, or takes text,
    /// or nothing in it asks.
    pub(super) fn leaves_alone(&self, mac: &syn::Macro) -> bool {
        Marker::of(&mac.path, self.krate).is_some()
            || takes_text(mac)
            || !may_ask(&mac.tokens) && !takes_apart(mac)
    }

    pub(super) fn is_served(&self, call: &ExprMethodCall) -> bool {
        classify::is_read(call, self.receivers) && classify::is_served(call, self.mutable_readers)
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
                let steps = Plan::block_of(block).map(|block| self.0.plan.steps(block));
                self.1 |=
                    steps.is_some_and(|steps| steps.iter().any(|step| !step.exits.is_empty()));
            }
            fn visit_expr_closure(&mut self, _: &'ast syn::ExprClosure) {}
            fn visit_expr_async(&mut self, _: &'ast syn::ExprAsync) {}
            fn visit_item(&mut self, _: &'ast syn::Item) {}
        }
        let mut find = Find(self, false);
        find.visit_expr(expr);
        find.1
    }

    /// Whether a block in an expression may record a fault and go on.
    pub(super) fn may_doom(&self, expr: &Expr) -> bool {
        Plan::blocks_in(expr)
            .iter()
            .any(|block| self.plan.steps(*block).iter().any(|step| step.asks))
    }

    /// Whether control reaches the end of a block, as far as can be seen.
    pub(super) fn falls_through(&self, block: BlockId) -> bool {
        !self
            .plan
            .steps(block)
            .last()
            .is_some_and(|step| match &step.stmt {
                Stmt::Expr(expr, _) => self.diverges(expr),
                _ => false,
            })
    }

    fn diverges(&self, expr: &Expr) -> bool {
        let ends = |block: &syn::Block| {
            Plan::block_of(block).is_some_and(|block| !self.falls_through(block))
        };
        match core(expr) {
            Expr::Return(_) | Expr::Break(_) | Expr::Continue(_) => true,
            Expr::Macro(call) => matches!(
                vocabulary::name(&call.mac).as_str(),
                "panic" | "todo" | "unimplemented" | "unreachable" | "bail"
            ),
            Expr::Block(block) => ends(&block.block),
            Expr::If(branch) => {
                ends(&branch.then_branch)
                    && branch
                        .else_branch
                        .as_ref()
                        .is_some_and(|(_, other)| self.diverges(other))
            }
            Expr::Match(matched) => matched.arms.iter().all(|arm| self.diverges(&arm.body)),
            Expr::Loop(each) => !Plan::block_of(&each.body).is_some_and(|body| {
                self.plan
                    .steps(body)
                    .iter()
                    .any(|step| step.exits.iter().any(|exit| matches!(exit, Exit::Break(_))))
            }),
            _ => false,
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
        let changed = changed.without_unchecked();
        !steps.iter().any(|step| {
            let mentioned = if step.kind == Kind::Act {
                self.of_asks(step, Self::reads)
            } else {
                step.reads.clone()
            };
            step.asks && mentioned.meets(&changed)
        })
    }

    /// Whether a doomed run abandons a loop after the current item, so that
    /// later items are skipped.
    pub(super) fn gives_up(&self, stmt: &Stmt) -> bool {
        let Stmt::Expr(expr, _) = stmt else {
            return false;
        };
        match core(expr) {
            Expr::While(_) | Expr::Loop(_) => true,
            Expr::ForLoop(each) => {
                !Plan::block_of(&each.body).is_some_and(|body| self.goes_on(body))
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

    /// What a search mentions of a statement.
    pub(super) fn needs(&self, step: &Step) -> Names {
        let key = std::ptr::from_ref(step);
        if let Some(names) = self.needs.borrow().get(&key) {
            return names.clone();
        }
        let names = match step.kind {
            Kind::Item => Names::default(),
            Kind::Let | Kind::Ask => step.mentions.clone(),
            Kind::Act | Kind::Tail | Kind::Exit => self.of_asks(step, Self::mentions),
            Kind::Compound => {
                let mut names = step.head.clone();
                for block in Plan::blocks_of(&step.stmt) {
                    for inner in self.plan.steps(block) {
                        names.extend(&self.needs(inner));
                    }
                }
                names
            }
        };
        self.needs.borrow_mut().insert(key, names.clone());
        names
    }

    /// What an expression mentions, also in its blocks.
    pub(super) fn mentions(&self, expr: &Expr) -> Names {
        self.with_blocks(mentions(expr, &self.facts.locals), expr)
    }

    /// What an expression mentions, without what its calls only write to.
    pub(super) fn reads(&self, expr: &Expr) -> Names {
        self.with_blocks(reads(expr, self.facts, self.receivers), expr)
    }

    /// Names of an expression, with what does harm in it and with those of its
    /// blocks.
    fn with_blocks(&self, mut names: Names, expr: &Expr) -> Names {
        names.extend(&risks(expr, &self.facts.locals));
        for block in Plan::blocks_in(expr) {
            for step in self.plan.steps(block) {
                names.extend(&step.mentions);
            }
        }
        names
    }
}

fn has_label(exit: &Exit) -> bool {
    match exit {
        Exit::Break(label) | Exit::Continue(label) => label.is_some(),
        Exit::Function => false,
    }
}

/// Whether a doomed run skips a statement.
fn skips(step: &Step) -> bool {
    matches!(step.kind, Kind::Act | Kind::Tail | Kind::Compound) || step.effect || step.conditional
}
