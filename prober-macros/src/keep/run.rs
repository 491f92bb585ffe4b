//! What runs: the statements of a block, as they are until the first miss. Which
//! `let` is deferred is decided here (`may_wait`).

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Expr, Stmt, visit::Visit, visit_mut::VisitMut};

use super::{
    calls::is_variant,
    cells::holds_guard,
    conditional::{attributes, conditions},
    flow::Flow,
    inner::core,
    names::Names,
    parsed::questions,
    plan::{BlockId, Kind, Step},
    scope::{Scope, Way},
    search::may_ask_without,
    slot::{Slot, fits_a_slot},
    state::State,
};

impl Flow<'_> {
    /// Writes what runs: the statements of a block. Returns whether the run may
    /// be doomed at its end.
    pub(super) fn hot(&self, block: BlockId, state: State, scope: &Scope) -> (TokenStream, bool) {
        let steps = self.plan.steps(block);
        let mut hot = Hot {
            flow: self,
            steps,
            scope,
            out: TokenStream::new(),
            pending: Vec::new(),
            other_doom: state.doomed,
            lost: Names::default(),
            state,
        };
        for index in 0..steps.len() {
            hot.step(index);
        }
        let ends_with_value =
            matches!(steps.last(), Some(step) if matches!(step.stmt, Stmt::Expr(_, None)));
        if hot.state.value && !ends_with_value && self.falls_through(block) && hot.has_lost() {
            hot.flush(steps.len());
        }
        let doomed = hot.is_doomed();
        (hot.out, doomed)
    }
}

/// Writes the statements of one block that run.
struct Hot<'f, 'a> {
    flow: &'f Flow<'a>,
    steps: &'f [Step],
    scope: &'f Scope,
    out: TokenStream,
    pending: Vec<Slot<'f>>,
    /// Whether the run may be doomed by something other than a slot.
    other_doom: bool,
    /// What is lost in this block if it is.
    lost: Names,
    state: State,
}

impl Hot<'_, '_> {
    fn is_doomed(&self) -> bool {
        self.other_doom || !self.pending.is_empty()
    }

    /// Whether a run that is doomed here has lost something that code behind the
    /// block may mention.
    fn has_lost(&self) -> bool {
        let mut lost = self.lost.clone();
        for slot in &self.pending {
            slot.add_changed(&mut lost);
        }
        for step in self.steps {
            lost.remove_all(&step.binds);
        }
        !lost.is_empty()
    }

    fn step(&mut self, index: usize) {
        let step = &self.steps[index];
        match step.kind {
            Kind::Item => {
                // A macro knows the variables that are bound before it.
                if matches!(step.stmt, Stmt::Item(syn::Item::Macro(_))) && self.depends(step) {
                    self.flush(index);
                }
                step.stmt.to_tokens(&mut self.out);
            }
            Kind::Let | Kind::Ask if step.asks && self.may_wait(step) => {
                if self.depends(step) && !self.bind_needed(index) {
                    self.flush(index);
                }
                self.slot(index);
            }
            Kind::Let => {
                self.flush(index);
                self.bind_now(index);
            }
            Kind::Tail if self.state.value && !step.effect => {
                if self.has_lost() || step.mentions.meets(&self.state.taint) {
                    self.flush(index);
                }
                self.bind_pending(index);
                self.tail(index);
            }
            Kind::Tail => {
                // The operands of a constructor ask; a call acts.
                let asks = is_constructor(&step.stmt) && !step.effect;
                if !asks || self.depends(step) || !self.pending.is_empty() {
                    self.flush(index);
                }
                self.tail(index);
            }
            Kind::Ask | Kind::Act | Kind::Exit => {
                self.flush(index);
                self.act(index);
            }
            Kind::Compound => {
                self.flush(index);
                self.compound(index);
            }
        }
    }

    /// Whether a statement that binds is deferred: a doomed run may evaluate it,
    /// and its names are bound later.
    fn may_wait(&self, step: &Step) -> bool {
        (step.kind == Kind::Ask || fits_a_slot(&step.stmt))
            && !step.effect
            && !step.conditional
            && !self.flow.unsets_within(step)
    }

    /// Whether a statement needs what is not bound yet, or may be missing.
    fn depends(&self, step: &Step) -> bool {
        self.is_doomed()
            && (step.mentions.meets(&self.state.taint)
                || step.changes.meets(&self.state.taint)
                || self.pending.iter().any(|slot| {
                    slot.is_needed_by(&step.mentions)
                        || step.binds.meets(&slot.names)
                        || step.changes.meets(&slot.names)
                }))
    }

