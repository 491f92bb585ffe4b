//! What a doomed run still asks in the statements that follow.

use std::rc::Rc;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{Expr, Stmt, Token};

use super::{
    branches::Branches,
    changes::changed_by,
    closures::Holds,
    flow::Flow,
    names::Names,
    plan::{Kind, Step},
    questions::{asks, asks_of_step, asks_within},
    results::waits,
    scope::{Scope, Target, Way},
    slot::{Slot, fits_a_slot, hides_names, uses},
    sought::Asked,
};
use crate::emit::braces;

/// How deep searches may be nested: each is made for one more missing value.
const DEPTH: usize = 4;

impl Flow<'_> {
    /// Writes what a doomed run still asks in statements that follow. What is
    /// missing is known here; what waits in slots may be.
    pub(super) fn search<'p>(
        &self,
        steps: &[&'p Step],
        missing: &Names,
        slots: &[Slot<'p>],
        scope: &Scope,
        depth: usize,
    ) -> Searched {
        let steps = self.relevant(steps);
        let mut searched = Searched::default();
        let groups = self.groups(&steps, slots);
        for group in groups {
            let block = self.target("part");
            let mut search = Search {
                flow: self,
                block: &block,
                missing: missing.clone(),
                slots: slots.iter().collect(),
                own: Vec::new(),
                scope,
                depth,
                asked: Asked::default(),
                exit: None,
            };
            search.steps(&group);
            let Search {
                mut asked, exit, ..
            } = search;
            let label = block.label();
            // What leaves the block by its label goes on behind the exit.
            let (inside, behind) = if label.is_some() {
                (exit, None)
            } else {
                (None, exit)
            };
            if let Some(exit) = inside {
                self.go(&exit, asked.out(self));
            }
            let part = asked.written(self);
            if !part.is_empty() {
                if label.is_some() {
                    label.to_tokens(&mut searched.tokens);
                    braces(part).to_tokens(&mut searched.tokens);
                } else {
                    searched.tokens.extend([part]);
                }
            }
            // Nothing is searched behind it: its group is the last one.
            searched.exit = behind;
        }
        searched
    }

    /// The statements that ask, and those that feed them: they bind a variable
    /// that a kept statement needs, or could change it.
    pub(super) fn relevant<'s>(&self, steps: &[&'s Step]) -> Vec<&'s Step> {
        // A macro is known only behind its definition.
        let end = steps
            .iter()
            .position(|step| matches!(step.stmt, Stmt::Item(syn::Item::Macro(_))));
        let steps = &steps[..end.unwrap_or(steps.len())];
        let Some(last) = steps
            .iter()
            .rposition(|step| step.asks || !step.exits.is_empty())
        else {
            return Vec::new();
        };
        let mut needed = Names::default();
        let mut kept = Vec::new();
        for step in steps[..=last].iter().rev() {
            if step.asks
                || !step.exits.is_empty()
                || step.binds.meets(&needed)
                || step.changes.meets(&needed)
            {
                needed.extend(&self.needs(step));
                kept.push(*step);
            }
        }
        kept.reverse();
        kept
    }
}

/// A search, as it is written.
#[derive(Default)]
pub(super) struct Searched {
    tokens: TokenStream,
    /// The exit that a doomed run has reached at its end.
    exit: Option<Way>,
}

impl Searched {
    /// Whether nothing is asked, and nothing is left.
    pub(super) fn is_empty(&self) -> bool {
        self.tokens.is_empty() && self.exit.is_none()
    }

    /// Whether nothing is evaluated.
    pub(super) fn is_only_an_exit(&self) -> bool {
        self.tokens.is_empty()
    }

