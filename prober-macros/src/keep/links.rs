//! Which variables see and change others: by references, by closures, and as
//! other names of the same.

use syn::{
    Expr, ExprClosure, ExprReference, Local, Macro, Pat, Stmt,
    visit::{self, Visit},
};

use super::{
    calls::{constructs, makes_ends, only_shows},
    cells::{changes, gives_guard, is_cell},
    closures::{Holds, holds_closure},
    collections::is_collection_in,
    effects::{acts_in_closures, takes_items},
    facts::Facts,
    inner::{bare, core, root},
    macros::{may_change, may_hold},
    mentions::{macro_of, mentions},
    names::{Names, bound},
    parsed::names_any,
    results::has_faults_of_its_own,
};
use crate::{macro_arguments, tokens::any_word};

/// Collects which variables see and change others.
pub(super) struct Links<'a>(pub(super) &'a mut Facts);

impl Links<'_> {
    /// Links the names of a pattern to the value that it is matched with.
    fn link(&mut self, pat: &Pat, value: &Expr) {
        let names = bound(pat);
        if names.is_empty() {
            return;
        }
        // What is changed through one of them may be what the value is made of.
        let written = names.iter().any(|name| self.0.written.contains(name));
        let is_guard = names.iter().any(|name| self.0.dropped.contains(name));
        let keeps_closures = holds_closure(value) != Some(Holds::Nothing);
        let mut borrows = Borrows {
            facts: self.0,
            sees: Names::default(),
            changes: Names::default(),
            captures: Names::default(),
            mutable: false,
            keeps_closures,
            written,
            is_guard,
        };
        borrows.visit_expr(value);
        let Borrows {
            mut sees,
            mut changes,
            captures,
            mutable,
            ..
        } = borrows;
        let mut aliases = Aliases {
            facts: self.0,
            by_reference: binds_by_reference(pat),
            changeable: written || is_changeable(pat),
            found: Names::default(),
            cells: Names::default(),
        };
        aliases.value(value);
        sees.extend(&aliases.cells);
        let aliases = aliases.found;
        sees.extend(&aliases);
        changes.extend(&aliases);
        if matches!(value, Expr::Call(call) if makes_ends(&call.func)) {
            sees.extend(&names);
            changes.extend(&names);
        }
        let cells = sees.iter().filter(|name| self.0.cells.contains(name));
        let cells = cells.map(str::to_owned).collect::<Names>();
        changes.extend(&cells);
        let acts = keeps_closures && acts_in_closures(value, self.0);
        let records = keeps_closures && records_in_closures(value, self.0);
        let outlives = changes.iter().any(|name| self.0.outlives(name));
        let takes = is_made_of_given(value, self.0);
        let is_cell = !cells.is_empty()
            || names_any(
                |find| {
                    find.visit_expr(value);
                    find.visit_pat(pat);
                },
                &is_cell,
            );
        for name in names.iter().map(str::to_owned) {
            // Also where all that it borrows is a receiver of reads.
            if mutable {
                self.0.mutable.insert(name.clone());
            }
            if outlives {
                self.0.outlive.insert(name.clone());
            }
            if takes {
                self.0.takers.insert(name.clone());
            }
            if records {
                self.0.recording.insert(name.clone());
            }
            if acts {
                self.0.acting.insert(name.clone());
            }
            if is_cell {
                self.0.cells.insert(name.clone());
            }
            for (links, others) in [
                (&mut self.0.sees, &sees),
                (&mut self.0.changes, &changes),
                (&mut self.0.captures, &captures),
            ] {
                let others = others.iter().filter(|other| **other != name);
                let others = others.map(str::to_owned).collect::<Names>();
                if !others.is_empty() {
                    links.entry(name.clone()).or_default().extend(&others);
                }
            }
        }
    }
}

impl<'ast> Visit<'ast> for Links<'_> {
    fn visit_local(&mut self, local: &'ast Local) {
        match &local.init {
            None => self.0.unset.extend(&bound(&local.pat)),
            Some(init) => {
                if is_collection_in(&local.pat, &init.expr, &self.0.collections) {
                    let names = bound(&local.pat);
                    self.0.collections.extend(&names);
                }
                self.link(&local.pat, &init.expr);
            }
        }
        visit::visit_local(self, local);
    }

    fn visit_expr_let(&mut self, condition: &'ast syn::ExprLet) {
        self.link(&condition.pat, &condition.expr);
        visit::visit_expr_let(self, condition);
    }

    fn visit_expr_match(&mut self, matched: &'ast syn::ExprMatch) {
        for arm in &matched.arms {
            self.link(&arm.pat, &matched.expr);
        }
        visit::visit_expr_match(self, matched);
    }

    fn visit_expr_for_loop(&mut self, each: &'ast syn::ExprForLoop) {
        self.link(&each.pat, &each.expr);
        visit::visit_expr_for_loop(self, each);
    }

    // A macro is like a closure that captures what its text mentions. It need not be
    // known what it changes: a search that skips one ends, for it may leave.
    fn visit_item(&mut self, item: &'ast syn::Item) {
        let Some((name, text)) = macro_of(item) else {
            return;
        };
        let sees = mentions(text, &self.0.locals);
        if sees.iter().any(|name| self.0.outlives(name)) {
            self.0.outlive.insert(name.clone());
        }
        self.0.sees.insert(name, sees);
    }
}

