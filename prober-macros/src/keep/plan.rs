//! A body as steps: its statements, each with what it mentions, binds,
//! changes and may leave, worked out once.

use std::collections::HashSet;

use proc_macro2::Span;
use syn::{
    Block, Expr, ExprBreak, ExprContinue, ExprLit, ExprMacro, Lifetime, Lit, LitInt, Macro, Pat,
    Stmt, UnOp,
    spanned::Spanned,
    token::Brace,
    visit::{self, Visit},
    visit_mut::{self, VisitMut},
};

use super::{
    facts::{Facts, bound},
    mentions::{Names, mentions},
    outputs::reads_and_all,
    risks::{Risks, unchecked},
    words::{
        Holds, changes_behind_reference, handed_suppressed, holds_closure, is_effect, is_static,
        may_leave, operand_of_takes,
    },
};
use crate::{
    classify,
    emit::glue,
    invisible,
    marker::Marker,
    receiver::{Receiver, variable},
    rewrite::arguments,
    vocabulary,
};

/// A block of a [`Plan`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BlockId(usize);

/// The blocks of a body, from inside out.
pub(super) struct Plan {
    blocks: Vec<Vec<Step>>,
}

impl Plan {
    pub(super) fn steps(&self, block: BlockId) -> &[Step] {
        &self.blocks[block.0]
    }

    /// The blocks of a statement.
    pub(super) fn blocks_of(stmt: &Stmt) -> Vec<BlockId> {
        let mut find = FindBlocks(Vec::new());
        find.visit_stmt(stmt);
        find.0
    }

    /// The blocks of an expression.
    pub(super) fn blocks_in(expr: &Expr) -> Vec<BlockId> {
        let mut find = FindBlocks(Vec::new());
        find.visit_expr(expr);
        find.0
    }

    /// The block that stands for another.
    pub(super) fn block_of(block: &Block) -> Option<BlockId> {
        match &block.stmts[..] {
            [
                Stmt::Expr(
                    Expr::Lit(ExprLit {
                        lit: Lit::Int(number),
                        ..
                    }),
                    None,
                ),
            ] if number.suffix() == "probed" => number.base10_parse().ok().map(BlockId),
            _ => None,
        }
    }
}

/// Finds the blocks of code that was planned.
struct FindBlocks(Vec<BlockId>);

impl<'ast> Visit<'ast> for FindBlocks {
    fn visit_block(&mut self, block: &'ast Block) {
        self.0.extend(Plan::block_of(block));
    }
    fn visit_expr_closure(&mut self, _: &'ast syn::ExprClosure) {}
    fn visit_expr_async(&mut self, _: &'ast syn::ExprAsync) {}
    fn visit_item(&mut self, _: &'ast syn::Item) {}
}

/// A statement.
#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
pub(super) struct Step {
    /// The statement; blocks in it are numbers of the plan.
    pub(super) stmt: Stmt,

    pub(super) kind: Kind,

    /// All that it mentions.
    pub(super) mentions: Names,

    /// What it mentions, beside what its calls only write to.
    pub(super) reads: Names,

    /// What it mentions outside of its blocks, if it has any.
    pub(super) head: Names,

    pub(super) binds: Names,

    /// What could have changed if it ran.
    pub(super) changes: Names,

    /// Whether there is something to probe in it.
    pub(super) asks: bool,

    /// Whether there is something to probe in it outside of its blocks.
    pub(super) head_asks: bool,

    /// Whether faults may be recorded in it without leaving it.
    pub(super) takes: bool,

    /// Whether it has an effect outside of its blocks, other than as a
    /// statement.
    pub(super) effect: bool,

    /// What it may leave.
    pub(super) exits: Vec<Exit>,

    /// Whether its value is a read whose type its name tells.
    pub(super) type_is_known: bool,

    /// What becomes of closures in its initializer.
    pub(super) closures: Option<Holds>,

    /// Whether it is there only under some `#[cfg]`.
    pub(super) conditional: bool,
}

/// What a statement is to a run that is doomed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Item,
    /// `let`: asks.
    Let,
    /// A read into a buffer, or a call that inherits the doom.
    Ask,
    /// Acts when it runs.
    Act,
    /// `return`, `break`, `continue`.
    Exit,
    /// `if`, `match`, a loop, a block.
    Compound,
    /// The value of a block.
    Tail,
}

/// Where control goes on leaving a statement.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Exit {
    Function,
    Break(Option<Lifetime>),
    Continue(Option<Lifetime>),
}

/// What making a plan needs to know.
pub(super) struct Planner<'a> {
    pub(super) facts: &'a Facts,
    pub(super) receivers: &'a [Receiver],
    pub(super) krate: &'a syn::Path,
    blocks: Vec<Vec<Step>>,
    /// What the loop binds whose body comes next.
    item: Names,
}