    /// The search, and where the run goes from it: an expression that diverges.
    pub(super) fn and(self, way: &Way) -> Way {
        let way = self.exit.as_ref().unwrap_or(way);
        if self.tokens.is_empty() {
            return way.clone();
        }
        let tokens = self.tokens;
        Way::To(quote!({ #tokens #way }))
    }

    /// Its statements, and where the run goes from it.
    pub(super) fn then(self, way: &Way) -> TokenStream {
        let Self { mut tokens, exit } = self;
        exit.as_ref().unwrap_or(way).to_tokens(&mut tokens);
        tokens
    }

    /// Its statements; code may follow.
    pub(super) fn statements(self, flow: &Flow<'_>) -> TokenStream {
        let Self { mut tokens, exit } = self;
        if let Some(exit) = exit {
            flow.go(&exit, &mut tokens);
        }
        tokens
    }
}

/// Writes the search of one group of statements.
struct Search<'f, 'a, 'p> {
    flow: &'f Flow<'a>,
    /// The block that it stands in.
    block: &'f Rc<Target>,
    missing: Names,
    /// Slots from before.
    slots: Vec<&'f Slot<'p>>,
    /// Slots of this search.
    own: Vec<Slot<'p>>,
    scope: &'f Scope,
    depth: usize,
    asked: Asked,
    /// The exit that was reached.
    exit: Option<Way>,
}

/// A question in the operands of a statement.
struct Question {
    expr: Expr,
    mentions: Names,
    reads: Names,
    /// Whether it needs what is missing in any case.
    is_missing: bool,
}

impl Question {
    fn is_missing_in(&self, gone: &Names) -> bool {
        self.reads.meets(gone) || gone.lacks(&self.mentions)
    }
}

impl<'p> Search<'_, '_, 'p> {
    fn out(&mut self) -> &mut TokenStream {
        self.asked.out(self.flow)
    }

    fn steps(&mut self, steps: &[&'p Step]) {
        for (index, step) in steps.iter().enumerate() {
            if !self.step(step, &steps[index..]) {
                return;
            }
        }
    }

    /// Searches one statement. Returns whether the search goes on.
    fn step(&mut self, step: &'p Step, rest: &[&'p Step]) -> bool {
        let is_missing = if step.kind == Kind::Compound {
            step.head.meets(&self.missing)
        } else {
            step.reads.meets(&self.missing) || self.missing.lacks(&step.mentions)
        };
        if matches!(step.kind, Kind::Act | Kind::Tail | Kind::Exit) {
            return self.act(step, rest);
        }
        if step.conditional || is_missing || step.effect {
            return self.skip(step, rest);
        }
        let needs = self.flow.needs(step);
        match step.kind {
            Kind::Let | Kind::Ask => self.bind(&needs, &step.reads, rest),
            _ => self.bind(&needs, &needs, rest),
        }
        match step.kind {
            Kind::Let if is_only_run(step) => self.skip(step, rest),
            Kind::Let => self.local(step, rest),
            Kind::Ask => {
                let out = self.asked.out(self.flow);
                let slot = self.flow.slot(step, true, self.scope, &self.missing, out);
                self.own.push(slot);
                true
            }
            Kind::Compound => self.compound(step),
            Kind::Item | Kind::Act | Kind::Tail | Kind::Exit => true,
        }
    }

    /// Binds the slots whose names are read, or are mentioned and would not
    /// exist. Where one is empty, the rest is searched without it.
    fn bind(&mut self, mentioned: &Names, read: &Names, rest: &[&'p Step]) {
        let needed = |slot: &Slot<'_>| {
            slot.names.meets(read) || slot.doubts().meets(read) || slot.binds.meets(mentioned)
        };
        loop {
            let own = self.own.iter().position(&needed);
            let before = self.slots.iter().position(|slot| needed(slot));
            let slot = match (before, own) {
                (Some(index), _) => self.slots.remove(index).clone(),
                (None, Some(index)) => self.own.remove(index),
                (None, None) => return,
            };
            let missing = self.missing.clone().union(&slot.missing());
            let otherwise = if self.depth < DEPTH {
                let slots = self.slots.iter().copied().chain(&self.own);
                let slots = slots.cloned().collect::<Vec<_>>();
                self.flow
                    .search(rest, &missing, &slots, self.scope, self.depth + 1)
            } else {
                Searched::default()
            };
            let otherwise = otherwise.then(&self.block.end());
            let Slot { name, bind, .. } = &slot;
            let tokens = if let Some(bind) = bind {
                self.flow.emit.bind_slot(bind, name, otherwise)
            } else {
                let none = self.flow.emit.none();
                quote!(if let #none = #name { #otherwise })
            };
            self.out().extend([tokens, slot.uses()]);
        }
    }

    /// Skips a statement. Its operands that need nothing missing are still asked.
    /// What it binds, changes or leaves in doubt is missing from here on. Returns
    /// whether the search goes on.
    fn skip(&mut self, step: &'p Step, rest: &[&'p Step]) -> bool {
        if step.asks && !step.conditional {
            match &step.stmt {
                Stmt::Local(local) => {
                    if let Some(init) = &local.init {
                        let asks = asks(&init.expr, self.flow);
                        self.ask(&asks, rest);
                    }
                }
                Stmt::Expr(expr, _) => {
                    let asks = asks(expr, self.flow);
                    self.ask(&asks, rest);
                }
                _ => {}
            }
        }
        self.missing.extend_absent(&step.binds);
        step.add_lost(&mut self.missing);
        self.leave(step)
    }

    /// A statement that acts, a tail, or an exit that is reached.
    fn act(&mut self, step: &'p Step, rest: &[&'p Step]) -> bool {
        if step.asks && !step.conditional {
            let asks = asks_of_step(step, self.flow);
            self.ask(&asks, rest);
        }
        step.add_lost(&mut self.missing);
        self.leave(step)
    }

    fn ask(&mut self, asks: &[Expr], rest: &[&'p Step]) {
        let mut questions = Vec::new();
        for ask in asks {
            self.questions(ask, &mut questions);
        }
        let (mut needed, mut read) = (Names::default(), Names::default());
        for question in questions.iter().filter(|question| !question.is_missing) {
            needed.extend(&question.mentions);
            read.extend(&question.reads);
        }
        self.bind(&needed, &read, rest);
        let mut gone = self.missing.clone();
        for slot in self.slots.iter().copied().chain(&self.own) {
            gone.extend(&slot.missing());
        }
        for question in &questions {
            if !question.is_missing_in(&gone) {
                let sibling = self.flow.sibling(&question.expr, self.scope, &self.missing);
                self.asked.add(sibling, self.flow);
            }
            gone.extend(&changed_by(&question.expr, self.flow));
        }
    }

    /// A question; before it those in its operands, if it cannot be asked.
    fn questions(&self, expr: &Expr, found: &mut Vec<Question>) {
        let mut question = Question {
            expr: expr.clone(),
            mentions: self.flow.mentions(expr),
            reads: self.flow.reads(expr),
            is_missing: false,
        };
        if question.is_missing_in(&self.missing) {
            question.is_missing = true;
            for within in asks_within(expr, self.flow) {
                self.questions(&within, found);
            }
        }
        found.push(question);
    }

    /// If a skipped statement could have left a block, a loop or the function, the
    /// search of that ends here. Returns whether the search goes on.
    fn leave(&mut self, step: &Step) -> bool {
        match self.flow.widest(&step.exits, self.scope) {
            Some(exit) => {
                self.exit = Some(exit);
                false
            }
            None => true,
        }
    }

    fn local(&mut self, step: &'p Step, rest: &[&'p Step]) -> bool {
        let Stmt::Local(local) = &step.stmt else {
            return true;
        };
        let used = rest
            .iter()
            .skip(1)
            .any(|other| other.mentions.meets(&step.binds) || other.mentions.meets(&step.changes));
        let waits_here = fits_a_slot(&step.stmt) && !self.flow.unsets_within(step);
        let alone = (!used && step.type_is_known && step.exits.is_empty())
            .then(|| local.init.as_ref().and_then(|init| waits(&init.expr)))
            .flatten();
        if let Some(question) = alone {
            let sought = self.flow.seek(question, false, self.scope, &self.missing);
            self.asked.add(sought, self.flow);
        } else if step.asks && waits_here {
            let out = self.asked.out(self.flow);
            let slot = self.flow.slot(step, true, self.scope, &self.missing, out);
            out.extend([self.flow.tie(step, Some(&slot))]);
            if used {
                self.own.push(slot);
            }
        } else {
            // Bound where it stands; without its value the group ends.
            let mut local = local.clone();
            if let Some(init) = &mut local.init {
                let leave = self.flow.widest_of(rest.iter().copied(), self.scope);
                let leave = leave.unwrap_or_else(|| self.block.end());
                let mut asker =
                    self.flow
                        .asker(leave.clone(), false, true, true, self.scope, &self.missing);
                asker.initializer(&mut init.expr, &local.pat);
                if let Some((_, diverge)) = &mut init.diverge {
                    let blocks = self.flow.ask(
                        diverge,
                        leave,
                        false,
                        true,
                        false,
                        self.scope,
                        &self.missing,
                    );
                    **diverge = blocks;
                }
            }
            local.to_tokens(self.out());
            let tie = self.flow.tie(step, None);
            self.out().extend([uses(&local.pat), tie]);
        }
        self.missing.remove_all(&step.binds);
        true
    }

    /// Asks the head, and searches the branches.
    fn compound(&mut self, step: &Step) -> bool {
        let Stmt::Expr(written, _) = &step.stmt else {
            return true;
        };
        let block = self.flow.target("head");
        let mut expr = written.clone();
        let leave = self.flow.widest(&step.exits, self.scope);
        let miss = leave.unwrap_or_else(|| block.end());
        let diverges = self.flow.diverges(written);
        let mut branches = Branches {
            flow: self.flow,
            scope: self.scope,
            missing: &self.missing,
            miss: miss.clone(),
            ends: diverges,
        };
        branches.visit(&mut expr);
        if let Some(label) = block.label() {
            self.out().extend([quote!(#label { #expr; })]);
        } else {
            let out = self.out();
            expr.to_tokens(out);
            Token![;](Span::call_site()).to_tokens(out);
        }
        step.add_lost(&mut self.missing);
        // Else rustc would not let it move what is used behind it.
        let ends = diverges || self.flow.gives_up(&step.stmt, Flow::searches_on);
        !ends || self.leave(step)
    }
}

/// Whether a search may ask anything: found sooner than by writing it.
pub(super) fn may_ask_without(steps: &[&Step], missing: &Names) -> bool {
    let mut missing = missing.clone();
    for step in steps {
        let is_missing = step.mentions.meets(&missing);
        if step.asks && !is_missing {
            return true;
        }
        if is_missing {
            if !step.exits.is_empty() {
                return false;
            }
            missing.extend(&step.binds);
            step.add_lost(&mut missing);
        }
    }
    false
}

/// Whether a `let` is not written in a search: its type would be another there
/// than where it runs, it has no value yet, or what it binds is not seen.
fn is_only_run(step: &Step) -> bool {
    step.closures == Some(Holds::Unknown)
        || matches!(&step.stmt, Stmt::Local(local)
            if local.init.is_none() || hides_names(&local.pat))
}