/// Whether a pattern has a `ref mut`.
fn binds_by_reference(pat: &Pat) -> bool {
    struct Find(bool);
    impl<'ast> Visit<'ast> for Find {
        fn visit_pat_ident(&mut self, pat: &'ast syn::PatIdent) {
            self.0 |= pat.by_ref.is_some() && pat.mutability.is_some();
            visit::visit_pat_ident(self, pat);
        }
    }
    let mut find = Find(false);
    find.visit_pat(pat);
    find.0
}

/// Whether a pattern binds what can be changed: `mut name`.
fn is_changeable(pat: &Pat) -> bool {
    struct Find(bool);
    impl<'ast> Visit<'ast> for Find {
        fn visit_pat_ident(&mut self, pat: &'ast syn::PatIdent) {
            self.0 |= pat.mutability.is_some();
            visit::visit_pat_ident(self, pat);
        }
        fn visit_type_reference(&mut self, ty: &'ast syn::TypeReference) {
            self.0 |= ty.mutability.is_some();
            visit::visit_type_reference(self, ty);
        }
        fn visit_macro(&mut self, mac: &'ast Macro) {
            self.0 |= any_word(&mac.tokens, &|word| word == "mut");
        }
    }
    let mut find = Find(false);
    find.visit_pat(pat);
    find.0
}

/// Whether a function makes a value of what outlives the body. What comes out of a
/// `?` is what was asked for.
fn is_made_of_given(value: &Expr, facts: &Facts) -> bool {
    let is_given = |arg| root(arg).is_some_and(|name| facts.outlives(&name));
    matches!(bare(value), Expr::Call(call) if call.args.iter().any(is_given))
}

/// Whether faults are recorded in the closures of a value, or it is another name
/// of such a one.
fn records_in_closures(value: &Expr, facts: &Facts) -> bool {
    struct Find<'a>(&'a Facts, bool);
    impl<'ast> Visit<'ast> for Find<'_> {
        fn visit_expr_closure(&mut self, closure: &'ast ExprClosure) {
            self.1 |= has_faults_of_its_own(&closure.body)
                || mentions(&closure.body, &self.0.locals).meets(&self.0.recording);
        }
        fn visit_item(&mut self, _: &'ast syn::Item) {}
    }
    match value {
        Expr::Path(path) => facts.records(path),
        Expr::Reference(reference) => records_in_closures(&reference.expr, facts),
        // What was asked for.
        Expr::Try(_) => false,
        value => {
            let mut find = Find(facts, false);
            find.visit_expr(value);
            find.1
        }
    }
}

/// What statements in a closure assign to or call methods on.
fn acted_on(body: &Expr, facts: &Facts) -> Names {
    struct Find<'a>(&'a Facts, Names);
    impl Find<'_> {
        fn place(&mut self, place: &Expr) {
            let name = root(place).filter(|name| self.0.locals.contains(name));
            self.1.extend(&name.into_iter().collect());
        }
    }
    impl<'ast> Visit<'ast> for Find<'_> {
        fn visit_stmt(&mut self, stmt: &'ast Stmt) {
            if let Stmt::Expr(expr, Some(_)) = stmt
                && let Expr::MethodCall(call) = core(expr)
            {
                self.place(&call.receiver);
            }
            visit::visit_stmt(self, stmt);
        }
        fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
            if changes(&call.method.to_string(), false) {
                self.place(&call.receiver);
            }
            visit::visit_expr_method_call(self, call);
        }
    }
    let mut find = Find(facts, Names::default());
    find.visit_expr(body);
    find.1
}

/// Finds the references to what can change that a value passes on.
struct Aliases<'a> {
    facts: &'a Facts,
    by_reference: bool,
    changeable: bool,
    found: Names,
    /// Those to what changes behind a shared reference.
    cells: Names,
}