/// Makes the plan of a body.
pub(super) fn plan(
    body: &mut Block,
    facts: &Facts,
    receivers: &[Receiver],
    krate: &syn::Path,
) -> (Plan, BlockId) {
    let mut planner = Planner {
        facts,
        receivers,
        krate,
        blocks: Vec::new(),
        item: Names::default(),
    };
    planner.visit_block_mut(body);
    let id = Plan::block_of(body).expect("a block that was planned has its number");
    (
        Plan {
            blocks: planner.blocks,
        },
        id,
    )
}

impl VisitMut for Planner<'_> {
    fn visit_block_mut(&mut self, block: &mut Block) {
        let item = std::mem::take(&mut self.item);
        let stmts = std::mem::take(&mut block.stmts);
        let count = stmts.len();
        let steps = stmts
            .into_iter()
            .enumerate()
            .map(|(index, stmt)| {
                // Where an item is missing, there may be none.
                let opens = opens(&stmt, &item);
                let mut step = self.step(stmt, index + 1 == count);
                if opens && !step.exits.contains(&Exit::Continue(None)) {
                    step.exits.push(Exit::Continue(None));
                }
                step
            })
            .collect();
        let number = format!("{}probed", self.blocks.len());
        self.blocks.push(steps);
        let number = LitInt::new(&number, Span::mixed_site());
        block.stmts = vec![Stmt::Expr(
            Expr::Lit(ExprLit {
                attrs: Vec::new(),
                lit: Lit::Int(number),
            }),
            None,
        )];
    }

    fn visit_expr_for_loop_mut(&mut self, each: &mut syn::ExprForLoop) {
        self.visit_expr_mut(&mut each.expr);
        self.item = bound(&each.pat);
        self.visit_block_mut(&mut each.body);
    }

    fn visit_expr_while_mut(&mut self, each: &mut syn::ExprWhile) {
        self.visit_expr_mut(&mut each.cond);
        if let Expr::Let(condition) = &*each.cond {
            self.item = bound(&condition.pat);
        }
        self.visit_block_mut(&mut each.body);
    }

    fn visit_arm_mut(&mut self, arm: &mut syn::Arm) {
        if !matches!(&*arm.body, Expr::Block(_)) && !is_plain(&arm.body) {
            let body = std::mem::replace(&mut *arm.body, Expr::PLACEHOLDER);
            let span = body.span();
            *arm.body = Expr::Block(syn::ExprBlock {
                attrs: Vec::new(),
                label: None,
                block: Block {
                    brace_token: Brace(glue(span)),
                    stmts: vec![Stmt::Expr(body, None)],
                },
            });
        }
        visit_mut::visit_arm_mut(self, arm);
    }

    // Functions of their own, as far as `?` goes.
    fn visit_expr_closure_mut(&mut self, _: &mut syn::ExprClosure) {}
    fn visit_expr_async_mut(&mut self, _: &mut syn::ExprAsync) {}
    fn visit_expr_try_block_mut(&mut self, _: &mut syn::ExprTryBlock) {}
    fn visit_expr_const_mut(&mut self, _: &mut syn::ExprConst) {}
    fn visit_item_mut(&mut self, _: &mut syn::Item) {}
    fn visit_type_mut(&mut self, _: &mut syn::Type) {}
    fn visit_angle_bracketed_generic_arguments_mut(
        &mut self,
        _: &mut syn::AngleBracketedGenericArguments,
    ) {
    }
    fn visit_expr_repeat_mut(&mut self, repeat: &mut syn::ExprRepeat) {
        self.visit_expr_mut(&mut repeat.expr);
    }
}

