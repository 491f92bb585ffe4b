//! What all that writes the flow of a body shares: the plan, the facts, and what
//! the steps and expressions mention.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    rc::Rc,
};

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{Attribute, Expr, ExprMethodCall, Lifetime, visit::Visit};

use super::{
    facts::Facts,
    look::Look,
    macros::takes_text,
    mentions::{mentions, reads},
    names::Names,
    plan::{Kind, Plan, Step},
    results::{may_ask, takes_apart},
    risks::risks,
    scope::{Target, label},
};
use crate::{classify, emit::Emitter, marker::Marker, receiver::Receiver};

/// The names for the types of the variables of a `let`, and the conditions under
/// which that is there.
pub(super) struct Ties {
    pub(super) of: *const Step,
    pub(super) names: Vec<Ident>,
    pub(super) under: Vec<Attribute>,
}

/// Writes the flow of one body.
pub(super) struct Flow<'a> {
    pub(super) plan: &'a Plan,
    pub(super) facts: &'a Facts,
    pub(super) emit: &'a Emitter,
    pub(super) receivers: &'a [Receiver],
    pub(super) mutable_readers: &'a [Receiver],
    /// The receiver that is put beside the prober once.
    pub(super) beside: Option<&'a Ident>,
    pub(super) krate: &'a syn::Path,

    /// Leaves the function. Written once, for most functions do so in many places.
    pub(super) leave: Rc<TokenStream>,

    /// Whether closures may hold on to the prober.
    pub(super) records_in_closures: bool,

    /// What searches mention of each statement.
    pub(super) needs: RefCell<HashMap<*const Step, Names>>,

    /// The names by which a search and what runs agree on the types of
    /// variables, by their `let`. In the order in which they were made, so that
    /// each expansion is the same: rustc compiles anew what changed.
    pub(super) ties: RefCell<Vec<Ties>>,

    /// The same for operands that are asked though nobody needs the answer.
    pub(super) operand_ties: RefCell<Vec<(String, Ident)>>,

    /// How many names were made.
    pub(super) made: Cell<usize>,
}

impl Flow<'_> {
    pub(super) fn number(&self) -> usize {
        self.made.set(self.made.get() + 1);
        self.made.get()
    }

    /// The ties of the variables of a `let`, if there are any.
    pub(super) fn ties_of(&self, step: &Step) -> Option<Vec<Ident>> {
        let ties = self.ties.borrow();
        let ties = ties.iter().find(|ties| std::ptr::eq(ties.of, step))?;
        Some(ties.names.clone())
    }

    /// Declares the ties. Where the code that tells a type is left out, so is its tie.
    pub(super) fn declared_ties(&self) -> TokenStream {
        let mut declared = TokenStream::new();
        for Ties { names, under, .. } in &*self.ties.borrow() {
            let ties = names.iter().map(|tie| quote!(#(#under)* let mut #tie;));
            declared.extend(ties);
        }
        for (key, tie) in &*self.operand_ties.borrow() {
            let under = self.plan.conditions(key);
            declared.extend(quote!(#(#under)* let mut #tie;));
        }
        declared
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
            || !may_ask(&mac.tokens)
                && !takes_apart(mac)
                && !mentions(&mac.tokens, &self.facts.locals).meets(&self.facts.recording)
    }

    pub(super) fn is_served(&self, call: &ExprMethodCall) -> bool {
        classify::is_read(call, self.receivers) && classify::is_served(call, self.mutable_readers)
    }

    /// Whether a block in an expression may record a fault and go on.
    pub(super) fn may_doom(&self, expr: &Expr) -> bool {
        Plan::blocks_in(expr)
            .iter()
            .any(|block| self.plan.may_end_doomed(*block))
    }

    /// Whether a run may miss in an expression: a question is asked, or a result
    /// is taken apart.
    pub(super) fn may_miss(&self, expr: &Expr) -> bool {
        let asks = |block| self.plan.steps(block).iter().any(|step| step.asks);
        let mut look = Look::new(self.facts, self.receivers, self.krate, true);
        look.visit_expr(expr);
        look.asks || Plan::blocks_in(expr).into_iter().any(asks)
    }

    /// Whether something that changes these variables may miss while one of them
    /// has no value. A doomed run must not seem to go on behind it.
    pub(super) fn unsets(&self, changes: &Names) -> bool {
        changes.meets(&self.facts.unset)
    }

    /// The same of what stands in the blocks of a statement.
    pub(super) fn unsets_within(&self, step: &Step) -> bool {
        let blocks = Plan::blocks_of(&step.stmt);
        blocks
            .into_iter()
            .any(|block| self.unsets(&self.changes(block)))
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