impl Aliases<'_> {
    fn value(&mut self, value: &Expr) {
        match value {
            Expr::Path(_) | Expr::Field(_) | Expr::Index(_) => self.place(value),
            Expr::Paren(paren) => self.value(&paren.expr),
            Expr::Group(group) => self.value(&group.expr),
            Expr::Try(question) => self.value(&question.expr),
            Expr::Tuple(tuple) => tuple.elems.iter().for_each(|value| self.value(value)),
            Expr::Array(array) => array.elems.iter().for_each(|value| self.value(value)),
            Expr::Struct(value) => {
                for field in &value.fields {
                    self.value(&field.expr);
                }
            }
            // `Some(list)`, `Sink::new(list)`, or what may change its argument later.
            Expr::Call(call) if self.changeable || constructs(&call.func) => {
                call.args.iter().for_each(|value| self.value(value));
            }
            // `items.take(3)`
            Expr::MethodCall(call) if takes_items(call) => {
                self.value(&call.receiver);
                call.args.iter().for_each(|value| self.value(value));
            }
            Expr::If(branch) => {
                self.block(&branch.then_branch);
                if let Some((_, other)) = &branch.else_branch {
                    self.value(other);
                }
            }
            Expr::Match(matched) => matched.arms.iter().for_each(|arm| self.value(&arm.body)),
            Expr::Block(block) => self.block(&block.block),
            Expr::Macro(call) if may_hold(&call.mac) => {
                let arguments = macro_arguments::parse(&call.mac);
                arguments.exprs().for_each(|value| self.value(value));
            }
            _ => {}
        }
    }

    fn block(&mut self, block: &syn::Block) {
        if let Some(Stmt::Expr(value, None)) = block.stmts.last() {
            self.value(value);
        }
    }

    fn place(&mut self, place: &Expr) {
        let Some(name) = root(place) else { return };
        let is_whole = matches!(place, Expr::Path(_));
        let is_reference =
            self.facts.changes.contains_key(&name) || is_whole && self.facts.outlives(&name);
        if is_reference || self.by_reference && self.facts.locals.contains(&name) {
            self.found.insert(name);
        } else if self.facts.cells.contains(&name) {
            self.cells.insert(name);
        }
    }
}

/// Finds what an initializer borrows and captures.
#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
struct Borrows<'a> {
    facts: &'a Facts,
    sees: Names,
    changes: Names,
    /// What its closures capture.
    captures: Names,
    /// Whether it borrows something mutably.
    mutable: bool,
    /// Whether closures stay in the value.
    keeps_closures: bool,
    /// Whether something is changed through what is bound.
    written: bool,
    /// Whether what is bound may be a guard, by whatever method it is had.
    is_guard: bool,
}

impl Borrows<'_> {
    /// Notes what is borrowed so that it can be changed.
    fn borrow(&mut self, names: &Names) {
        self.mutable |= !names.is_empty();
        self.sees.extend(names);
        self.changes.extend(names);
    }

    /// Of names, those that can change.
    fn changeable(&self, names: &Names) -> Names {
        let names = names.iter().filter(|name| {
            self.facts.mutable.contains(name) || self.facts.changes.contains_key(*name)
        });
        names.map(str::to_owned).collect()
    }
}

impl<'ast> Visit<'ast> for Borrows<'_> {
    fn visit_expr_reference(&mut self, reference: &'ast ExprReference) {
        let names = mentions(&reference.expr, &self.facts.locals);
        self.sees.extend(&names);
        if self.is_guard || reference.mutability.is_some() {
            self.borrow(&names);
        }
        visit::visit_expr_reference(self, reference);
    }

    fn visit_expr_closure(&mut self, closure: &'ast ExprClosure) {
        if !self.keeps_closures {
            return;
        }
        let names = mentions(&closure.body, &self.facts.locals);
        self.changes.extend(&self.changeable(&names));
        self.changes.extend(&acted_on(&closure.body, self.facts));
        self.captures.extend(&names);
        self.sees.extend(&names);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        // `list.iter_mut()`, `map.entry(..)`: what they give may borrow.
        let name = call.method.to_string();
        let names = mentions(&call.receiver, &self.facts.locals);
        if name.ends_with("_mut")
            || matches!(name.as_str(), "entry" | "drain" | "by_ref")
            // Where it is dropped, what it guards is free again.
            || self.is_guard
            || self.written && gives_guard(call)
        {
            self.borrow(&names);
        } else if matches!(name.as_str(), "iter" | "as_ref" | "borrow") {
            self.sees.extend(&names);
        } else if name == "clone" {
            // An `Rc` is the same as its clone.
            let shared = names.iter().filter(|name| self.facts.cells.contains(name));
            self.sees.extend(&shared.map(str::to_owned).collect());
        } else if self.written && !only_shows(&name) {
            // `table.slot(3)`, whatever it is called.
            let root = root(&call.receiver).into_iter().collect();
            self.borrow(&self.changeable(&root));
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_macro(&mut self, mac: &'ast Macro) {
        if !may_hold(mac) {
            return;
        }
        if may_change(mac) {
            let names = mentions(mac, &self.facts.locals);
            self.borrow(&self.changeable(&names));
            self.sees.extend(&names);
        }
        for argument in macro_arguments::parse(mac).exprs() {
            self.visit_expr(argument);
        }
    }
}
