//! Makes the plan of a body.

use proc_macro2::Span;
use syn::{
    Block, Expr, ExprLit, ExprMacro, Lit, LitInt, Pat, Stmt,
    spanned::Spanned,
    token::Brace,
    visit::{self, Visit},
    visit_mut::{self, VisitMut},
};

use super::{
    calls::handed_suppressed,
    closures::holds_closure,
    conditional::{Conditional, attributes, conditions, is_conditional, note_calls},
    effects::is_effect,
    facts::Facts,
    inner::{core, gives_value},
    look::Look,
    mentions::{mentions, reads_and_all},
    names::{Names, bound},
    operands::without_operands,
    plan::{BlockId, Exit, Kind, Plan, Planned, Step, may_end_doomed},
    renewed::{moved, renewed},
    risks::{doubted, risks, unchecked},
};
use crate::{
    classify,
    emit::glue,
    receiver::{Receiver, variable},
    vocabulary,
};

/// What making a plan needs to know.
struct Planner<'a> {
    facts: &'a Facts,
    receivers: &'a [Receiver],
    krate: &'a syn::Path,
    blocks: Vec<Planned>,
    conditional: Conditional,
    /// The conditions under which what is visited is there.
    under: Vec<syn::Attribute>,
    /// What the loop binds whose body is visited next.
    item: Names,
    /// Whether the block that is visited next gives a value that is bound or
    /// handed on.
    is_value: bool,
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
        conditional: Conditional::new(),
        under: Vec::new(),
        item: Names::default(),
        is_value: false,
    };
    planner.visit_block_mut(body);
    let id = Plan::block_of(body).expect("a block that was planned has its number");
    let mut harmful = Names::default();
    for step in planner.blocks.iter().flat_map(|block| &block.steps) {
        harmful.extend(&step.mentions.only_unchecked());
    }
    for step in planner.blocks.iter_mut().flat_map(|block| &mut block.steps) {
        step.doubts.retain(|name| harmful.holds(name));
    }
    (Plan::new(planner.blocks, planner.conditional), id)
}

