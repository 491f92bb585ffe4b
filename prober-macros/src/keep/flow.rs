//! The flow of a body: what runs until the first miss, and from then on only
//! asks.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    rc::Rc,
};

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{
    Expr, ExprMethodCall, Label, Lifetime, Local, Pat, Stmt, Token,
    visit_mut::{self, VisitMut},
};

use super::{
    ask::{Asker, asks, asks_of_act, is_read_on, start},
    facts::{Facts, bound},
    mentions::{Names, mentions},
    plan::{BlockId, Exit, Kind, Plan, Step, core, keeps_all},
    vocabulary::{Holds, handed_suppressed, has_question},
};
use crate::{
    names::{Names as Emit, hidden},
    receiver::{self, Receiver},
    spans::{Place, glue},
};

/// How deep searches may stand in one another: each is made for one more
/// missing value.
const DEPTH: usize = 4;

/// Writes the flow of one body.
pub(super) struct Flow<'a> {
    pub(super) plan: &'a Plan,
    pub(super) facts: &'a Facts,
    pub(super) emit: &'a Emit,
    pub(super) receivers: &'a [Receiver],
    pub(super) unserved: &'a [Receiver],
    pub(super) krate: &'a syn::Path,

    /// Whether closures may hold on to the prober.
    pub(super) records_in_closures: bool,

    /// What searches mention of each statement.
    pub(super) needs: RefCell<HashMap<*const Step, Names>>,

    /// The names by which a search and what runs agree on the type of a
    /// variable, by its `let`.
    pub(super) ties: RefCell<HashMap<*const Step, Ident>>,

    /// How many names were made.
    pub(super) made: Cell<usize>,
}

/// The name that a `let` gives to a value of a type which is not written.
fn inferred(step: &Step) -> Option<&Ident> {
    let Stmt::Local(Local {
        pat: Pat::Ident(pat),
        init: Some(init),
        ..
    }) = &step.stmt
    else {
        return None;
    };
    let plain = matches!(
        &*init.expr,
        Expr::Lit(_) | Expr::Field(_) | Expr::Struct(_) | Expr::Closure(_) | Expr::Reference(_)
    );
    let one = pat.by_ref.is_none() && pat.subpat.is_none() && is_variable(&pat.ident);
    (one && !plain && step.closures != Some(Holds::Type)).then_some(&pat.ident)
}

/// What a block begins with.
pub(super) struct State {
    /// Whether the run may be doomed.
    pub(super) doomed: bool,

    /// What is missing if it is.
    pub(super) taint: Names,

    /// Where a doomed run goes from the block: a diverging expression.
    pub(super) exit: TokenStream,

    /// Whether the block gives a value that a `let` binds.
    pub(super) value: bool,
}

/// The loops and labelled blocks around, for exits that a search reaches.
#[derive(Clone, Default)]
pub(super) struct Scope(Option<Rc<Around>>);

struct Around {
    label: Option<Lifetime>,
    is_loop: bool,
    on_break: TokenStream,
    on_continue: TokenStream,
    outer: Scope,
}

impl Scope {
    pub(super) fn with(
        &self,
        label: Lifetime,
        on_break: TokenStream,
        on_continue: TokenStream,
    ) -> Self {
        Self(Some(Rc::new(Around {
            label: Some(label),
            is_loop: true,
            on_break,
            on_continue,
            outer: self.clone(),
        })))
    }

    pub(super) fn with_block(&self, label: Lifetime, on_break: TokenStream) -> Self {
        Self(Some(Rc::new(Around {
            label: Some(label),
            is_loop: false,
            on_break,
            on_continue: TokenStream::new(),
            outer: self.clone(),
        })))
    }

    /// The label of the innermost loop.
    pub(super) fn innermost(&self) -> Option<Lifetime> {
        self.find(None)?.label.clone()
    }

    /// The label of the innermost loop or block.
    fn label(&self) -> Option<&Lifetime> {
        self.0.as_deref()?.label.as_ref()
    }

    fn find(&self, label: Option<&Lifetime>) -> Option<&Around> {
        let around = self.0.as_deref()?;
        let found = match label {
            None => around.is_loop,
            Some(label) => around.label.as_ref() == Some(label),
        };
        if found {
            Some(around)
        } else {
            around.outer.find(label)
        }
    }
}

/// A value that is kept until it is mentioned.
struct Slot {
    name: Ident,
    /// Uses what it binds: in a search nothing else may.
    uses: TokenStream,
    /// What becomes missing with it.
    names: Names,
    /// `let PAT: T`, where it is bound to something.
    bind: Option<TokenStream>,
}

