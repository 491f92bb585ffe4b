//! Expressions: each `?` becomes a question, whose miss goes where the
//! statement says.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::{
    BinOp, Block, Expr, ExprMethodCall, ExprTry, Label, Pat,
    visit::{self, Visit},
    visit_mut::{self, VisitMut},
};

use super::{
    flow::{Flow, Scope, State},
    mentions::{Names, mentions},
    plan::Plan,
    vocabulary::{
        handed_suppressed, has_effect, has_question, is_call, is_result_pattern, operand_of_takes,
    },
};
use crate::{
    known_macros::{TEXT, name},
    marker::Marker,
    names::Names as Emit,
    receiver,
    rewrite::arguments,
    spans::{self, Place, glue},
};

/// Rewrites one expression.
pub(super) struct Asker<'f, 'a> {
    pub(super) flow: &'f Flow<'a>,

    /// Where a miss goes: a diverging expression.
    pub(super) miss: TokenStream,

    /// Whether a fault in a result that is taken apart is a miss, because an
    /// act follows.
    pub(super) strict: bool,

    /// Whether the run may be doomed before the expression.
    pub(super) doomed: bool,

    /// Whether the expression is a value, so that calls at the ends of its
    /// blocks ask.
    pub(super) value: bool,

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
        let siblings = self
            .later
            .iter()
            .rev()
            .flatten()
            .map(|sibling| self.flow.sibling(sibling, self.scope, self.taint));
        let siblings = siblings.collect::<TokenStream>();
        if siblings.is_empty() {
            miss.clone()
        } else {
            quote!({ #siblings #miss })
        }
    }

    /// Operands that are evaluated one after the other, in any case.
    fn operands(&mut self, mut operands: Vec<&mut Expr>) {
        for index in 0..operands.len() {
            let (done, rest) = operands.split_at_mut(index + 1);
            if !rest.is_empty() && has_question(&done[index]) {
                let facts = self.flow.facts;
                let mut gone = Names::default();
                let mut later = Vec::new();
                gone.extend(&changed(self.flow, done[index]));
                for operand in rest.iter() {
                    for ask in asks(operand, self.flow) {
                        if !mentions(&ask, &facts.locals).meets(&gone) {
                            later.push(ask);
                        }
                    }
                    gone.extend(&changed(self.flow, operand));
                }
                self.later.push(later);
                self.visit_expr_mut(done[index]);
                self.later.pop();
            } else {
                self.visit_expr_mut(done[index]);
            }
        }
    }

    fn question(&mut self, expr: &mut Expr) {
        let Expr::Try(question) = expr else { return };
        let attrs = std::mem::take(&mut question.attrs);
        let adapter = take_adapter(question);
        self.serve(&mut question.expr);
        let place = Place::of(&question.expr);
        self.visit_expr_mut(&mut question.expr);
        let operand = crate::rewrite::operand(&question.expr);
        let mark = question.question_token;
        let at = glue(mark.span);
        let emit = self.flow.emit;
        let runtime = emit.runtime_at(mark.span);
        let prober = emit.prober_at(place.start);
        let ask = if adapter.is_some() {
            "ask_before"
        } else {
            "ask"
        };
        let args = quote_spanned!(at=> #operand, #prober);
        let ask = Emit::call(ask, place, args);
        let missed = self.missed();
        let failed = crate::names::hidden("__probed_failed", place.start);
        let failure = match adapter {
            Some((dot, method, turbofish, args)) => {
                quote!(#failed #dot #method #turbofish (#args))
            }
            None => quote!(#failed),
        };
        let outcome = quote_spanned! {at=>
            match #ask {
                #runtime::Asked::Value(__probed_value) => __probed_value,
                #runtime::Asked::Missing => #missed,
                #runtime::Asked::Failed(#failed) => #runtime::absurd(#failure #mark),
            }
        };
        let place = Place {
            end: mark.span,
            ..place
        };
        let value = Emit::call("got", place, outcome);
        *expr = if attrs.is_empty() {
            value
        } else {
            Expr::Verbatim(quote!(#(#attrs)* #value))
        };
    }

    /// Lets the runtime serve a read of vmi-core's.
    fn serve(&self, operand: &mut Expr) {
        if let Expr::MethodCall(call) = operand
            && self.flow.is_served(call)
        {
            *call.receiver = self.flow.emit.served(&call.receiver);
        }
    }

    /// Records the faults of a result that the body takes apart.
    fn take(&mut self, expr: &mut Expr) {
        let place = Place::of(expr);
        self.visit_expr_mut(expr);
        let operand = crate::rewrite::operand(expr);
        let emit = self.flow.emit;
        let prober = emit.prober_at(place.start);
        let at = place.glue();
        let runtime = emit.runtime_at(place.start);
        let noted = quote_spanned!(at=> #runtime::Taken(#operand).note(#prober));
        *expr = if self.strict {
            let missed = self.missed();
            let doomed = quote_spanned!(at=> #runtime::doomed(#prober));
            let outcome = quote_spanned! {at=>
                match #noted {
                    __probed_value => {
                        if #doomed { #missed }
                        __probed_value
                    }
                }
            };
            Emit::call("got", place, outcome)
        } else {
            Emit::call("got", place, noted)
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
            expr if is_call(expr) => self.take(expr),
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

    /// A loop: what it asks in its head, and its body.
    pub(super) fn in_loop(&mut self, label: &mut Option<Label>, body: &mut Block, items: bool) {
        let label = self.flow.label_loop(label);
        let next = items
            && !self.value
            && Plan::block_of(body).is_some_and(|body| self.flow.goes_on(body));
        let on_continue = if next {
            quote!(continue #label)
        } else {
            self.miss.clone()
        };
        let on_break = if self.value {
            self.miss.clone()
        } else {
            quote!(break #label)
        };
        let mut state = self.state();
        state.exit.clone_from(&on_continue);
        state.value = false;
        if next {
            state.doomed = true;
            let changes = Plan::block_of(body).map(|body| self.flow.changes(body));
            state.taint.extend(&changes.unwrap_or_default());
        }
        let scope = self.scope.with(label, on_break, on_continue);
        self.block_with(body, state, &scope, !next);
    }
}

impl VisitMut for Asker<'_, '_> {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        match expr {
            Expr::Closure(closure) => self.flow.record_in(&mut closure.body),
            Expr::Async(_) | Expr::TryBlock(_) | Expr::Const(_) => {}
            Expr::Try(_) => self.question(expr),
            Expr::Call(call) => {
                let operands = std::iter::once(&mut *call.func).chain(&mut call.args);
                self.operands(operands.collect());
            }
            Expr::MethodCall(call) => {
                if operand_of_takes(call).is_some() {
                    self.take(&mut call.receiver);
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
                if is_result_pattern(&condition.pat) {
                    self.scrutinee(&mut condition.expr);
                } else {
                    self.visit_expr_mut(&mut condition.expr);
                }
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
                self.in_loop(&mut each.label, &mut each.body, true);
            }
            Expr::While(each) => {
                self.visit_expr_mut(&mut each.cond);
                self.doomed |= has_taken(&each.cond);
                self.in_loop(&mut each.label, &mut each.body, false);
            }
            Expr::Loop(each) => self.in_loop(&mut each.label, &mut each.body, false),
            Expr::Block(block) => {
                let scope = match &block.label {
                    Some(label) => {
                        let label = &label.name;
                        let on_break = if self.value {
                            self.miss.clone()
                        } else {
                            quote!(break #label)
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
            Expr::Verbatim(_) => {}
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
        if Marker::of(&mac.path, self.flow.krate).is_some()
            || TEXT.contains(&name(mac).as_str())
            || !has_question(&mac.tokens)
        {
            return;
        }
        if let Ok(mut arguments) = arguments::parse(mac) {
            if arguments.all_exprs() {
                self.operands(arguments.exprs_mut());
                mac.tokens = arguments.into_token_stream();
            }
        }
    }
}

/// What an operand could have changed.
fn changed(flow: &Flow<'_>, operand: &Expr) -> Names {
    let mentioned = mentions(operand, &flow.facts.locals);
    flow.facts.changed(&mentioned, &Names::default())
}

/// Whether a rewritten head records faults without leaving the statement.
pub(super) fn has_taken(head: &Expr) -> bool {
    fn has(tokens: TokenStream) -> bool {
        tokens.into_iter().any(|token| match token {
            proc_macro2::TokenTree::Ident(ident) => ident == "Taken" || ident == "noted",
            proc_macro2::TokenTree::Group(group) => has(group.stream()),
            _ => false,
        })
    }
    has(head.to_token_stream())
}

type Adapter = (
    syn::Token![.],
    syn::Ident,
    Option<syn::AngleBracketedGenericArguments>,
    TokenStream,
);

/// Takes `.map_err(..)` and its like from an operand, so that a fault is found
/// before they are called.
fn take_adapter(question: &mut ExprTry) -> Option<Adapter> {
    let Expr::MethodCall(call) = &mut *question.expr else {
        return None;
    };
    let adapts = matches!(
        call.method.to_string().as_str(),
        "map_err" | "context" | "with_context" | "wrap_err" | "wrap_err_with"
    );
    let pure = |arg: &Expr| matches!(arg, Expr::Closure(_) | Expr::Lit(_) | Expr::Path(_));
    if !adapts || call.args.len() != 1 || !pure(&call.args[0]) || !is_call(&call.receiver) {
        return None;
    }
    let args = call.args.to_token_stream();
    let adapter = (
        call.dot_token,
        call.method.clone(),
        call.turbofish.take(),
        args,
    );
    let receiver = std::mem::replace(&mut *call.receiver, Expr::PLACEHOLDER);
    *question.expr = receiver;
    Some(adapter)
}

/// What asks in an expression whatever it comes to: its outermost `?`, and
/// calls that inherit the doom.
pub(super) fn asks(expr: &Expr, flow: &Flow<'_>) -> Vec<Expr> {
    let mut asks = Asks {
        flow,
        found: Vec::new(),
    };
    asks.visit_expr(expr);
    asks.found
}

/// What asks in a statement that is not run: in the operands of its call.
pub(super) fn asks_of_act(expr: &Expr, flow: &Flow<'_>) -> Vec<Expr> {
    let mut asks = Asks {
        flow,
        found: Vec::new(),
    };
    asks.visit_operands(expr);
    asks.found
}

struct Asks<'f, 'a> {
    flow: &'f Flow<'a>,
    found: Vec<Expr>,
}

impl Asks<'_, '_> {
    fn push(&mut self, expr: &Expr) {
        if !has_effect(expr, self.flow.facts) {
            self.found.push(expr.clone());
        }
    }

    fn visit_operands(&mut self, expr: &Expr) {
        match expr {
            Expr::Try(question) if !flow_reads(self.flow, &question.expr) => {
                self.visit_operands(&question.expr);
            }
            Expr::Try(_) => self.push(expr),
            Expr::Await(future) => self.visit_operands(&future.base),
            Expr::Paren(paren) => self.visit_operands(&paren.expr),
            Expr::Group(group) => self.visit_operands(&group.expr),
            expr @ (Expr::Call(_) | Expr::MethodCall(_)) if handed_suppressed(expr) => {
                self.push(expr);
            }
            expr => visit::visit_expr(self, expr),
        }
    }
}

/// Whether an expression is a read of guest memory, which asks wherever it
/// stands.
fn flow_reads(flow: &Flow<'_>, expr: &Expr) -> bool {
    matches!(expr, Expr::MethodCall(call)
        if receiver::is_read(&call.method) && receiver::is_on(call, flow.receivers))
        || handed_suppressed(expr)
}

impl<'ast> Visit<'ast> for Asks<'_, '_> {
    fn visit_expr(&mut self, expr: &'ast Expr) {
        match expr {
            Expr::Try(question) => {
                if has_effect(&question.expr, self.flow.facts) {
                    visit::visit_expr(self, &question.expr);
                } else {
                    self.found.push(expr.clone());
                }
            }
            expr @ (Expr::Call(_) | Expr::MethodCall(_)) if handed_suppressed(expr) => {
                self.push(expr);
            }
            Expr::MethodCall(call) if operand_of_takes(call).is_some() => {
                self.push(&call.receiver);
                call.args.iter().for_each(|arg| self.visit_expr(arg));
            }
            // Not in any case.
            Expr::Binary(binary) if matches!(binary.op, BinOp::And(_) | BinOp::Or(_)) => {
                self.visit_expr(&binary.left);
            }
            Expr::If(branch) => self.visit_expr(&branch.cond),
            Expr::Match(matched) => self.visit_expr(&matched.expr),
            Expr::While(each) => self.visit_expr(&each.cond),
            Expr::ForLoop(each) => self.visit_expr(&each.expr),
            Expr::Macro(call) => {
                if Marker::of(&call.mac.path, self.flow.krate).is_none()
                    && !TEXT.contains(&name(&call.mac).as_str())
                    && has_question(&call.mac.tokens)
                    && let Ok(arguments) = arguments::parse(&call.mac)
                {
                    for argument in arguments.exprs() {
                        self.visit_expr(argument);
                    }
                }
            }
            Expr::Closure(_)
            | Expr::Async(_)
            | Expr::Block(_)
            | Expr::Const(_)
            | Expr::Loop(_)
            | Expr::Unsafe(_)
            | Expr::TryBlock(_) => {}
            expr => visit::visit_expr(self, expr),
        }
    }

    fn visit_item(&mut self, _: &'ast syn::Item) {}
    fn visit_block(&mut self, _: &'ast Block) {}
}

/// Whether a call is one of a read that the runtime serves.
pub(super) fn is_read_on(call: &ExprMethodCall, flow: &Flow<'_>) -> bool {
    receiver::is_read(&call.method) && receiver::is_on(call, flow.receivers)
}

/// The span by which a call is blamed.
pub(super) fn start(expr: &Expr) -> proc_macro2::Span {
    spans::start(expr)
}