impl Planner<'_> {
    fn step(&mut self, mut stmt: Stmt, last: bool) -> Step {
        if let Stmt::Macro(call) = stmt {
            // A statement macro in braces is one without `;`, and no value.
            let semi = call.semi_token.or_else(|| {
                (!last && matches!(call.mac.delimiter, syn::MacroDelimiter::Brace(_)))
                    .then(|| syn::Token![;](glue(call.mac.path.span())))
            });
            let expr = Expr::Macro(ExprMacro {
                attrs: call.attrs,
                mac: call.mac,
            });
            stmt = Stmt::Expr(expr, semi);
        }
        let locals = &self.facts.locals;
        let (mut reads, mut all) = match &stmt {
            // What it binds is new.
            Stmt::Local(syn::Local {
                init: Some(init), ..
            }) if init.diverge.is_none() => reads_and_all(&init.expr, self.facts, self.receivers),
            Stmt::Local(local) => {
                let all = mentions_of_value(local, locals);
                (all.clone(), all)
            }
            Stmt::Expr(expr, _) => reads_and_all(expr, self.facts, self.receivers),
            stmt => {
                let all = mentions(stmt, locals);
                (all.clone(), all)
            }
        };
        let mut look = Look::new(self.facts, self.receivers, self.krate);
        look.visit_stmt(&stmt);
        let Look {
            asks,
            takes,
            exits,
            roots,
            ..
        } = look;

        let binds = match &stmt {
            Stmt::Local(local) => bound(&local.pat),
            _ => Names::default(),
        };
        let closures = match &stmt {
            Stmt::Local(local) => local
                .init
                .as_ref()
                .and_then(|init| holds_closure(&init.expr)),
            _ => None,
        };
        let type_is_known = match &stmt {
            Stmt::Local(syn::Local {
                init: Some(init), ..
            }) => match &*init.expr {
                Expr::Try(question) => matches!(&*question.expr, Expr::MethodCall(call)
                    if vocabulary::tells_type(&call.method)
                        && classify::is_read(call, self.receivers)),
                _ => false,
            },
            _ => false,
        };
        let kind = self.kind(&stmt, last);
        let mut roots = roots;
        if let Stmt::Expr(expr, _) = &stmt
            && matches!(kind, Kind::Act | Kind::Ask | Kind::Tail)
            && let Some(root) = acted_on(expr)
        {
            roots.push(root);
        }
        let roots = roots.into_iter().collect::<Names>();
        let mut changes = self.facts.changed(&all, &roots);
        changes.extend(&unchecked(&stmt, self.facts, self.receivers));
        let mut risks = Risks::new(&self.facts.locals);
        risks.visit_stmt(&stmt);
        let risks = risks.names();
        all.extend(&risks);
        reads.extend(&risks);
        let conditional = attributes(&stmt)
            .iter()
            .any(|attr| attr.path().is_ident("cfg") || attr.path().is_ident("cfg_attr"));

        let (head, head_asks) = match (kind, &stmt) {
            (Kind::Compound, Stmt::Expr(expr, _)) => self.head(expr),
            _ => (Names::default(), asks),
        };

        visit_mut::visit_stmt_mut(self, &mut stmt);

        let effect = is_effect(&stmt, self.facts, kind);
        Step {
            stmt,
            kind,
            mentions: all,
            reads,
            head,
            binds,
            changes,
            asks,
            head_asks,
            takes,
            effect,
            exits,
            type_is_known,
            closures,
            conditional,
        }
    }

    /// What the head of a statement with blocks mentions, and whether it asks.
    fn head(&self, expr: &Expr) -> (Names, bool) {
        let mut look = Look::new(self.facts, self.receivers, self.krate);
        let mut names = Names::default();
        for head in heads(expr) {
            names.extend(&mentions(head, &self.facts.locals));
            let mut risks = Risks::new(&self.facts.locals);
            risks.visit_expr(head);
            names.extend(&risks.names());
            look.visit_expr(head);
        }
        (names, look.asks || takes_apart(expr))
    }

    fn kind(&self, stmt: &Stmt, last: bool) -> Kind {
        match stmt {
            Stmt::Item(_) => Kind::Item,
            Stmt::Local(_) => Kind::Let,
            Stmt::Macro(_) => Kind::Act,
            Stmt::Expr(expr, semi) => match core(expr) {
                Expr::If(_)
                | Expr::Match(_)
                | Expr::ForLoop(_)
                | Expr::While(_)
                | Expr::Loop(_)
                | Expr::Block(_) => Kind::Compound,
                Expr::Return(_) | Expr::Break(_) | Expr::Continue(_) => Kind::Exit,
                Expr::MethodCall(call)
                    if classify::is_read(call, self.receivers) && semi.is_some() =>
                {
                    Kind::Ask
                }
                core @ (Expr::Call(_) | Expr::MethodCall(_)) if handed_suppressed(core) => {
                    if semi.is_some() {
                        Kind::Ask
                    } else {
                        Kind::Tail
                    }
                }
                _ if last && semi.is_none() => Kind::Tail,
                _ => Kind::Act,
            },
        }
    }
}