impl Flow<'_> {
    /// Writes what runs: the statements of a block. Says whether the run may
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
            state,
        };
        for index in 0..steps.len() {
            hot.step(index);
        }
        let doomed = hot.is_doomed();
        (hot.out, doomed)
    }

    fn asker<'f>(
        &'f self,
        miss: TokenStream,
        strict: bool,
        doomed: bool,
        value: bool,
        scope: &'f Scope,
        taint: &'f Names,
    ) -> Asker<'f, 'f> {
        Asker {
            flow: self,
            miss,
            strict,
            doomed,
            value,
            scope,
            taint,
            later: Vec::new(),
        }
    }

    /// A rewritten expression of a run.
    #[expect(
        clippy::too_many_arguments,
        reason = "each says one thing of the place"
    )]
    fn ask(
        &self,
        expr: &Expr,
        miss: TokenStream,
        strict: bool,
        doomed: bool,
        value: bool,
        scope: &Scope,
        taint: &Names,
    ) -> Expr {
        let mut expr = expr.clone();
        let mut asker = self.asker(miss, strict, doomed, value, scope, taint);
        asker.visit_expr_mut(&mut expr);
        expr
    }

    /// A question whose answer nobody needs.
    pub(super) fn sibling(&self, expr: &Expr, scope: &Scope, taint: &Names) -> TokenStream {
        let label = self.label("ask");
        let at = glue(start(expr));
        let runtime = &self.emit.runtime;
        let rewritten = self.ask(expr, quote!(break #label), true, true, true, scope, taint);
        let asked = if matches!(expr, Expr::Try(_)) {
            quote_spanned!(at=> #runtime::asked(#rewritten);)
        } else {
            let prober = self.emit.prober_at(at);
            quote_spanned!(at=> let _ = #runtime::Taken(#rewritten).note(#prober);)
        };
        if holds_label(asked.clone(), &label) {
            quote_spanned!(at=> #label: { #asked })
        } else {
            quote_spanned!(at=> { #asked })
        }
    }

    /// In a search: what runs later tells the type of a variable whose `let`
    /// does not.
    fn tie(&self, step: &Step, slot: Option<&Slot>) -> TokenStream {
        let Some(name) = inferred(step) else {
            return TokenStream::new();
        };
        let runtime = &self.emit.runtime;
        let mut ties = self.ties.borrow_mut();
        let tie = ties.entry(std::ptr::from_ref(step)).or_insert_with(|| {
            hidden(
                &format!("__probed_type_{}", self.number()),
                Span::call_site(),
            )
        });
        match slot {
            Some(Slot { name, .. }) => quote!(#tie = #runtime::type_of_slot(&#name);),
            None => quote!(#tie = #runtime::type_of(&#name);),
        }
    }

    /// Where a variable is bound that a search has bound before.
    fn tied(&self, step: &Step) -> TokenStream {
        let ties = self.ties.borrow();
        match (ties.get(&std::ptr::from_ref(step)), inferred(step)) {
            (Some(tie), Some(name)) => {
                let runtime = &self.emit.runtime;
                quote!(#tie = #runtime::type_of(&#name);)
            }
            _ => TokenStream::new(),
        }
    }

    fn tied_slot(&self, step: &Step, slot: &Slot) -> TokenStream {
        let known = self.ties.borrow().contains_key(&std::ptr::from_ref(step));
        if known {
            self.tie(step, Some(slot))
        } else {
            TokenStream::new()
        }
    }

    pub(super) fn doomed(&self) -> TokenStream {
        let Emit {
            runtime, prober, ..
        } = self.emit;
        quote!(#runtime::doomed(#prober))
    }

    /// Leaves the function.
    pub(super) fn leave(&self) -> TokenStream {
        let Emit {
            runtime, prober, ..
        } = self.emit;
        quote!(return #runtime::leave_doomed(#prober))
    }

    /// Goes to an exit, without a word to rustc that it always does: what
    /// follows is not to be called unreachable.
    fn go(&self, exit: &TokenStream) -> TokenStream {
        let doomed = self.doomed();
        quote!(if #doomed { #exit })
    }

    fn resolve(&self, exit: &Exit, scope: &Scope) -> TokenStream {
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
    fn widest(&self, exits: &[Exit], scope: &Scope) -> Option<TokenStream> {
        if exits.is_empty() {
            return None;
        }
        if let [exit] = exits {
            return Some(self.resolve(exit, scope));
        }
        if exits.contains(&Exit::Function) || exits.iter().any(has_label) {
            return Some(self.leave());
        }
        // A `break` and a `continue` of the same loop.
        Some(self.resolve(&Exit::Break(None), scope))
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

    fn number(&self) -> usize {
        self.made.set(self.made.get() + 1);
        self.made.get()
    }

    fn label(&self, what: &str) -> Lifetime {
        let name = format!("'__probed_{what}_{}", self.number());
        Lifetime::new(&name, Span::mixed_site())
    }

    pub(super) fn is_served(&self, call: &ExprMethodCall) -> bool {
        is_read_on(call, self)
            && receiver::is_served(&call.method)
            && !receiver::is_on(call, self.unserved)
    }

    /// Records faults at the `?` of a closure, which stay its own.
    pub(super) fn record_in(&self, body: &mut Expr) {
        if self.records_in_closures && has_question(body) {
            Recorder { flow: self }.visit_expr_mut(body);
        }
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
                crate::known_macros::name(&call.mac).as_str(),
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
        !steps.iter().any(|step| {
            let mentioned = if step.kind == Kind::Act {
                self.mentioned_by_asks(step)
            } else {
                step.mentions.clone()
            };
            step.asks && mentioned.meets(&changed)
        })
    }

    /// What the statements of a block could have changed that are skipped.
    pub(super) fn changes(&self, body: BlockId) -> Names {
        let steps = self.plan.steps(body);
        steps
            .iter()
            .fold(Names::default(), |names, step| names.union(&step.changes))
    }

    /// What a search mentions of a statement.
    fn needs(&self, step: &Step) -> Names {
        let key = std::ptr::from_ref(step);
        if let Some(names) = self.needs.borrow().get(&key) {
            return names.clone();
        }
        let names = match step.kind {
            Kind::Item => Names::default(),
            Kind::Let | Kind::Ask => step.mentions.clone(),
            Kind::Act | Kind::Tail | Kind::Exit => self.mentioned_by_asks(step),
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

    fn mentioned_by_asks(&self, step: &Step) -> Names {
        let Stmt::Expr(expr, _) = &step.stmt else {
            return step.mentions.clone();
        };
        asks_of_act(expr, self)
            .iter()
            .fold(Names::default(), |names, ask| {
                names.union(&mentions(ask, &self.facts.locals))
            })
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

/// Writes the statements of one block that run.
struct Hot<'f, 'a> {
    flow: &'f Flow<'a>,
    steps: &'f [Step],
    scope: &'f Scope,
    out: TokenStream,
    pending: Vec<Slot>,
    /// Whether the run may be doomed by something other than a slot.
    other_doom: bool,
    state: State,
}

impl Hot<'_, '_> {
    fn is_doomed(&self) -> bool {
        self.other_doom || !self.pending.is_empty()
    }

    fn step(&mut self, index: usize) {
        let step = &self.steps[index];
        match step.kind {
            Kind::Item => step.stmt.to_tokens(&mut self.out),
            Kind::Let | Kind::Ask if step.asks && self.may_wait(step) => {
                if self.depends(step) {
                    self.flush(index);
                }
                self.slot(index);
            }
            Kind::Let => {
                self.flush(index);
                self.bind_now(index);
            }
            Kind::Tail if self.state.value && !step.effect => self.tail(index),
            Kind::Tail => {
                if !is_constructor(&step.stmt) {
                    self.flush(index);
                } else if self.depends(step) || !self.pending.is_empty() {
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

    /// Whether a statement that binds may be evaluated by a doomed run, and
    /// its names be bound later.
    fn may_wait(&self, step: &Step) -> bool {
        let waits = match &step.stmt {
            Stmt::Local(local) => {
                let init = local.init.as_ref();
                init.is_some_and(|init| init.diverge.is_none())
                    && (step.binds.is_empty() || keeps_all(&local.pat) || keeps_parts(local))
                    && !init.is_some_and(|init| extends_temporaries(&init.expr))
            }
            _ => true,
        };
        waits && !step.effect && !step.conditional
    }

    /// Whether a statement needs what is not bound yet, or may be missing.
    fn depends(&self, step: &Step) -> bool {
        self.is_doomed()
            && (step.mentions.meets(&self.state.taint)
                || step.changes.meets(&self.state.taint)
                || self.pending.iter().any(|slot| {
                    step.mentions.meets(&slot.names)
                        || step.binds.meets(&slot.names)
                        || step.changes.meets(&slot.names)
                }))
    }

    /// From here on the run is not doomed, and all names are bound: a doomed
    /// run searches what follows, and leaves.
    fn flush(&mut self, index: usize) {
        if !self.is_doomed() {
            return;
        }
        let exit = self.state.exit.clone();
        let rest = self.steps[index..].iter().collect::<Vec<_>>();
        let pending = std::mem::take(&mut self.pending);
        if let ([slot], false) = (&pending[..], self.other_doom)
            && let Some(bind) = &slot.bind
        {
            let missing = self.state.taint.clone().union(&slot.names);
            let search = self.flow.search(&rest, &missing, &[], self.scope, 0);
            self.out
                .extend(self.bound(bind, &slot.name, &quote!({ #search #exit })));
        } else {
            let doomed = self.flow.doomed();
            let taint = self.state.taint.clone();
            let search = self.flow.search(&rest, &taint, &pending, self.scope, 0);
            self.out.extend(quote!(if #doomed { #search #exit }));
            for slot in &pending {
                if let Some(bind) = &slot.bind {
                    let bound = self.bound(bind, &slot.name, &exit);
                    self.out.extend(bound);
                }
            }
        }
        self.other_doom = false;
        self.state.taint = Names::default();
    }

    fn bound(&self, bind: &TokenStream, slot: &Ident, otherwise: &TokenStream) -> TokenStream {
        bind_slot(self.flow, bind, slot, otherwise)
    }

    /// `let PAT = EXPR?`, whose value waits in a slot.
    fn slot(&mut self, index: usize) {
        let step = &self.steps[index];
        // Where the next statement needs it at once, no slot is needed.
        if !self.is_doomed() && self.is_needed_next(index) && questions(&step.stmt) == 1 {
            self.bind_now(index);
            return;
        }
        let taint = self.state.taint.clone();
        let doomed = self.is_doomed();
        let (slot, tokens) = self.flow.slot(step, doomed, self.scope, &taint);
        self.out.extend(tokens);
        self.out.extend(self.flow.tied_slot(step, &slot));
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
        let exit = self.miss(step);
        let rest = self.steps[index + 1..].iter().collect::<Vec<_>>();
        let missing = step.binds.clone().union(&step.changes);
        let miss = if questions(&step.stmt) == 1 && step.exits.is_empty() {
            let search = self.flow.search(&rest, &missing, &[], self.scope, 0);
            if search.is_empty() {
                exit
            } else {
                quote!({ #search #exit })
            }
        } else {
            exit
        };
        match &mut stmt {
            Stmt::Local(local) => {
                if let Some(init) = &mut local.init {
                    let strict = step.effect;
                    *init.expr = self.flow.ask(
                        &init.expr,
                        miss.clone(),
                        strict,
                        false,
                        true,
                        self.scope,
                        &Names::default(),
                    );
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

    /// Where a run goes that misses in a statement which is not searched
    /// further.
    fn miss(&self, step: &Step) -> TokenStream {
        self.flow
            .widest(&step.exits, self.scope)
            .unwrap_or_else(|| self.state.exit.clone())
    }

    /// A statement that acts.
    fn act(&mut self, index: usize) {
        let step = &self.steps[index];
        if !step.asks {
            let tokens = self.written(step, quote!(), self.state.exit.clone());
            self.out.extend(tokens);
            return;
        }
        self.labelled(index, true);
    }

    /// `if`, `match`, loops and blocks.
    fn compound(&mut self, index: usize) {
        let step = &self.steps[index];
        let is_last = index + 1 == self.steps.len();
        if is_last && !matches!(step.stmt, Stmt::Expr(_, Some(_))) {
            self.tail(index);
            return;
        }
        if !step.asks {
            let tokens = self.written(step, quote!(), self.state.exit.clone());
            self.out.extend(tokens);
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
        let search = self.flow.search(&rest, &step.changes, &[], self.scope, 0);
        if search.is_empty() {
            let miss = leaves.unwrap_or_else(|| self.state.exit.clone());
            let tokens = self.written(step, miss, self.state.exit.clone());
            self.out.extend(tokens);
            if !act || step.takes {
                self.doom(step);
            }
            return;
        }
        let label = self.flow.label("step");
        let go_on = quote!(break #label);
        let miss = leaves.unwrap_or_else(|| go_on.clone());
        let tokens = self.written(step, miss, go_on);
        self.out.extend(quote!(#label: { #tokens }));
        self.doom(step);
    }

    fn doom(&mut self, step: &Step) {
        self.other_doom = true;
        self.state.taint.extend(&step.changes);
    }

    /// A statement as it runs; `exit` is where its blocks go when doomed.
    fn written(&self, step: &Step, miss: TokenStream, exit: TokenStream) -> TokenStream {
        let Stmt::Expr(expr, semi) = &step.stmt else {
            return step.stmt.to_token_stream();
        };
        let strict = matches!(step.kind, Kind::Act | Kind::Exit | Kind::Ask) || step.effect;
        let mut expr = expr.clone();
        let head_miss = if step.head_asks { miss } else { exit.clone() };
        let mut asker = Asker {
            flow: self.flow,
            miss: head_miss,
            strict,
            doomed: false,
            value: false,
            scope: self.scope,
            taint: &Names::default(),
            later: Vec::new(),
        };
        asker.blocks_exit(&mut expr, exit);
        quote!(#expr #semi)
    }

    /// The value of the block.
    fn tail(&mut self, index: usize) {
        let step = &self.steps[index];
        let miss = self.miss(step);
        let Stmt::Expr(expr, semi) = &step.stmt else {
            step.stmt.to_tokens(&mut self.out);
            return;
        };
        let strict = step.effect || !self.state.value && step.kind == Kind::Tail;
        let doomed = self.is_doomed();
        let expr = if step.kind == Kind::Compound {
            let mut expr = expr.clone();
            let taint = self.state.taint.clone();
            let mut asker = Asker {
                flow: self.flow,
                miss,
                strict: step.effect,
                doomed,
                value: self.state.value,
                scope: self.scope,
                taint: &taint,
                later: Vec::new(),
            };
            asker.blocks_exit(&mut expr, self.state.exit.clone());
            expr
        } else {
            let taint = self.state.taint.clone();
            self.flow.ask(
                expr,
                miss,
                strict,
                doomed,
                self.state.value,
                self.scope,
                &taint,
            )
        };
        self.out.extend(quote!(#expr #semi));
        if step.kind == Kind::Compound && step.asks || step.takes {
            self.doom(step);
        }
    }
}

fn bind_slot(
    flow: &Flow<'_>,
    bind: &TokenStream,
    slot: &Ident,
    otherwise: &TokenStream,
) -> TokenStream {
    let runtime = &flow.emit.runtime;
    quote_spanned! {Span::mixed_site()=>
        #bind = match #slot {
            #runtime::Some(__probed_value) => __probed_value,
            #runtime::None => #otherwise,
        };
    }
}

/// How many `?` a statement has outside of its blocks.
fn questions(stmt: &Stmt) -> usize {
    fn count(tokens: TokenStream) -> usize {
        tokens
            .into_iter()
            .map(|token| match token {
                proc_macro2::TokenTree::Punct(punct) => usize::from(punct.as_char() == '?'),
                proc_macro2::TokenTree::Group(group) => count(group.stream()),
                _ => 0,
            })
            .sum()
    }
    count(stmt.to_token_stream())
}

/// Whether a value is made of its operands alone: `Ok(Row { .. })`.
fn is_constructor(stmt: &Stmt) -> bool {
    let Stmt::Expr(expr, _) = stmt else {
        return false;
    };
    match core(expr) {
        Expr::Call(call) => matches!(&*call.func, Expr::Path(path)
        if path.path.segments.last().is_some_and(|last| {
            last.ident.to_string().starts_with(char::is_uppercase)
        })),
        Expr::Struct(_) | Expr::Tuple(_) | Expr::Path(_) | Expr::Lit(_) => true,
        _ => false,
    }
}

/// Whether a pattern can be taken apart at once, and its names be kept.
fn keeps_parts(local: &Local) -> bool {
    struct Odd(bool);
    impl<'ast> syn::visit::Visit<'ast> for Odd {
        fn visit_pat_ident(&mut self, pat: &'ast syn::PatIdent) {
            self.0 |= pat.by_ref.is_some() || pat.subpat.is_some();
        }
        fn visit_expr(&mut self, _: &'ast Expr) {}
        fn visit_macro(&mut self, _: &'ast syn::Macro) {
            self.0 = true;
        }
    }
    let mut odd = Odd(false);
    syn::visit::Visit::visit_pat(&mut odd, &local.pat);
    !odd.0
}

/// Whether an initializer borrows from a temporary that lives as long as the
/// variable.
fn extends_temporaries(expr: &Expr) -> bool {
    match expr {
        Expr::Reference(_) => true,
        Expr::Paren(paren) => extends_temporaries(&paren.expr),
        Expr::Cast(cast) => extends_temporaries(&cast.expr),
        Expr::Tuple(tuple) => tuple.elems.iter().any(extends_temporaries),
        Expr::Array(array) => array.elems.iter().any(extends_temporaries),
        Expr::Struct(value) => value
            .fields
            .iter()
            .any(|field| extends_temporaries(&field.expr)),
        Expr::Call(call) => call.args.iter().any(extends_temporaries) && is_some(&call.func),
        Expr::Macro(_) => true,
        _ => false,
    }
}

fn is_some(func: &Expr) -> bool {
    matches!(func, Expr::Path(path) if path.path.segments.last().is_some_and(|last| {
        last.ident.to_string().starts_with(char::is_uppercase)
    }))
}

impl Flow<'_> {
    /// A statement whose value waits in a slot.
    fn slot(&self, step: &Step, doomed: bool, scope: &Scope, taint: &Names) -> (Slot, TokenStream) {
        let name = hidden(
            &format!("__probed_slot_{}", self.number()),
            Span::call_site(),
        );
        let label = self.label("miss");
        let runtime = &self.emit.runtime;
        let miss = quote!(break #label #runtime::None);
        let names = step.binds.clone().union(&step.changes);
        let (bind, tokens) = match &step.stmt {
            Stmt::Local(local) => {
                let Local {
                    attrs, pat, init, ..
                } = local;
                let init = init.as_ref().map(|init| &*init.expr);
                let init = init.expect("a `let` that asks has an initializer");
                let init = self.ask(init, miss, false, doomed, true, scope, taint);
                if step.binds.is_empty() {
                    let tokens = quote! {
                        let #name = #label: { #(#attrs)* let #pat = #init; #runtime::Some(()) };
                    };
                    (None, tokens)
                } else if keeps_all(pat) {
                    let value = crate::rewrite::operand(&init);
                    let ty = match pat {
                        Pat::Type(typed) => {
                            let ty = &typed.ty;
                            Some(quote!(: #runtime::Option<#ty>))
                        }
                        _ => None,
                    };
                    let tokens = quote! {
                        #(#attrs)* let #name #ty = #label: { #runtime::Some(#value) };
                    };
                    (Some(quote!(#(#attrs)* let #pat)), tokens)
                } else {
                    let (inner, names, outer) = parts(pat);
                    let tokens = quote! {
                        let #name = #label: {
                            #(#attrs)* let #inner = #init;
                            #runtime::Some((#(#names,)*))
                        };
                    };
                    (Some(quote!(#(#attrs)* let (#(#outer,)*))), tokens)
                }
            }
            Stmt::Expr(expr, _) => {
                let expr = self.ask(expr, miss, false, doomed, true, scope, taint);
                let tokens = quote! {
                    let #name = #label: { #expr; #runtime::Some(()) };
                };
                (None, tokens)
            }
            _ => unreachable!("only a `let` or an expression asks"),
        };
        let uses = match &step.stmt {
            Stmt::Local(local) => uses(&local.pat),
            _ => TokenStream::new(),
        };
        let slot = Slot {
            name,
            uses,
            names,
            bind,
        };
        (slot, tokens)
    }

    /// Writes what a doomed run still asks in statements that follow. What is
    /// missing is known here; what waits in slots may be.
    fn search(
        &self,
        steps: &[&Step],
        missing: &Names,
        slots: &[Slot],
        scope: &Scope,
        depth: usize,
    ) -> TokenStream {
        let steps = self.relevant(steps);
        let mut out = TokenStream::new();
        for component in self.components(&steps, slots) {
            let label = self.label("part");
            let mut search = Search {
                flow: self,
                label: &label,
                used: false,
                missing: missing.clone(),
                slots: slots.iter().collect(),
                own: Vec::new(),
                scope,
                depth,
                out: TokenStream::new(),
            };
            search.steps(&component);
            let Search {
                out: part, used, ..
            } = search;
            if part.is_empty() {
                continue;
            }
            if used {
                out.extend(quote!(#label: { #part }));
            } else {
                out.extend(quote!({ #part }));
            }
        }
        out
    }

    /// The statements that ask, and those that feed them. What a skipped
    /// statement could have changed is kept in mind by all that acts.
    fn relevant<'s>(&self, steps: &[&'s Step]) -> Vec<&'s Step> {
        // A macro is known only behind its definition.
        let end = steps
            .iter()
            .position(|step| matches!(step.stmt, Stmt::Item(syn::Item::Macro(_))));
        let steps = &steps[..end.unwrap_or(steps.len())];
        let Some(last) = steps.iter().rposition(|step| step.asks) else {
            return Vec::new();
        };
        let mut needed = Names::default();
        let mut kept = Vec::new();
        for step in steps[..=last].iter().rev() {
            let keep = match step.kind {
                Kind::Item => false,
                Kind::Let => step.asks || step.binds.meets(&needed) || !step.exits.is_empty(),
                _ => step.asks || !step.exits.is_empty() || step.changes.meets(&needed),
            };
            if keep {
                needed.extend(&self.needs(step));
                kept.push(*step);
            }
        }
        kept.reverse();
        kept
    }

    /// Groups of statements that share no name which could be missing: each
    /// can be searched by itself.
    fn components<'s>(&self, steps: &[&'s Step], slots: &[Slot]) -> Vec<Vec<&'s Step>> {
        let mut bound = Names::default();
        for step in steps {
            bound.extend(&step.binds);
        }
        for slot in slots {
            bound.extend(&slot.names);
        }
        let shared = |step: &Step| {
            let all = self.needs(step).union(&step.binds).union(&step.changes);
            all.iter()
                .filter(|name| {
                    bound.contains(name)
                        || !self.facts.is_receiver(name) && self.facts.connects(name)
                })
                .map(str::to_owned)
                .collect::<Names>()
        };
        let names = steps.iter().map(|step| shared(step)).collect::<Vec<_>>();
        let mut group = (0..steps.len()).collect::<Vec<_>>();
        let mut join = |a: usize, b: usize| {
            let (from, to) = (group[a].max(group[b]), group[a].min(group[b]));
            for of in &mut group {
                if *of == from {
                    *of = to;
                }
            }
        };
        let mut exit = None;
        for index in 0..steps.len() {
            for before in 0..index {
                if names[index].meets(&names[before]) {
                    join(before, index);
                }
            }
            if let Some(exit) = exit {
                join(exit, index);
            } else if !steps[index].exits.is_empty() {
                exit = Some(index);
            }
        }
        let last = exit.map(|exit| group[exit]);
        let mut ids = group.clone();
        ids.sort_unstable();
        ids.dedup();
        ids.sort_by_key(|id| Some(*id) == last);
        ids.into_iter()
            .map(|id| {
                let members = (0..steps.len()).filter(|index| group[*index] == id);
                members.map(|index| steps[index]).collect()
            })
            .collect()
    }
}

/// Writes the search of one group of statements.
struct Search<'f, 'a> {
    flow: &'f Flow<'a>,
    label: &'f Lifetime,
    used: bool,
    missing: Names,
    /// Slots from before.
    slots: Vec<&'f Slot>,
    /// Slots of this search.
    own: Vec<Slot>,
    scope: &'f Scope,
    depth: usize,
    out: TokenStream,
}

impl Search<'_, '_> {
    fn steps(&mut self, steps: &[&Step]) {
        for (index, step) in steps.iter().enumerate() {
            if !self.step(step, &steps[index..]) {
                return;
            }
        }
    }

    /// Searches one statement. Says whether the search goes on.
    fn step(&mut self, step: &Step, rest: &[&Step]) -> bool {
        let rest_asks = rest.iter().skip(1).any(|step| step.asks);
        let head = if step.kind == Kind::Compound {
            &step.head
        } else {
            &step.mentions
        };
        if matches!(step.kind, Kind::Act | Kind::Tail | Kind::Exit) {
            return self.act(step);
        }
        if step.conditional || head.meets(&self.missing) || step.effect {
            return self.skip(step);
        }
        if !self.bind(&self.flow.needs(step), rest) {
            return false;
        }
        match step.kind {
            // Its type would be another here than where it runs.
            Kind::Let if step.closures == Some(Holds::Unknown) => self.skip(step),
            Kind::Let => self.local(step, rest),
            Kind::Ask => {
                let (slot, tokens) = self.flow.slot(step, true, self.scope, &self.missing);
                self.out.extend(tokens);
                if rest_asks && !slot.names.is_empty() {
                    self.own.push(slot);
                }
                true
            }
            Kind::Compound => self.compound(step),
            Kind::Item | Kind::Act | Kind::Tail | Kind::Exit => true,
        }
    }

    /// Binds the slots whose names are mentioned. Where one is empty, the
    /// rest is searched without it. Says whether the search goes on.
    fn bind(&mut self, mentioned: &Names, rest: &[&Step]) -> bool {
        loop {
            let own = self.own.iter().position(|slot| slot.names.meets(mentioned));
            let before = self
                .slots
                .iter()
                .position(|slot| slot.names.meets(mentioned));
            let (name, names, bind, uses) = match (before, own) {
                (Some(index), _) => {
                    let slot = self.slots.remove(index);
                    (
                        slot.name.clone(),
                        slot.names.clone(),
                        slot.bind.clone(),
                        slot.uses.clone(),
                    )
                }
                (None, Some(index)) => {
                    let slot = self.own.remove(index);
                    (slot.name, slot.names, slot.bind, slot.uses)
                }
                (None, None) => return true,
            };
            let missing = self.missing.clone().union(&names);
            let otherwise = if self.depth < DEPTH {
                let slots = std::mem::take(&mut self.own);
                let all = self
                    .slots
                    .iter()
                    .map(|slot| Slot {
                        uses: slot.uses.clone(),
                        name: slot.name.clone(),
                        names: slot.names.clone(),
                        bind: slot.bind.clone(),
                    })
                    .chain(slots.iter().map(|slot| Slot {
                        uses: slot.uses.clone(),
                        name: slot.name.clone(),
                        names: slot.names.clone(),
                        bind: slot.bind.clone(),
                    }))
                    .collect::<Vec<_>>();
                self.own = slots;
                self.flow
                    .search(rest, &missing, &all, self.scope, self.depth + 1)
            } else {
                TokenStream::new()
            };
            let label = self.label;
            self.used = true;
            let otherwise = quote!({ #otherwise break #label });
            let tokens = match bind {
                Some(bind) => bind_slot(self.flow, &bind, &name, &otherwise),
                None => {
                    let runtime = &self.flow.emit.runtime;
                    quote!(if let #runtime::None = #name #otherwise)
                }
            };
            self.out.extend(tokens);
            self.out.extend(uses);
        }
    }

    /// A statement that is not run: asks the operands that mention nothing
    /// missing.
    fn skip(&mut self, step: &Step) -> bool {
        if step.head_asks && !step.conditional {
            match &step.stmt {
                Stmt::Local(local) => {
                    if let Some(init) = &local.init {
                        let asks = asks(&init.expr, self.flow);
                        self.ask(&asks);
                    }
                }
                Stmt::Expr(expr, _) => {
                    let asks = asks(expr, self.flow);
                    self.ask(&asks);
                }
                _ => {}
            }
        }
        self.missing.extend(&step.binds);
        self.missing.extend(&step.changes);
        self.leave(step)
    }

    /// A statement that acts, a tail, or an exit that is reached.
    fn act(&mut self, step: &Step) -> bool {
        if step.asks
            && !step.conditional
            && let Stmt::Expr(expr, _) = &step.stmt
        {
            let found = match core(expr) {
                Expr::Return(exit) => exit.expr.as_ref().map(|value| asks(value, self.flow)),
                Expr::Break(exit) => exit.expr.as_ref().map(|value| asks(value, self.flow)),
                _ if step.kind == Kind::Tail && is_ask(expr) => Some(asks(expr, self.flow)),
                _ => Some(asks_of_act(expr, self.flow)),
            };
            self.ask(&found.unwrap_or_default());
        }
        self.missing.extend(&step.changes);
        self.leave(step)
    }

    fn ask(&mut self, asks: &[Expr]) {
        let mut gone = self.missing.clone();
        for slot in self.slots.iter().copied().chain(&self.own) {
            gone.extend(&slot.names);
        }
        for ask in asks {
            let mentioned = mentions(ask, &self.flow.facts.locals);
            if !mentioned.meets(&gone) {
                let sibling = self.flow.sibling(ask, self.scope, &self.missing);
                self.out.extend(sibling);
                gone.extend(&self.flow.facts.changed(&mentioned, &Names::default()));
            }
        }
    }

    /// A skipped exit ends the search in what it would have left.
    fn leave(&mut self, step: &Step) -> bool {
        match self.flow.widest(&step.exits, self.scope) {
            Some(exit) => {
                self.out.extend(self.flow.go(&exit));
                false
            }
            None => true,
        }
    }

    fn local(&mut self, step: &Step, rest: &[&Step]) -> bool {
        let Stmt::Local(local) = &step.stmt else {
            return true;
        };
        let used = rest
            .iter()
            .skip(1)
            .any(|other| other.mentions.meets(&step.binds) || other.mentions.meets(&step.changes));
        let simple = local
            .init
            .as_ref()
            .is_some_and(|init| init.diverge.is_none())
            && (step.binds.is_empty() || keeps_all(&local.pat) || keeps_parts(local));
        let extends = local
            .init
            .as_ref()
            .is_some_and(|init| extends_temporaries(&init.expr));
        if step.asks && simple && !extends {
            let (slot, tokens) = self.flow.slot(step, true, self.scope, &self.missing);
            self.out.extend(tokens);
            self.out.extend(self.flow.tie(step, Some(&slot)));
            if used {
                self.own.push(slot);
            }
        } else {
            // Bound where it stands; without its value the group ends.
            let label = self.label;
            let mut local = local.clone();
            if let Some(init) = &mut local.init {
                let leave = self.flow.widest(&step.exits, self.scope);
                let leave = leave.unwrap_or_else(|| quote!(break #label));
                *init.expr = self.flow.ask(
                    &init.expr,
                    leave.clone(),
                    false,
                    true,
                    true,
                    self.scope,
                    &self.missing,
                );
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
            self.used |= holds_label(local.to_token_stream(), label);
            local.to_tokens(&mut self.out);
            self.out.extend(uses(&local.pat));
            self.out.extend(self.flow.tie(step, None));
        }
        self.missing.remove_all(&step.binds);
        true
    }

    /// Asks the head, and searches the branches.
    fn compound(&mut self, step: &Step) -> bool {
        let Stmt::Expr(expr, _) = &step.stmt else {
            return true;
        };
        let label = self.flow.label("head");
        let mut expr = expr.clone();
        let leave = self.flow.widest(&step.exits, self.scope);
        let miss = match &leave {
            Some(leave) => leave.clone(),
            None => quote!(break #label),
        };
        let mut branches = Branches {
            flow: self.flow,
            scope: self.scope,
            missing: &self.missing,
            miss: miss.clone(),
        };
        branches.visit(&mut expr);
        self.out.extend(quote!(#label: { #expr; break #label }));
        self.missing.extend(&step.changes);
        true
    }
}

/// Whether a tail asks as a whole.
fn is_ask(expr: &Expr) -> bool {
    handed_suppressed(core(expr))
        || matches!(expr, Expr::Try(_))
            && !matches!(core(expr), Expr::Call(_) | Expr::MethodCall(_))
}

/// Searches the branches of a statement whose head is evaluated.
struct Branches<'f, 'a> {
    flow: &'f Flow<'a>,
    scope: &'f Scope,
    missing: &'f Names,
    miss: TokenStream,
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

    fn block(
        &self,
        block: &mut syn::Block,
        shadowed: &Shadowed,
        scope: &Scope,
        last: Option<&Lifetime>,
    ) {
        let Some(id) = Plan::block_of(block) else {
            return;
        };
        let steps = self.flow.plan.steps(id).iter().collect::<Vec<_>>();
        // Items are not written twice.
        if steps.iter().any(|step| step.kind == Kind::Item) {
            let exits = steps
                .iter()
                .flat_map(|step| step.exits.clone())
                .collect::<Vec<_>>();
            let exit = self.flow.widest(&exits, scope);
            let exit = exit.map(|exit| self.flow.go(&exit));
            block.stmts = vec![Stmt::Expr(Expr::Verbatim(quote!(#exit)), None)];
            return;
        }
        let mut missing = self.missing.clone();
        missing.remove_all(&shadowed.names);
        let uses = &shadowed.uses;
        // A label of the user's that nothing in a search leaves by.
        let used = scope.label().map(|label| quote!(if false { break #label }));
        let mut search = self.flow.search(&steps, &missing, &[], scope, 1);
        // An exit that is reached is taken, also where nothing is asked.
        if let Some(exit) = exits_always(&steps) {
            let exit = self.flow.resolve(exit, scope);
            search.extend(self.flow.go(&exit));
        }
        if let Some(label) = last {
            search.extend(quote!(break #label;));
        }
        block.stmts = vec![Stmt::Expr(
            Expr::Verbatim(quote!(#uses #used #search)),
            None,
        )];
    }

    fn visit(&mut self, expr: &mut Expr) {
        match expr {
            Expr::If(branch) => {
                self.head(&mut branch.cond);
                let shadowed = conditions(&branch.cond);
                self.block(&mut branch.then_branch, &shadowed, self.scope, None);
                if let Some((_, other)) = &mut branch.else_branch {
                    self.visit(other);
                }
            }
            Expr::Match(matched) => {
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
                        self.head(&mut guarded.guard);
                    }
                    let shadowed = Shadowed::by(&arm.pat);
                    if let Expr::Block(body) = &mut *arm.body {
                        self.block(&mut body.block, &shadowed, self.scope, None);
                    } else {
                        *arm.body = Expr::Verbatim(quote!({}));
                    }
                }
            }
            Expr::ForLoop(each) => {
                self.head(&mut each.expr);
                let label = self.flow.label_loop(&mut each.label);
                let next = Plan::block_of(&each.body).is_some_and(|body| self.flow.goes_on(body));
                let shadowed = Shadowed::by(&each.pat);
                let go = if next {
                    quote!(continue #label)
                } else {
                    quote!(break #label)
                };
                let scope = self.scope.with(label.clone(), quote!(break #label), go);
                self.block(&mut each.body, &shadowed, &scope, (!next).then_some(&label));
            }
            Expr::While(each) => {
                self.head(&mut each.cond);
                let label = self.flow.label_loop(&mut each.label);
                let shadowed = conditions(&each.cond);
                let scope =
                    self.scope
                        .with(label.clone(), quote!(break #label), quote!(break #label));
                self.block(&mut each.body, &shadowed, &scope, Some(&label));
            }
            Expr::Loop(each) => {
                let label = self.flow.label_loop(&mut each.label);
                let scope =
                    self.scope
                        .with(label.clone(), quote!(break #label), quote!(break #label));
                self.block(&mut each.body, &Shadowed::default(), &scope, Some(&label));
            }
            Expr::Block(block) => {
                let scope = match &block.label {
                    Some(label) => {
                        let label = &label.name;
                        self.scope.with_block(label.clone(), quote!(break #label))
                    }
                    None => self.scope.clone(),
                };
                self.block(&mut block.block, &Shadowed::default(), &scope, None);
            }
            Expr::Paren(paren) => self.visit(&mut paren.expr),
            Expr::Group(group) => self.visit(&mut group.expr),
            Expr::Try(question) => {
                let mut inner = (*question.expr).clone();
                self.visit(&mut inner);
                *expr = inner;
            }
            _ => *expr = Expr::Verbatim(quote!({})),
        }
    }
}

/// The exit that a block takes in any case, where nothing in it asks: a search
/// leaves it out.
fn exits_always<'s>(steps: &[&'s Step]) -> Option<&'s Exit> {
    let last = steps.last()?;
    let asks = steps.iter().any(|step| step.asks);
    (!asks && last.kind == Kind::Exit)
        .then(|| last.exits.last())
        .flatten()
}

/// Whether tokens leave by a label.
fn holds_label(tokens: TokenStream, label: &Lifetime) -> bool {
    tokens.into_iter().any(|token| match token {
        proc_macro2::TokenTree::Ident(ident) => ident == label.ident,
        proc_macro2::TokenTree::Group(group) => holds_label(group.stream(), label),
        _ => false,
    })
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
    struct Find(Shadowed);
    impl<'ast> syn::visit::Visit<'ast> for Find {
        fn visit_expr_let(&mut self, condition: &'ast syn::ExprLet) {
            self.0.names.extend(&bound(&condition.pat));
            self.0.uses.extend(uses(&condition.pat));
        }
    }
    let mut find = Find(Shadowed::default());
    syn::visit::Visit::visit_expr(&mut find, cond);
    find.0
}

/// Uses what a pattern binds, so that no lint misses a use in a search.
fn uses(pat: &Pat) -> TokenStream {
    struct Find(TokenStream);
    impl<'ast> syn::visit::Visit<'ast> for Find {
        fn visit_pat_ident(&mut self, pat: &'ast syn::PatIdent) {
            let name = &pat.ident;
            if is_variable(name) {
                let mutability = pat.by_ref.is_none().then_some(pat.mutability).flatten();
                let at = glue(name.span());
                let mutability = mutability.map(|_| quote_spanned!(at=> mut));
                self.0
                    .extend(quote_spanned!(at=> let _ = & #mutability #name;));
            }
            syn::visit::visit_pat_ident(self, pat);
        }
        fn visit_expr(&mut self, _: &'ast Expr) {}
    }
    let mut find = Find(TokenStream::new());
    syn::visit::Visit::visit_pat(&mut find, pat);
    find.0
}

/// Whether a name in a pattern may be that of a variable, and is none of a
/// variant, such as `None`.
fn is_variable(name: &Ident) -> bool {
    *name != "None"
}

/// A pattern without `mut`, the names that it binds, and these with `mut`.
fn parts(pat: &Pat) -> (Pat, Vec<Ident>, Vec<TokenStream>) {
    struct Take {
        names: Vec<Ident>,
        outer: Vec<TokenStream>,
    }
    impl VisitMut for Take {
        fn visit_pat_ident_mut(&mut self, pat: &mut syn::PatIdent) {
            let mutability = pat.mutability.take();
            let ident = &pat.ident;
            if is_variable(ident) {
                self.names.push(ident.clone());
                self.outer.push(quote!(#mutability #ident));
            }
        }
        fn visit_expr_mut(&mut self, _: &mut Expr) {}
    }
    let mut take = Take {
        names: Vec::new(),
        outer: Vec::new(),
    };
    let mut pat = pat.clone();
    take.visit_pat_mut(&mut pat);
    (pat, take.names, take.outer)
}

/// Records faults at each `?` of a closure.
struct Recorder<'f, 'a> {
    flow: &'f Flow<'a>,
}

impl VisitMut for Recorder<'_, '_> {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        visit_mut::visit_expr_mut(self, expr);
        if let Expr::Try(question) = expr {
            let place = Place::of(&question.expr);
            let operand = crate::rewrite::operand(&question.expr);
            let prober = self.flow.emit.prober_at(place.start);
            let runtime = self.flow.emit.runtime_at(place.start);
            let noted = quote_spanned!(place.glue()=> #runtime::Taken(#operand).note(#prober));
            *question.expr = Emit::call("got", place, noted);
        }
    }

    fn visit_expr_async_mut(&mut self, _: &mut syn::ExprAsync) {}
    fn visit_item_mut(&mut self, _: &mut syn::Item) {}
    fn visit_macro_mut(&mut self, _: &mut syn::Macro) {}
}

impl Asker<'_, '_> {
    /// Rewrites a statement whose blocks a doomed run leaves by another way
    /// than its head.
    fn blocks_exit(&mut self, expr: &mut Expr, exit: TokenStream) {
        match expr {
            Expr::If(branch) => {
                self.visit_expr_mut(&mut branch.cond);
                let miss = std::mem::replace(&mut self.miss, exit.clone());
                let doomed = self.doomed;
                self.doomed |= super::ask::has_taken(&branch.cond);
                self.visit_block_mut(&mut branch.then_branch);
                self.miss = miss;
                if let Some((_, other)) = &mut branch.else_branch {
                    self.blocks_exit(other, exit);
                }
                self.doomed = doomed;
            }
            Expr::Match(matched) => {
                self.head_of_match(matched);
                self.doomed |= super::ask::has_taken(&matched.expr);
                for arm in &mut matched.arms {
                    if let Pat::Guard(guarded) = &mut arm.pat {
                        self.visit_expr_mut(&mut guarded.guard);
                    }
                    let miss = std::mem::replace(&mut self.miss, exit.clone());
                    self.visit_expr_mut(&mut arm.body);
                    self.miss = miss;
                }
            }
            Expr::ForLoop(each) => {
                self.visit_expr_mut(&mut each.expr);
                self.miss = exit;
                self.in_loop(&mut each.label, &mut each.body, true);
            }
            Expr::While(each) => {
                self.visit_expr_mut(&mut each.cond);
                self.doomed |= super::ask::has_taken(&each.cond);
                self.miss = exit;
                self.in_loop(&mut each.label, &mut each.body, false);
            }
            Expr::Loop(_) | Expr::Block(_) => {
                self.miss = exit;
                self.visit_expr_mut(expr);
            }
            expr => self.visit_expr_mut(expr),
        }
    }
}