    /// Binds what a question needs, and no more: a run that is doomed by another
    /// value goes on, so that what follows is not written once more as a search.
    /// Not where something could be asked without what is bound.
    fn bind_needed(&mut self, index: usize) -> bool {
        let step = &self.steps[index];
        let clashes = |names: &Names| step.changes.meets(names) || step.binds.meets(names);
        if clashes(&self.state.taint)
            || step.mentions.meets(&self.state.taint)
            || self.pending.iter().any(|slot| clashes(&slot.names))
        {
            return false;
        }
        let rest = self.steps[index..].iter().collect::<Vec<_>>();
        let mut bound = TokenStream::new();
        for (place, slot) in self.pending.iter().enumerate() {
            if !slot.is_needed_by(&step.mentions) {
                continue;
            }
            let Some(bind) = &slot.bind else {
                return false;
            };
            let (before, others) = (&self.pending[..place], &self.pending[place + 1..]);
            let waits = |slot: &&Slot<'_>| !slot.is_needed_by(&step.mentions);
            // What is bound later is dropped sooner.
            if !slot.is_plain() && before.iter().any(|slot| waits(&slot) && !slot.is_plain()) {
                return false;
            }
            let missing = self.state.taint.clone().union(&slot.missing());
            if may_ask_without(&rest, &missing) {
                return false;
            }
            let others = before.iter().chain(others).cloned().collect::<Vec<_>>();
            let search = self.flow.search(&rest, &missing, &others, self.scope, 0);
            if !search.is_only_an_exit() {
                return false;
            }
            let otherwise = search.then(&self.state.exit);
            bound.extend([self.flow.emit.bind_slot(bind, &slot.name, otherwise)]);
        }
        self.out.extend([bound]);
        self.pending
            .retain(|slot| !slot.is_needed_by(&step.mentions));
        true
    }

    /// All names are bound from here on, even if the run is doomed: what follows
    /// is a value.
    fn bind_pending(&mut self, index: usize) {
        let step = &self.steps[index];
        let exit = self.state.exit.clone();
        let pending = std::mem::take(&mut self.pending);
        for slot in pending {
            match &slot.bind {
                Some(bind) if step.mentions.meets(&slot.names) => {
                    let otherwise = exit.to_token_stream();
                    self.out
                        .extend([self.flow.emit.bind_slot(bind, &slot.name, otherwise)]);
                    self.other_doom = true;
                }
                _ => self.pending.push(slot),
            }
        }
    }

    /// Writes a check: a doomed run asks what it still can of the statements that
    /// follow, and leaves. A run that passes it has all its values, so the slots
    /// that wait are bound behind it.
    fn flush(&mut self, index: usize) {
        if !self.is_doomed() {
            return;
        }
        if self.is_behind_end(index) {
            self.flush_behind_end(index);
            return;
        }
        let exit = self.state.exit.clone();
        let rest = self.steps[index..].iter().collect::<Vec<_>>();
        let pending = std::mem::take(&mut self.pending);
        if let ([slot], false) = (&pending[..], self.other_doom)
            && let Some(bind) = &slot.bind
        {
            let missing = self.state.taint.clone().union(&slot.missing());
            let search = self.flow.search(&rest, &missing, &[], self.scope, 0);
            let otherwise = search.then(&exit);
            self.out
                .extend([self.flow.emit.bind_slot(bind, &slot.name, otherwise)]);
        } else {
            let taint = self.state.taint.clone();
            let search = self.flow.search(&rest, &taint, &pending, self.scope, 0);
            self.flow.emit.if_doomed(search.then(&exit), &mut self.out);
            for slot in &pending {
                if let Some(bind) = &slot.bind {
                    self.flow.emit.bind_filled(bind, &slot.name, &mut self.out);
                }
            }
        }
        self.other_doom = false;
        self.state.taint = Names::default();
        self.lost = Names::default();
    }

    /// Whether a statement is the last one where those behind it are left out.
    fn is_end(&self, index: usize) -> bool {
        index + 1 == self.steps.len() || self.steps[index..].iter().all(|step| step.conditional)
    }

    fn is_behind_end(&self, index: usize) -> bool {
        0 < index && index < self.steps.len() && self.is_end(index - 1)
    }