/// Whether a statement opens an item of a loop outside of its blocks: `item?`.
fn opens(stmt: &Stmt, item: &Names) -> bool {
    struct Find<'a>(&'a Names, bool);
    impl<'ast> Visit<'ast> for Find<'_> {
        fn visit_expr_try(&mut self, question: &'ast syn::ExprTry) {
            if let Expr::Path(path) = &*question.expr
                && let Some(name) = path.path.get_ident()
            {
                self.1 |= self.0.holds(&variable(name));
            }
            visit::visit_expr_try(self, question);
        }
        fn visit_block(&mut self, _: &'ast Block) {}
        fn visit_arm(&mut self, _: &'ast syn::Arm) {}
        fn visit_expr_closure(&mut self, _: &'ast syn::ExprClosure) {}
        fn visit_expr_async(&mut self, _: &'ast syn::ExprAsync) {}
        fn visit_item(&mut self, _: &'ast syn::Item) {}
    }
    if item.is_empty() {
        return false;
    }
    let mut find = Find(item, false);
    find.visit_stmt(stmt);
    find.1
}

/// What a `let` mentions, beside what it binds.
fn mentions_of_value(local: &syn::Local, locals: &HashSet<String>) -> Names {
    let Some(init) = &local.init else {
        return Names::default();
    };
    let names = mentions(&init.expr, locals);
    match &init.diverge {
        Some((_, diverge)) => names.union(&mentions(diverge, locals)),
        None => names,
    }
}

/// The attributes of a statement. rustc allows none on an assignment or on an
/// operator between two operands.
pub(super) fn attributes(stmt: &Stmt) -> &[syn::Attribute] {
    match stmt {
        Stmt::Local(local) => &local.attrs,
        Stmt::Macro(call) => &call.attrs,
        Stmt::Expr(expr, _) => match expr {
            Expr::Array(expr) => &expr.attrs,
            Expr::Await(expr) => &expr.attrs,
            Expr::Block(expr) => &expr.attrs,
            Expr::Break(expr) => &expr.attrs,
            Expr::Call(expr) => &expr.attrs,
            Expr::Field(expr) => &expr.attrs,
            Expr::ForLoop(expr) => &expr.attrs,
            Expr::If(expr) => &expr.attrs,
            Expr::Index(expr) => &expr.attrs,
            Expr::Loop(expr) => &expr.attrs,
            Expr::Macro(expr) => &expr.attrs,
            Expr::Match(expr) => &expr.attrs,
            Expr::MethodCall(expr) => &expr.attrs,
            Expr::Paren(expr) => &expr.attrs,
            Expr::Reference(expr) => &expr.attrs,
            Expr::Return(expr) => &expr.attrs,
            Expr::Struct(expr) => &expr.attrs,
            Expr::Try(expr) => &expr.attrs,
            Expr::Tuple(expr) => &expr.attrs,
            Expr::Unary(expr) => &expr.attrs,
            Expr::Unsafe(expr) => &expr.attrs,
            Expr::While(expr) => &expr.attrs,
            _ => &[],
        },
        Stmt::Item(_) => &[],
    }
}

/// What a statement is at its core: without `?`, `.await` and parentheses.
pub(super) fn core(mut expr: &Expr) -> &Expr {
    loop {
        expr = match expr {
            Expr::Paren(paren) => &paren.expr,
            Expr::Group(group) => &group.expr,
            Expr::Try(question) => &question.expr,
            Expr::Await(future) => &future.base,
            expr => return expr,
        }
    }
}

/// The heads of `if`, `match` and loops: what is evaluated before a branch is.
fn heads(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::If(branch) => {
            let mut found = vec![&*branch.cond];
            if let Some((_, other)) = &branch.else_branch {
                found.extend(heads(other));
            }
            found
        }
        Expr::Match(matched) => {
            let guards = matched.arms.iter().filter_map(|arm| match &arm.pat {
                Pat::Guard(guarded) => Some(&*guarded.guard),
                _ => None,
            });
            std::iter::once(&*matched.expr).chain(guards).collect()
        }
        Expr::ForLoop(each) => vec![&each.expr],
        Expr::While(each) => vec![&each.cond],
        Expr::Paren(paren) => heads(&paren.expr),
        Expr::Group(group) => heads(&group.expr),
        Expr::Try(question) => heads(&question.expr),
        Expr::Await(future) => heads(&future.base),
        _ => Vec::new(),
    }
}

/// Whether a `match` takes a result apart.
fn takes_apart(expr: &Expr) -> bool {
    matches!(core(expr), Expr::Match(matched)
        if matched.arms.iter().any(|arm| super::words::is_result_pattern(&arm.pat)))
}

/// An expression that neither asks nor acts.
fn is_plain(expr: &Expr) -> bool {
    match expr {
        Expr::Lit(_) | Expr::Path(_) => true,
        Expr::Field(field) => is_plain(&field.base),
        Expr::Tuple(tuple) => tuple.elems.iter().all(is_plain),
        Expr::Unary(unary) => !matches!(unary.op, UnOp::Deref(_)) && is_plain(&unary.expr),
        _ => false,
    }
}

/// The variable that a call or an assignment stands on: `list` in
/// `list.borrow_mut().push(x)`.
fn acted_on(expr: &Expr) -> Option<String> {
    match core(expr) {
        Expr::MethodCall(call) => root(&call.receiver),
        _ => None,
    }
}

/// The variable that a place or a chain of calls begins with.
pub(super) fn root(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Path(path) => {
            let last = variable(&path.path.segments.last()?.ident);
            (path.path.get_ident().is_some() || is_static(&last)).then_some(last)
        }
        Expr::Field(field) => match (root(&field.base)?, &field.member) {
            (name, syn::Member::Named(member)) if name == "self" => Some(format!("self.{member}")),
            (name, syn::Member::Unnamed(index)) if name == "self" => {
                Some(format!("self.{}", index.index))
            }
            (name, _) => Some(name),
        },
        Expr::MethodCall(call) => root(&call.receiver),
        Expr::Index(index) => root(&index.expr),
        Expr::Paren(paren) => root(&paren.expr),
        Expr::Group(group) => root(&group.expr),
        Expr::Reference(reference) => root(&reference.expr),
        Expr::Unary(unary) => root(&unary.expr),
        Expr::Try(question) => root(&question.expr),
        Expr::Await(future) => root(&future.base),
        _ => None,
    }
}

/// Looks through a statement.
struct Look<'a> {
    facts: &'a Facts,
    receivers: &'a [Receiver],
    krate: &'a syn::Path,
    asks: bool,
    takes: bool,
    exits: Vec<Exit>,
    roots: Vec<String>,
    /// The loops around, with their labels.
    loops: Vec<Option<Lifetime>>,
    /// Labelled blocks around.
    labels: Vec<Lifetime>,
}