impl VisitMut for Planner<'_> {
    fn visit_block_mut(&mut self, block: &mut Block) {
        let item = std::mem::take(&mut self.item);
        let is_value = self.is_value;
        let renews = renewed(block, self.facts);
        let stmts = std::mem::take(&mut block.stmts);
        // What is last where all that follows is left out.
        let required = stmts
            .iter()
            .rposition(|stmt| !is_conditional(attributes(stmt)));
        let count = stmts.len();
        let steps = stmts
            .into_iter()
            .enumerate()
            .map(|(index, stmt)| {
                // If an item is missing, there may be none: what follows is not
                // asked then.
                let opens = opens(&stmt, &item);
                let last = index + 1 == count || required.is_none_or(|last| last < index);
                let mut step = self.step(stmt, last, is_value && last);
                if opens && !step.exits.contains(&Exit::Continue(None)) {
                    step.exits.push(Exit::Continue(None));
                }
                step
            })
            .collect();
        self.is_value = is_value;
        let number = format!("{}probed", self.blocks.len());
        self.blocks.push(Planned { steps, renews });
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
        self.body(&mut each.body);
    }

    fn visit_expr_while_mut(&mut self, each: &mut syn::ExprWhile) {
        self.visit_expr_mut(&mut each.cond);
        if let Expr::Let(condition) = &*each.cond {
            self.item = bound(&condition.pat);
        }
        self.body(&mut each.body);
    }

    fn visit_expr_loop_mut(&mut self, each: &mut syn::ExprLoop) {
        self.body(&mut each.body);
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
        self.under(&arm.attrs, |this| {
            this.visit_pat_mut(&mut arm.pat);
            this.visit_expr_mut(&mut arm.body);
        });
    }

    fn visit_field_value_mut(&mut self, field: &mut syn::FieldValue) {
        self.under(&field.attrs, |this| this.visit_expr_mut(&mut field.expr));
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
    /// What is there under conditions.
    fn under<T>(&mut self, attrs: &[syn::Attribute], visit: impl FnOnce(&mut Self) -> T) -> T {
        let around = self.under.len();
        self.under.extend(conditions(attrs));
        let found = visit(self);
        self.under.truncate(around);
        found
    }

    /// The body of a loop, which gives no value.
    fn body(&mut self, body: &mut Block) {
        let is_value = std::mem::replace(&mut self.is_value, false);
        self.visit_block_mut(body);
        self.is_value = is_value;
    }

    fn step(&mut self, stmt: Stmt, last: bool, is_value: bool) -> Step {
        let mut stmt = without_macro_statement(stmt, last);
        let (mut reads, mut all) = self.reads_and_all(&stmt);
        let mut look = Look::new(self.facts, self.receivers, self.krate, is_value);
        look.visit_stmt(&stmt);
        let Look {
            asks,
            mut takes,
            exits,
            roots,
            ..
        } = look;

        let binds = match &stmt {
            Stmt::Local(local) => bound(&local.pat),
            _ => Names::default(),
        };
        let init = match &stmt {
            Stmt::Local(local) => local.init.as_ref().map(|init| &*init.expr),
            _ => None,
        };
        let closures = init.and_then(holds_closure);
        let type_is_known = init.is_some_and(|init| self.tells_type(init));
        let kind = self.kind(&stmt, last);
        let roots = roots.into_iter().collect::<Names>();
        let mut changes = if self.facts.any_changes(&all) {
            let (_, handled) =
                self.reads_and_all(&without_operands(&stmt, self.facts, self.receivers));
            self.facts.changed(&handled, &roots)
        } else {
            self.facts.changed(&all, &roots)
        };
        changes.extend(&unchecked(&stmt, self.facts, self.receivers));
        let doubts = doubted(&stmt, self.facts, self.receivers);
        let moves = moved(&stmt, self.facts);
        let risks = risks(&stmt, &self.facts.locals);
        all.extend(&risks);
        reads.extend(&risks);
        let attrs = attributes(&stmt).to_vec();
        let conditional = is_conditional(&attrs);

        let head = match (kind, &stmt) {
            (Kind::Compound, Stmt::Expr(expr, _)) => self.head(expr),
            _ => Names::default(),
        };

        self.is_value = gives_value(&stmt, is_value);
        let under = self.under(&attrs, |this| {
            visit_mut::visit_stmt_mut(this, &mut stmt);
            this.under.clone()
        });
        note_calls(&stmt, &under, &mut self.conditional);
        takes |= Plan::blocks_of(&stmt)
            .into_iter()
            .any(|block| may_end_doomed(&self.blocks, block));

        let effect = is_effect(&stmt, self.facts);
        Step {
            stmt,
            kind,
            mentions: all,
            reads,
            head,
            binds,
            changes,
            moves,
            doubts,
            asks,
            takes,
            effect,
            exits,
            type_is_known,
            closures,
            conditional,
            under,
            is_value,
        }
    }

    /// What a statement mentions: without what its calls only write to, and in
    /// all. What it binds is new.
    fn reads_and_all(&self, stmt: &Stmt) -> (Names, Names) {
        let both = |all: Names| (all.clone(), all);
        match stmt {
            Stmt::Local(syn::Local {
                init: Some(init), ..
            }) if init.diverge.is_none() => reads_and_all(&init.expr, self.facts, self.receivers),
            Stmt::Local(local) => both(mentions_of_value(local, &self.facts.locals)),
            Stmt::Expr(expr, _) => reads_and_all(expr, self.facts, self.receivers),
            stmt => both(mentions(stmt, &self.facts.locals)),
        }
    }

    /// Whether an initializer is a read whose name tells the type of its value.
    fn tells_type(&self, init: &Expr) -> bool {
        matches!(init, Expr::Try(question)
            if matches!(&*question.expr, Expr::MethodCall(call)
                if vocabulary::tells_type(&call.method)
                    && classify::is_read(call, self.receivers)))
    }

    /// What the head of a statement with blocks mentions.
    fn head(&self, expr: &Expr) -> Names {
        let mut names = Names::default();
        for head in heads(expr) {
            names.extend(&mentions(head, &self.facts.locals));
            names.extend(&risks(head, &self.facts.locals));
        }
        names
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

/// A macro call that stands as a statement, as an expression.
fn without_macro_statement(stmt: Stmt, last: bool) -> Stmt {
    let Stmt::Macro(call) = stmt else {
        return stmt;
    };
    // In braces it is a statement without a `;`.
    let semi = call.semi_token.or_else(|| {
        (!last && matches!(call.mac.delimiter, syn::MacroDelimiter::Brace(_)))
            .then(|| syn::Token![;](glue(call.mac.path.span())))
    });
    let expr = Expr::Macro(ExprMacro {
        attrs: call.attrs,
        mac: call.mac,
    });
    Stmt::Expr(expr, semi)
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

/// What a `let` mentions, without what it binds.
fn mentions_of_value(local: &syn::Local, locals: &Names) -> Names {
    let Some(init) = &local.init else {
        return Names::default();
    };
    let names = mentions(&init.expr, locals);
    match &init.diverge {
        Some((_, diverge)) => names.union(&mentions(diverge, locals)),
        None => names,
    }
}

/// An expression that neither asks nor acts.
fn is_plain(expr: &Expr) -> bool {
    match expr {
        Expr::Lit(_) | Expr::Path(_) => true,
        Expr::Field(field) => is_plain(&field.base),
        Expr::Tuple(tuple) => tuple.elems.iter().all(is_plain),
        Expr::Unary(unary) => is_plain(&unary.expr),
        _ => false,
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
        Expr::Try(question) => heads(&question.expr),
        Expr::Await(future) => heads(&future.base),
        _ => Vec::new(),
    }
}