    /// A check before what may be the last statement, as may that before it: it is
    /// left out with what it guards, or that before it would give no value.
    fn flush_behind_end(&mut self, index: usize) {
        let under = conditions(attributes(&self.steps[index].stmt));
        let mut check = TokenStream::new();
        let leave = self.state.exit.to_token_stream();
        self.flow.emit.if_doomed(leave, &mut check);
        self.out.extend(quote!(#(#under)* #check));
    }

    /// `let PAT = EXPR?`, whose value waits in a slot.
    fn slot(&mut self, index: usize) {
        let step = &self.steps[index];
        // Where the next statement needs it at once, no slot is needed. But a
        // search within this statement would run while a guard in it lives.
        if !self.is_doomed()
            && self.is_needed_next(index)
            && questions(|count| count.visit_stmt(&step.stmt)) == 1
            && !holds_guard(&step.stmt)
        {
            self.bind_now(index);
            return;
        }
        let taint = self.state.taint.clone();
        let doomed = self.is_doomed();
        let slot = self
            .flow
            .slot(step, doomed, self.scope, &taint, &mut self.out);
        if let Some(tie) = self.flow.tied_slot(step, &slot) {
            self.out.extend(tie);
        }
        self.pending.push(slot);
        self.other_doom |= step.takes;
    }

    /// Whether the statement behind this one needs its names.
    fn is_needed_next(&self, index: usize) -> bool {
        let step = &self.steps[index];
        match self.steps.get(index + 1) {
            None => false,
            Some(next) => {
                let waits = matches!(next.kind, Kind::Let | Kind::Ask)
                    && next.asks
                    && self.may_wait(next)
                    && !next.mentions.meets(&step.binds)
                    && !next.mentions.meets(&step.changes)
                    && !next.mentions.meets(&step.doubts)
                    && !next.changes.meets(&step.changes)
                    && !next.binds.meets(&step.binds);
                !waits
            }
        }
    }

    /// `let PAT = EXPR?`, bound where it stands.
    fn bind_now(&mut self, index: usize) {
        let step = &self.steps[index];
        let mut stmt = step.stmt.clone();
        let (Stmt::Local(_) | Stmt::Expr(..)) = &stmt else {
            return;
        };
        let rest = self.steps[index + 1..].iter().collect::<Vec<_>>();
        let mut missing = Names::default();
        step.add_lost(&mut missing);
        missing.extend_absent(&step.binds);
        let search = || self.flow.search(&rest, &missing, &[], self.scope, 0);
        // A variable that the value moves may have none in a search within it.
        let mut behind = None;
        let miss = if questions(|count| count.visit_stmt(&step.stmt)) == 1
            && step.exits.is_empty()
            && !holds_guard(&step.stmt)
        {
            search().and(&self.state.exit)
        } else if step.exits.is_empty() && self.flow.unsets_within(step) && fits_a_slot(&stmt) {
            let block = self.flow.target("miss");
            let miss = block.end();
            behind = Some((block, search().then(&self.state.exit)));
            miss
        } else {
            self.miss(&self.steps[index..])
        };
        match &mut stmt {
            Stmt::Local(local) => {
                if let Some(init) = &mut local.init {
                    let strict = step.effect;
                    let none = Names::default();
                    let mut asker =
                        self.flow
                            .asker(miss.clone(), strict, false, true, self.scope, &none);
                    asker.initializer(&mut init.expr, &local.pat);
                    if let Some((block, search)) = behind
                        && let Some(label) = block.label()
                    {
                        let (done, value) = (self.flow.label("done"), &init.expr);
                        let value = quote!(#done: { #label { break #done #value; } #search });
                        *init.expr = Expr::Verbatim(value);
                    }
                    if let Some((_, diverge)) = &mut init.diverge {
                        let ask = self.flow.ask(
                            diverge,
                            self.state.exit.clone(),
                            false,
                            step.takes,
                            false,
                            self.scope,
                            &Names::default(),
                        );
                        **diverge = ask;
                    }
                }
            }
            Stmt::Expr(expr, _) => {
                *expr = self.flow.ask(
                    expr,
                    miss,
                    true,
                    false,
                    false,
                    self.scope,
                    &Names::default(),
                );
            }
            _ => {}
        }
        stmt.to_tokens(&mut self.out);
        self.out.extend(self.flow.tied(step));
        self.other_doom |= step.takes;
    }

    /// Where a run goes that misses in the first of these statements, and does not
    /// look at the others.
    fn miss(&self, steps: &[Step]) -> Way {
        self.flow
            .widest_of(steps, self.scope)
            .unwrap_or_else(|| self.state.exit.clone())
    }

    /// A statement that acts.
    fn act(&mut self, index: usize) {
        let step = &self.steps[index];
        if !step.asks {
            let tokens = self.written(step, self.state.exit.clone(), self.state.exit.clone());
            self.out.extend([tokens]);
            return;
        }
        self.labelled(index, true);
    }

    /// `if`, `match`, loops and blocks.
    fn compound(&mut self, index: usize) {
        let step = &self.steps[index];
        if self.is_end(index) && !matches!(step.stmt, Stmt::Expr(_, Some(_))) {
            self.tail(index);
            return;
        }
        if !step.asks {
            let tokens = self.written(step, self.state.exit.clone(), self.state.exit.clone());
            self.out.extend([tokens]);
            return;
        }
        self.labelled(index, false);
    }

    /// A statement in a block with a label, behind which a doomed run goes on.
    fn labelled(&mut self, index: usize, act: bool) {
        let step = &self.steps[index];
        let leaves = self.flow.widest(&step.exits, self.scope);
        // Nothing is asked behind it: a doomed run can leave at once.
        let rest = self.steps[index + 1..].iter().collect::<Vec<_>>();
        let mut missing = Names::default();
        step.add_lost(&mut missing);
        let search = self.flow.search(&rest, &missing, &[], self.scope, 0);
        // Behind what does not end rustc would call a check unreachable.
        let diverges = self.flow.step_diverges(step);
        let unset = self.flow.unsets(&step.changes);
        if search.is_empty() && (act || !unset) {
            let miss = leaves.unwrap_or_else(|| self.state.exit.clone());
            let tokens = self.written(step, miss, self.state.exit.clone());
            self.out.extend([tokens]);
            if !diverges && (!act || step.takes) {
                self.doom(step);
            }
            return;
        }
        let block = self.flow.target("step");
        let go_on = block.end();
        let given_up = self.flow.gives_up(&step.stmt, Flow::runs_on);
        let exit = leaves.clone().filter(|_| given_up);
        let miss = leaves.unwrap_or_else(|| go_on.clone());
        let tokens = self.written(step, miss, exit.unwrap_or(go_on));
        let label = block.label();
        let diverges = diverges && label.is_none();
        self.out.extend([match label {
            Some(label) if unset => {
                let done = self.flow.label("done");
                let search = search.then(&self.state.exit);
                // Where the statement is left out nothing leads to the search, and
                // rustc must not see that.
                let end = if step.conditional {
                    quote!(if true { break #done })
                } else {
                    quote!(break #done)
                };
                quote! {
                    #done: { #label { #tokens #end } #search }
                }
            }
            Some(label) => quote!(#label { #tokens }),
            None => tokens,
        }]);
        if !diverges {
            // A loop in it may have gone on to the next item.
            self.doom(step);
        }
    }

    fn doom(&mut self, step: &Step) {
        self.other_doom = true;
        step.add_lost(&mut self.state.taint);
        step.add_lost(&mut self.lost);
    }

    /// A statement as it runs; `exit` is where its blocks go when doomed.
    fn written(&self, step: &Step, miss: Way, exit: Way) -> TokenStream {
        let Stmt::Expr(expr, semi) = &step.stmt else {
            return step.stmt.to_token_stream();
        };
        let strict = matches!(step.kind, Kind::Act | Kind::Exit | Kind::Ask) || step.effect;
        let mut expr = expr.clone();
        let none = Names::default();
        let mut asker = self
            .flow
            .asker(miss, strict, false, false, self.scope, &none);
        asker.blocks_exit(&mut expr, exit);
        quote!(#expr #semi)
    }

    /// The value of the block.
    fn tail(&mut self, index: usize) {
        let step = &self.steps[index];
        let miss = self.miss(&self.steps[index..]);
        let Stmt::Expr(expr, semi) = &step.stmt else {
            step.stmt.to_tokens(&mut self.out);
            return;
        };
        let strict = step.effect || !self.state.value && step.kind == Kind::Tail;
        let doomed = self.is_doomed();
        let State {
            taint, exit, value, ..
        } = &self.state;
        let mut expr = expr.clone();
        let mut asker = self
            .flow
            .asker(miss, strict, doomed, *value, self.scope, taint);
        if step.kind == Kind::Compound {
            asker.blocks_exit(&mut expr, exit.clone());
        } else {
            asker.visit_expr_mut(&mut expr);
        }
        expr.to_tokens(&mut self.out);
        semi.to_tokens(&mut self.out);
        if step.takes {
            self.doom(step);
        }
    }
}

/// Whether a value is made of its operands alone: `Ok(Row { .. })`.
fn is_constructor(stmt: &Stmt) -> bool {
    matches!(stmt, Stmt::Expr(expr, _)
        if matches!(core(expr), Expr::Call(call) if is_variant(&call.func)))
}