impl<'a> Look<'a> {
    fn new(facts: &'a Facts, receivers: &'a [Receiver], krate: &'a syn::Path) -> Self {
        Self {
            facts,
            receivers,
            krate,
            asks: false,
            takes: false,
            exits: Vec::new(),
            roots: Vec::new(),
            loops: Vec::new(),
            labels: Vec::new(),
        }
    }

    fn exit(&mut self, exit: Exit) {
        if !self.exits.contains(&exit) {
            self.exits.push(exit);
        }
    }

    /// What changes with a place: also what the variable borrows, where it
    /// changes behind a shared reference.
    fn acts_on(&mut self, place: &Expr) {
        if let Some(name) = root(place) {
            if changes_behind_reference(place) {
                self.roots.extend(self.facts.seen_from(&name));
            } else {
                self.roots.push(name);
            }
        }
    }

    fn within(&self, label: Option<&Lifetime>) -> bool {
        match label {
            None => !self.loops.is_empty(),
            Some(label) => {
                self.loops.iter().flatten().any(|known| known == label)
                    || self.labels.contains(label)
            }
        }
    }

    fn in_loop(&mut self, label: Option<&syn::Label>, visit: impl FnOnce(&mut Self)) {
        self.loops.push(label.map(|label| label.name.clone()));
        visit(self);
        self.loops.pop();
    }
}

