//! Expressions: each `?` becomes a question, whose miss goes where the
//! statement says.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{
    BinOp, Block, Expr, ExprMethodCall, ExprTry, Label, Lifetime, Pat,
    visit::{self, Visit},
    visit_mut::{self, VisitMut},
};

use super::{
    flow::Flow,
    inner::core,
    names::{Names, bound},
    plan::Plan,
    questions::asks,
    record::Recorder,
    scope::{Scope, Way},
    sought::Asked,
    state::State,
    words::{
        any_word, evaluates, handed_suppressed, has_faults_of_its_own, hides_error, holds_exit,
        is_call, is_result_pattern, operand_of_takes, panics, questions, shows_error, takes_apart,
    },
};
use crate::{
    emit::{self, Place, Question, glue, start},
    rewrite::{arguments, operand},
};

/// Rewrites one expression.
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts of a place"
)]
pub(super) struct Asker<'f, 'a> {
    pub(super) flow: &'f Flow<'a>,

    /// Where a miss goes: a diverging expression.
    pub(super) miss: Way,

    /// Whether a fault in a result that is taken apart is a miss, because an
    /// act follows.
    pub(super) strict: bool,

    /// Whether the run may be doomed before the expression.
    pub(super) doomed: bool,

    /// Whether the expression is a value, so that calls at the ends of its
    /// blocks ask.
    pub(super) value: bool,

    /// Whether the next expression stands as a statement, and gives no value
    /// to another.
    pub(super) top: bool,

    /// The loops around.
    pub(super) scope: &'f Scope,

    /// What is missing if the run is doomed.
    pub(super) taint: &'f Names,

    /// What asks after the operand that is visited, from outside in.
    pub(super) later: Vec<Vec<Expr>>,
}