impl<'ast> Visit<'ast> for Look<'_> {
    fn visit_expr(&mut self, expr: &'ast Expr) {
        // A probe that is written already.
        if matches!(expr, Expr::Verbatim(_)) {
            self.asks = true;
            self.takes = true;
        }
        visit::visit_expr(self, expr);
    }

    fn visit_expr_try(&mut self, question: &'ast syn::ExprTry) {
        self.asks = true;
        if super::words::is_err(&question.expr) {
            self.exit(Exit::Function);
        }
        visit::visit_expr_try(self, question);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        self.takes |= operand_of_takes(call).is_some();
        self.asks |= self.takes;
        visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_let(&mut self, condition: &'ast syn::ExprLet) {
        if super::words::is_result_pattern(&condition.pat) {
            self.takes = true;
            self.asks = true;
        }
        visit::visit_expr_let(self, condition);
    }

    fn visit_expr_match(&mut self, expr: &'ast syn::ExprMatch) {
        if expr
            .arms
            .iter()
            .any(|arm| super::words::is_result_pattern(&arm.pat))
        {
            self.takes = true;
            self.asks = true;
        }
        visit::visit_expr_match(self, expr);
    }

    fn visit_local(&mut self, local: &'ast syn::Local) {
        if local.init.is_some() && super::words::is_result_pattern(&local.pat) {
            self.takes = true;
            self.asks = true;
        }
        visit::visit_local(self, local);
    }

    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        self.asks |= call.args.iter().any(super::words::is_suppressed);
        visit::visit_expr_call(self, call);
    }

    fn visit_expr_assign(&mut self, assign: &'ast syn::ExprAssign) {
        self.acts_on(&assign.left);
        visit::visit_expr_assign(self, assign);
    }

    fn visit_expr_binary(&mut self, binary: &'ast syn::ExprBinary) {
        if vocabulary::assigns(&binary.op) {
            self.acts_on(&binary.left);
        }
        visit::visit_expr_binary(self, binary);
    }

    // A method that stands as a statement, and what changes behind the
    // references that a call is handed.
    fn visit_stmt(&mut self, stmt: &'ast Stmt) {
        if let Stmt::Expr(expr, _) = stmt {
            let args = match core(expr) {
                Expr::MethodCall(call) => Some(&call.args),
                Expr::Call(call) => Some(&call.args),
                _ => None,
            };
            for arg in args.into_iter().flatten() {
                let names = mentions(arg, &self.facts.locals);
                let cells = names.iter().filter(|name| self.facts.cells.contains(*name));
                self.roots.extend(cells.map(str::to_owned));
            }
        }
        if let Stmt::Expr(expr, _) = stmt
            && let Expr::MethodCall(call) = core(expr)
            && !classify::is_read(call, self.receivers)
        {
            self.acts_on(expr);
        }
        visit::visit_stmt(self, stmt);
    }

    fn visit_expr_return(&mut self, exit: &'ast syn::ExprReturn) {
        self.exit(Exit::Function);
        visit::visit_expr_return(self, exit);
    }

    fn visit_expr_break(&mut self, exit: &'ast ExprBreak) {
        if !self.within(exit.label.as_ref()) {
            self.exit(Exit::Break(exit.label.clone()));
        }
        visit::visit_expr_break(self, exit);
    }

    fn visit_expr_continue(&mut self, exit: &'ast ExprContinue) {
        if !self.within(exit.label.as_ref()) {
            self.exit(Exit::Continue(exit.label.clone()));
        }
    }

    fn visit_expr_for_loop(&mut self, expr: &'ast syn::ExprForLoop) {
        self.visit_expr(&expr.expr);
        self.in_loop(expr.label.as_ref(), |this| this.visit_block(&expr.body));
    }

    fn visit_expr_while(&mut self, expr: &'ast syn::ExprWhile) {
        self.in_loop(expr.label.as_ref(), |this| {
            this.visit_expr(&expr.cond);
            this.visit_block(&expr.body);
        });
    }

    fn visit_expr_loop(&mut self, expr: &'ast syn::ExprLoop) {
        self.in_loop(expr.label.as_ref(), |this| this.visit_block(&expr.body));
    }

    fn visit_expr_block(&mut self, expr: &'ast syn::ExprBlock) {
        let labels = self.labels.len();
        self.labels
            .extend(expr.label.as_ref().map(|label| label.name.clone()));
        self.visit_block(&expr.block);
        self.labels.truncate(labels);
    }

    fn visit_macro(&mut self, mac: &'ast Macro) {
        match Marker::of(&mac.path, self.krate) {
            Some(Marker::Probe) => {
                self.asks = true;
                self.takes = true;
            }
            Some(Marker::Settle) => self.exit(Exit::Function),
            Some(Marker::Unprobed) => {}
            None => {
                if may_leave(mac) {
                    self.exit(Exit::Function);
                }
                if super::words::takes_apart(mac) {
                    self.asks = true;
                    self.takes = true;
                }
                if super::words::takes_text(mac) {
                    return;
                }
                let arguments = arguments::parse(mac);
                for argument in arguments.exprs() {
                    self.visit_expr(argument);
                }
                // Faults are recorded in what has a syntax of its own.
                if !arguments.all_exprs() && super::words::may_ask(&mac.tokens) {
                    self.asks = true;
                    self.takes = true;
                }
            }
        }
    }

    // Their `?` and `return` are their own; a fault in them is recorded.
    fn visit_expr_closure(&mut self, closure: &'ast syn::ExprClosure) {
        // One of ours looks at the items of a loop.
        if matches!(*closure.body, Expr::Verbatim(_))
            || super::words::has_faults_of_its_own(&closure.body)
        {
            self.takes = true;
            self.asks = true;
        }
    }

    fn visit_expr_async(&mut self, _: &'ast syn::ExprAsync) {}
    fn visit_expr_const(&mut self, _: &'ast syn::ExprConst) {}
    fn visit_item(&mut self, _: &'ast syn::Item) {}
    fn visit_type(&mut self, _: &'ast syn::Type) {}
}

/// Shows invisible delimiters in a body, before it is planned.
pub(super) fn show(body: &mut Block) {
    struct Unwrap;
    impl VisitMut for Unwrap {
        fn visit_stmt_mut(&mut self, stmt: &mut Stmt) {
            invisible::unwrap(stmt);
            visit_mut::visit_stmt_mut(self, stmt);
        }
    }
    Unwrap.visit_block_mut(body);
    invisible::Show.visit_block_mut(body);
}

/// Whether a pattern always matches and holds only names: its value can be
/// kept until it is needed.
pub(super) fn keeps_all(pat: &Pat) -> bool {
    match pat {
        Pat::Ident(name) => name.by_ref.is_none() && name.subpat.is_none(),
        Pat::Type(typed) => keeps_all(&typed.pat),
        Pat::Tuple(tuple) => tuple.elems.iter().all(keeps_all),
        Pat::Paren(paren) => keeps_all(&paren.pat),
        _ => false,
    }
}