impl Asker<'_, '_> {
    /// What a miss does: ask what is evaluated in any case, and go.
    fn missed(&self) -> TokenStream {
        let miss = &self.miss;
        if self.later.iter().all(Vec::is_empty) {
            return miss.to_token_stream();
        }
        let mut asked = Asked::default();
        for sibling in self.later.iter().rev().flatten() {
            asked.add(
                self.flow.sibling(sibling, self.scope, self.taint),
                self.flow,
            );
        }
        let siblings = asked.written(self.flow);
        quote!({ #siblings #miss })
    }

    /// Whether a miss does no more than leave the function, as the plain one
    /// does: its error may be converted on the way, as it is there.
    fn leaves(&self) -> bool {
        !self.doomed && matches!(self.miss, Way::Leave(_)) && self.later.iter().all(Vec::is_empty)
    }

    /// Operands that are evaluated one after the other, in any case.
    fn operands(&mut self, mut operands: Vec<&mut Expr>) {
        for index in 0..operands.len() {
            let records = self.strict
                && !matches!(operands[index], Expr::Closure(_))
                && (self.flow.records_in_closures && calls_back(operands[index])
                    || self.flow.may_doom(operands[index]));
            let (done, rest) = operands.split_at_mut(index + 1);
            if !rest.is_empty()
                && questions(|count| count.visit_expr(done[index])) > 0
                && !self.flow.may_exit(done[index])
            {
                let mut gone = Names::default();
                let mut later = Vec::new();
                gone.extend(&changed(self.flow, done[index]));
                for operand in rest.iter() {
                    for ask in asks(operand, self.flow) {
                        if !self.flow.mentions(&ask).meets(&gone) {
                            later.push(ask);
                        }
                    }
                    gone.extend(&changed(self.flow, operand));
                    if self.flow.may_exit(operand) {
                        break;
                    }
                }
                self.later.push(later);
                self.visit_expr_mut(done[index]);
                self.later.pop();
            } else {
                self.visit_expr_mut(done[index]);
            }
            if records {
                // A closure or a block in it may have recorded a fault: the act waits.
                let place = Place::of(done[index]);
                let value = operand(done[index]).into_owned();
                *done[index] = self.flow.emit.unless_doomed(&value, place, &self.missed());
            }
        }
    }

    /// A copy of an initializer, rewritten.
    pub(super) fn rewritten_for(mut self, init: &Expr, pat: &Pat) -> Expr {
        let mut init = init.clone();
        self.initializer(&mut init, pat);
        init
    }

    /// A copy of an expression, rewritten.
    pub(super) fn rewritten(mut self, expr: &Expr) -> Expr {
        let mut expr = expr.clone();
        self.visit_expr_mut(&mut expr);
        expr
    }

    /// `EXPR?`, its operand rewritten.
    pub(super) fn asked(&mut self, mut question: ExprTry) -> Asking {
        let adapter = take_adapter(&mut question);
        let place = Place::of(&question.expr);
        self.serve(&mut question.expr);
        let is_probe = matches!(core(&question.expr), Expr::Verbatim(_));
        self.visit_expr_mut(&mut question.expr);
        Asking {
            question,
            place,
            adapter,
            is_probe,
        }
    }

    fn question(&mut self, expr: &mut Expr) {
        let Expr::Try(question) = std::mem::replace(expr, Expr::PLACEHOLDER) else {
            unreachable!("only `EXPR?` is a question")
        };
        let mut asking = self.asked(question);
        let attrs = std::mem::take(&mut asking.question.attrs);
        let emit = self.flow.emit;
        let value = asking.with(|question| {
            if self.leaves() && !question.is_probe {
                emit.question_or_leave(question)
            } else {
                emit.question(question, &self.missed())
            }
        });
        *expr = if attrs.is_empty() {
            value
        } else {
            Expr::Verbatim(quote!(#(#attrs)* #value))
        };
    }

    /// `EXPR?` of a search, whose answer nobody needs: a condition under which
    /// the search ends.
    pub(super) fn sought(mut self, question: &ExprTry) -> Expr {
        // What an adapter makes of an error is never seen.
        self.asked(question.clone()).with(|question| {
            let Question {
                operand,
                place,
                mark,
                ..
            } = question;
            self.flow.emit.sought(operand, place, mark.span)
        })
    }

    /// Lets the runtime serve a read on a type of vmi-core.
    fn serve(&self, operand: &mut Expr) {
        if let Expr::MethodCall(call) = operand
            && self.flow.is_served(call)
        {
            let once = matches!((&*call.receiver, self.flow.beside), (Expr::Path(path), Some(name))
                if path.path.is_ident(name));
            *call.receiver = if once {
                emit::Names::served_once(start(&call.receiver))
            } else {
                self.flow.emit.served(&call.receiver)
            };
        }
    }

    /// Records the faults of a result that the body takes apart. One that
    /// panics must not do so in a run that the plain one would have left.
    fn take(&mut self, expr: &mut Expr, panics: bool) {
        // Found before another error takes its place.
        if let Expr::MethodCall(call) = expr
            && (hides_error(call) || shows_error(call))
        {
            self.take(&mut call.receiver, panics);
            call.args
                .iter_mut()
                .for_each(|arg| self.visit_expr_mut(arg));
            return;
        }
        let place = Place::of(expr);
        let nested = handed_suppressed(core(expr));
        self.visit_expr_mut(expr);
        let operand = operand(expr);
        let emit = self.flow.emit;
        // A nested probed function that inherits the doom fails for that alone.
        *expr = if self.strict || nested {
            emit.taken_or(&operand, place, &self.missed())
        } else if panics && self.doomed {
            emit.unwrapped(&operand, place, &self.missed())
        } else {
            emit.taken(&operand, place)
        };
    }

    /// Records the faults of a scrutinee whose patterns are those of results.
    fn scrutinee(&mut self, expr: &mut Expr) {
        match expr {
            Expr::Tuple(tuple) => {
                for element in &mut tuple.elems {
                    self.scrutinee(element);
                }
            }
            Expr::Paren(paren) => self.scrutinee(&mut paren.expr),
            expr if is_call(expr) => self.take(expr, false),
            expr => self.visit_expr_mut(expr),
        }
    }

    /// The head of a `match`; its patterns say whether it takes results apart.
    pub(super) fn head_of_match(&mut self, matched: &mut syn::ExprMatch) {
        if matched.arms.iter().any(|arm| is_result_pattern(&arm.pat)) {
            self.scrutinee(&mut matched.expr);
        } else {
            self.visit_expr_mut(&mut matched.expr);
        }
    }

    /// An initializer; its pattern says whether a `Result` is taken apart.
    pub(super) fn initializer(&mut self, init: &mut Expr, pat: &Pat) {
        if is_result_pattern(pat) {
            self.scrutinee(init);
        } else {
            self.visit_expr_mut(init);
        }
    }

    /// Whether a block gives variables their first values: behind it a doomed
    /// run must not seem to go on.
    fn gives_values(&self, block: &Block) -> bool {
        let changes = Plan::block_of(block).map(|block| self.flow.changes(block));
        changes.is_some_and(|changes| changes.meets(&self.flow.facts.unset))
    }

    fn state(&self) -> State {
        State {
            doomed: self.doomed,
            taint: self.taint.clone(),
            exit: self.miss.clone(),
            value: self.value,
        }
    }

    fn block(&mut self, block: &mut Block) {
        let state = self.state();
        self.block_with(block, state, &self.scope.clone(), false);
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
            let doomed = self.flow.doomed();
            tokens.extend(quote!(if #doomed { #exit }));
        }
        block.stmts = vec![syn::Stmt::Expr(Expr::Verbatim(tokens), None)];
        doomed
    }

    /// A block, which a `break` may leave.
    fn labelled_block(&mut self, block: &mut syn::ExprBlock) {
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
        self.block_with(&mut block.block, state, &scope, false);
        // Where a block of ours is around, they may seem to be unused.
        let place = block.block.brace_token.span.join();
        block.block.brace_token = syn::token::Brace(glue(place));
    }

    /// A loop: what it asks in its head, and its body.
    pub(super) fn in_loop(
        &mut self,
        label: &mut Option<Label>,
        body: &mut Block,
        item: Option<&Pat>,
    ) {
        let label = self.flow.label_loop(label);
        let next = item.is_some()
            && !self.value
            && Plan::block_of(body).is_some_and(|body| self.flow.goes_on(body));
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
        self.block_with(body, state, &scope, !next);
    }
}

impl VisitMut for Asker<'_, '_> {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        if !std::mem::take(&mut self.top) && is_compound(expr) && !self.value {
            // An operand: its blocks give values.
            self.value = true;
            self.visit_expr_mut(expr);
            self.value = false;
            return;
        }
        match expr {
            Expr::Closure(closure) => self.flow.record_in(&mut closure.body),
            // A probe that is written already, or `?` of its own.
            Expr::Async(_) | Expr::Const(_) | Expr::TryBlock(_) | Expr::Verbatim(_) => {}
            Expr::Try(_) => self.question(expr),
            Expr::Call(call) => {
                let operands = std::iter::once(&mut *call.func).chain(&mut call.args);
                self.operands(operands.collect());
            }
            Expr::MethodCall(call) => {
                if operand_of_takes(call).is_some() {
                    self.take(&mut call.receiver, panics(&call.method));
                    call.args
                        .iter_mut()
                        .for_each(|arg| self.visit_expr_mut(arg));
                } else {
                    let operands = std::iter::once(&mut *call.receiver).chain(&mut call.args);
                    self.operands(operands.collect());
                }
            }
            Expr::Struct(value) => {
                let fields = value.fields.iter_mut().map(|field| &mut field.expr);
                let rest = value.rest.as_deref_mut();
                self.operands(fields.chain(rest).collect());
            }
            Expr::Tuple(tuple) => self.operands(tuple.elems.iter_mut().collect()),
            Expr::Array(array) => self.operands(array.elems.iter_mut().collect()),
            Expr::Binary(binary) if !matches!(binary.op, BinOp::And(_) | BinOp::Or(_)) => {
                self.operands(vec![&mut binary.left, &mut binary.right]);
            }
            Expr::Index(index) => self.operands(vec![&mut index.expr, &mut index.index]),
            Expr::Repeat(repeat) => self.visit_expr_mut(&mut repeat.expr),
            Expr::Let(condition) => {
                self.initializer(&mut condition.expr, &condition.pat);
            }
            Expr::Match(matched) => {
                self.head_of_match(matched);
                self.doomed |= has_taken(&matched.expr);
                let later = std::mem::take(&mut self.later);
                for arm in &mut matched.arms {
                    if let Pat::Guard(guarded) = &mut arm.pat {
                        self.visit_expr_mut(&mut guarded.guard);
                    }
                    self.visit_expr_mut(&mut arm.body);
                }
                self.later = later;
            }
            Expr::If(branch) => {
                self.visit_expr_mut(&mut branch.cond);
                self.doomed |= has_taken(&branch.cond);
                let later = std::mem::take(&mut self.later);
                self.block(&mut branch.then_branch);
                if let Some((_, other)) = &mut branch.else_branch {
                    self.visit_expr_mut(other);
                }
                self.later = later;
            }
            Expr::ForLoop(each) => {
                self.visit_expr_mut(&mut each.expr);
                self.doomed |= has_taken(&each.expr);
                self.in_loop(&mut each.label, &mut each.body, Some(&each.pat));
            }
            Expr::While(each) => {
                self.visit_expr_mut(&mut each.cond);
                self.doomed |= has_taken(&each.cond);
                self.in_loop(&mut each.label, &mut each.body, None);
            }
            Expr::Loop(each) => self.in_loop(&mut each.label, &mut each.body, None),
            Expr::Block(block) => self.labelled_block(block),
            Expr::Unsafe(block) => self.block(&mut block.block),
            // There may be a block of ours around.
            Expr::Break(exit) => {
                if exit.label.is_none() {
                    exit.label = self.scope.innermost();
                }
                if let Some(value) = &mut exit.expr {
                    self.visit_expr_mut(value);
                }
            }
            Expr::Continue(exit) => {
                if exit.label.is_none() {
                    exit.label = self.scope.innermost();
                }
            }
            Expr::Macro(call) => self.macro_arguments(&mut call.mac),
            expr => visit_mut::visit_expr_mut(self, expr),
        }
    }

    fn visit_block_mut(&mut self, block: &mut Block) {
        self.block(block);
    }

    fn visit_item_mut(&mut self, _: &mut syn::Item) {}
    fn visit_type_mut(&mut self, _: &mut syn::Type) {}
    fn visit_pat_mut(&mut self, _: &mut Pat) {}
    fn visit_angle_bracketed_generic_arguments_mut(
        &mut self,
        _: &mut syn::AngleBracketedGenericArguments,
    ) {
    }
    fn visit_attribute_mut(&mut self, _: &mut syn::Attribute) {}
}

impl Asker<'_, '_> {
    fn macro_arguments(&mut self, mac: &mut syn::Macro) {
        if let Some(label) = self.scope.innermost() {
            NameLoops(label).visit_macro_mut(mac);
        }
        if self.flow.leaves_alone(mac) {
            return;
        }
        let mut arguments = arguments::parse(mac);
        if !arguments.all_exprs() {
            // When they are evaluated only the macro knows.
            if self.flow.records_in_closures {
                let miss = None;
                arguments.visit(&mut Recorder {
                    flow: self.flow,
                    miss,
                });
                mac.tokens = arguments.into_token_stream();
            }
            return;
        }
        // The others are evaluated only at need.
        let mut exprs = arguments.exprs_mut();
        let others = exprs.split_off(evaluates(mac).min(exprs.len()));
        if takes_apart(mac) {
            for expr in exprs {
                self.scrutinee(expr);
            }
        } else {
            self.operands(exprs);
        }
        for expr in others {
            self.visit_expr_mut(expr);
        }
        mac.tokens = arguments.into_token_stream();
    }
}

/// Whether an expression has blocks of its own.
fn is_compound(expr: &Expr) -> bool {
    matches!(
        expr,
        Expr::Block(_)
            | Expr::ForLoop(_)
            | Expr::If(_)
            | Expr::Loop(_)
            | Expr::Match(_)
            | Expr::Unsafe(_)
            | Expr::While(_)
    )
}

/// Whether a block holds a statement that acts, at any depth.
fn acts(block: &Block) -> bool {
    struct Find(bool);
    impl<'ast> Visit<'ast> for Find {
        fn visit_stmt(&mut self, stmt: &'ast syn::Stmt) {
            self.0 |= match stmt {
                syn::Stmt::Expr(_, semi) => semi.is_some(),
                syn::Stmt::Macro(_) => true,
                syn::Stmt::Local(_) | syn::Stmt::Item(_) => false,
            };
            visit::visit_stmt(self, stmt);
        }
        fn visit_item(&mut self, _: &'ast syn::Item) {}
    }
    let mut find = Find(false);
    find.visit_block(block);
    find.0
}

/// Names the loop that is meant where a `break` or `continue` in the arguments
/// of a macro names none: there may be a block of ours around.
struct NameLoops(Lifetime);

impl VisitMut for NameLoops {
    fn visit_expr_break_mut(&mut self, exit: &mut syn::ExprBreak) {
        if exit.label.is_none() {
            exit.label = Some(self.0.clone());
        }
        visit_mut::visit_expr_break_mut(self, exit);
    }
    fn visit_expr_continue_mut(&mut self, exit: &mut syn::ExprContinue) {
        if exit.label.is_none() {
            exit.label = Some(self.0.clone());
        }
    }
    fn visit_macro_mut(&mut self, mac: &mut syn::Macro) {
        if holds_exit(mac) {
            let mut arguments = arguments::parse(mac);
            arguments.visit(self);
            mac.tokens = arguments.into_token_stream();
        }
    }
    fn visit_expr_for_loop_mut(&mut self, each: &mut syn::ExprForLoop) {
        self.visit_expr_mut(&mut each.expr);
    }
    fn visit_expr_while_mut(&mut self, _: &mut syn::ExprWhile) {}
    fn visit_expr_loop_mut(&mut self, _: &mut syn::ExprLoop) {}
    fn visit_expr_closure_mut(&mut self, _: &mut syn::ExprClosure) {}
    fn visit_expr_async_mut(&mut self, _: &mut syn::ExprAsync) {}
    fn visit_item_mut(&mut self, _: &mut syn::Item) {}
}

/// Whether closures are called in an expression in which faults are recorded.
fn calls_back(expr: &Expr) -> bool {
    struct Find(bool);
    impl<'ast> Visit<'ast> for Find {
        fn visit_expr_closure(&mut self, closure: &'ast syn::ExprClosure) {
            self.0 |= has_faults_of_its_own(&closure.body);
        }
        fn visit_item(&mut self, _: &'ast syn::Item) {}
    }
    let mut find = Find(false);
    find.visit_expr(expr);
    find.0
}

/// What an operand could have changed.
fn changed(flow: &Flow<'_>, operand: &Expr) -> Names {
    let mentioned = flow.mentions(operand);
    flow.facts.changed(&mentioned, &Names::default())
}

/// Whether a rewritten head records faults without leaving the statement.
pub(super) fn has_taken(head: &Expr) -> bool {
    any_word(&head.to_token_stream(), &|word| {
        let word = word.to_string();
        word == "Taken"
            || ["slot", "step", "loop"].iter().any(|what| {
                let ours = word.strip_prefix("__probed_");
                ours.is_some_and(|ours| ours.starts_with(what))
            })
    })
}

/// Takes `.map_err(..)` and its like from an operand, so that a fault is found
/// before they are called.
fn take_adapter(question: &mut ExprTry) -> Option<TokenStream> {
    let Expr::MethodCall(call) = &mut *question.expr else {
        return None;
    };
    let pure = |arg: &Expr| matches!(arg, Expr::Closure(_) | Expr::Lit(_) | Expr::Path(_));
    if !hides_error(call) || call.args.len() != 1 || !pure(&call.args[0]) {
        return None;
    }
    let ExprMethodCall {
        dot_token,
        method,
        turbofish,
        paren_token,
        args,
        ..
    } = &*call;
    let mut adapter = quote!(#dot_token #method #turbofish);
    paren_token.surround(&mut adapter, |tokens| args.to_tokens(tokens));
    let receiver = std::mem::replace(&mut *call.receiver, Expr::PLACEHOLDER);
    *question.expr = receiver;
    Some(adapter)
}

/// A question whose operand is rewritten.
pub(super) struct Asking {
    question: ExprTry,
    place: Place,
    adapter: Option<TokenStream>,
    is_probe: bool,
}

impl Asking {
    /// Writes it.
    pub(super) fn with<R>(&self, write: impl FnOnce(Question<'_>) -> R) -> R {
        write(Question {
            operand: &operand(&self.question.expr),
            place: self.place,
            mark: self.question.question_token,
            adapter: self.adapter.as_ref(),
            is_probe: self.is_probe,
        })
    }
}

impl Flow<'_> {
    pub(super) fn asker<'f>(
        &'f self,
        miss: Way,
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
            top: false,
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
    pub(super) fn ask(
        &self,
        expr: &Expr,
        miss: Way,
        strict: bool,
        doomed: bool,
        value: bool,
        scope: &Scope,
        taint: &Names,
    ) -> Expr {
        self.asker(miss, strict, doomed, value, scope, taint)
            .rewritten(expr)
    }
}

impl Asker<'_, '_> {
    /// Rewrites a statement whose blocks a doomed run leaves by another way
    /// than its head.
    pub(super) fn blocks_exit(&mut self, expr: &mut Expr, exit: Way) {
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
                for arm in &mut matched.arms {
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
                self.visit_expr_mut(&mut each.expr);
                self.doomed |= has_taken(&each.expr);
                self.miss = exit;
                self.in_loop(&mut each.label, &mut each.body, Some(&each.pat));
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
}
