//! What a function's variables are to one another: which can change, which
//! outlive the function, and which see or change others.

use std::collections::{HashMap, HashSet};

use quote::ToTokens;
use syn::{
    Block, Expr, ExprClosure, FnArg, Pat, PatIdent, Signature, Stmt,
    ext::IdentExt,
    visit::{self, Visit},
};

use super::{
    inner::{core, is_static, root},
    links::Links,
    mentions::Names,
    outputs::is_collection,
    params::Params,
    words::{is_cell, names_any},
};
use crate::vocabulary;

/// What is known of the variables of a function, by their names.
#[derive(Default)]
pub(super) struct Facts {
    /// All of them.
    pub(super) locals: HashSet<String>,

    /// Those that can change.
    pub(super) mutable: HashSet<String>,

    /// `&mut` parameters, and other names of them: what changes through them
    /// outlives the function.
    pub(super) outlive: HashSet<String>,

    /// Those that change behind a shared reference, as their types say.
    pub(super) cells: HashSet<String>,

    /// Parameters to which can only be written: nothing can be read from them.
    sinks: HashSet<String>,

    /// Collections to which functions add, also those of the caller's.
    pub(super) collections: HashSet<String>,

    /// Collections of the caller's: where it is doomed, they may lack
    /// something.
    pub(super) given: Names,

    /// What a variable may change: what it borrows mutably, and what its
    /// closure captures.
    pub(super) changes: HashMap<String, Names>,

    /// What a variable sees: what it borrows or captures.
    pub(super) sees: HashMap<String, Names>,

    /// Variables through which something else is changed, as far as can be
    /// seen: `*name = 1`, `name.push(1)`. They may be references to what can
    /// change.
    pub(super) written: HashSet<String>,

    /// Variables that have no value at first: a branch assigns it.
    pub(super) unset: Names,

    /// Receivers of reads, which a call does not change.
    receivers: HashSet<String>,
}

impl Facts {
    pub(super) fn of(sig: &Signature, body: &Block, receivers: HashSet<String>) -> Self {
        let mut facts = Self {
            receivers,
            ..Self::default()
        };
        let params = Params::of(&sig.generics);
        for input in &sig.inputs {
            match input {
                FnArg::Receiver(receiver) => {
                    let text = receiver.to_token_stream().to_string();
                    if text.contains("mut ") {
                        facts.mutable.insert("self".to_owned());
                        facts.outlive.insert("self".to_owned());
                    }
                }
                FnArg::Typed(param) => {
                    for name in bound(&param.pat).iter() {
                        facts.locals.insert(name.to_owned());
                        let changes = is_mutable(&param.pat) && params.may_borrow(&param.ty);
                        if changes || params.outlives(&param.ty) {
                            facts.mutable.insert(name.to_owned());
                            facts.outlive.insert(name.to_owned());
                        }
                        if is_collection(&param.ty) {
                            facts.collections.insert(name.to_owned());
                            facts.given.insert(name.to_owned());
                        }
                        if params.is_sink(&param.ty) {
                            facts.sinks.insert(name.to_owned());
                        }
                        if names_any(|find| find.visit_type(&param.ty), &is_cell) {
                            facts.cells.insert(name.to_owned());
                        }
                    }
                    let mut names = Patterns(&mut facts);
                    names.visit_pat(&param.pat);
                }
            }
        }
        Patterns(&mut facts).visit_block(body);
        Statics(&mut facts).visit_block(body);
        facts.locals.insert("suppressed".to_owned());
        Written(&mut facts).visit_block(body);
        Links(&mut facts).visit_block(body);
        facts
    }

    /// What code could have changed that mentions these names; `roots` are
    /// those that it assigns to or calls methods on as statements.
    pub(super) fn changed(&self, mentioned: &Names, roots: &Names) -> Names {
        let mut changed = Names::default();
        if roots.is_empty()
            && !mentioned
                .iter()
                .any(|name| self.is_mutable(name) || self.changes.contains_key(name))
        {
            return changed;
        }
        let mut open = mentioned.iter().map(str::to_owned).collect::<Vec<_>>();
        let mut seen = HashSet::new();
        while let Some(name) = open.pop() {
            if !seen.insert(name.clone()) {
                continue;
            }
            if self.is_mutable(&name) {
                changed.insert(name.clone());
            }
            if let Some(others) = self.changes.get(&name) {
                for other in others.iter().filter(|other| !self.is_receiver(other)) {
                    changed.insert(other.to_owned());
                    open.push(other.to_owned());
                }
            }
        }
        let acted_on = |root: &&str| !self.is_receiver(root) && !self.sinks.contains(*root);
        for root in roots.iter().filter(acted_on) {
            changed.insert(root.to_owned());
        }
        self.with_viewers(changed)
    }

    /// What a variable sees, also through others.
    pub(super) fn seen_from(&self, name: &str) -> Vec<String> {
        let mut seen = vec![name.to_owned()];
        let mut next = 0;
        while let Some(name) = seen.get(next) {
            let others = self.sees.get(name).cloned().unwrap_or_default();
            let others = others
                .iter()
                .filter(|other| !seen.iter().any(|name| name == other));
            let others = others.map(str::to_owned).collect::<Vec<_>>();
            seen.extend(others);
            next += 1;
        }
        seen
    }

    /// With the names that see one of these.
    fn with_viewers(&self, mut names: Names) -> Names {
        loop {
            let before = names.clone();
            for (name, others) in &self.sees {
                if others.meets(&names) {
                    names.insert(name.clone());
                }
            }
            if names == before {
                return names;
            }
        }
    }

    fn is_mutable(&self, name: &str) -> bool {
        !self.is_receiver(name)
            && !self.sinks.contains(name)
            && (self.mutable.contains(name)
                || name.starts_with("self.") && self.mutable.contains("self"))
    }

    pub(super) fn outlives(&self, name: &str) -> bool {
        !self.is_receiver(name)
            && (self.outlive.contains(name)
                || name.starts_with("self.") && self.outlive.contains("self"))
    }

    /// Whether a call of a closure changes what outlives the function.
    pub(super) fn acts_through(&self, closure: &str) -> bool {
        self.changes
            .get(closure)
            .is_some_and(|names| names.iter().any(|name| self.outlives(name)))
    }

    pub(super) fn is_receiver(&self, name: &str) -> bool {
        self.receivers.contains(name)
    }

    /// Whether names connect statements: one may bind or change what the other
    /// mentions.
    pub(super) fn connects(&self, name: &str) -> bool {
        self.is_mutable(name) || self.changes.contains_key(name) || self.sees.contains_key(name)
    }
}

/// Whether what a pattern binds can be changed: `mut name`.
fn is_mutable(pat: &Pat) -> bool {
    matches!(pat, Pat::Ident(name) if name.by_ref.is_none() && name.mutability.is_some())
}

/// The names that a pattern binds.
pub(super) fn bound(pat: &Pat) -> Names {
    struct Bound(Names);
    impl<'ast> Visit<'ast> for Bound {
        fn visit_pat_ident(&mut self, pat: &'ast PatIdent) {
            self.0.insert(pat.ident.unraw().to_string());
            visit::visit_pat_ident(self, pat);
        }
        fn visit_expr(&mut self, _: &'ast Expr) {}
    }
    let mut bound = Bound(Names::default());
    bound.visit_pat(pat);
    bound.0
}

/// Collects what patterns bind, and whether it can change.
struct Patterns<'a>(&'a mut Facts);

impl<'ast> Visit<'ast> for Patterns<'_> {
    fn visit_pat_ident(&mut self, pat: &'ast PatIdent) {
        let name = pat.ident.unraw().to_string();
        if pat.mutability.is_some() {
            self.0.mutable.insert(name.clone());
        }
        self.0.locals.insert(name);
        visit::visit_pat_ident(self, pat);
    }

    // Its parameters are its own.
    fn visit_expr_closure(&mut self, closure: &'ast ExprClosure) {
        self.visit_expr(&closure.body);
    }

    fn visit_item(&mut self, _: &'ast syn::Item) {}
}

/// Collects the statics that a body acts on: they are names like others.
struct Statics<'a>(&'a mut Facts);

impl Statics<'_> {
    fn acted_on(&mut self, place: &Expr) {
        self.0
            .locals
            .extend(root(place).filter(|name| is_static(name)));
    }
}

impl<'ast> Visit<'ast> for Statics<'_> {
    fn visit_stmt(&mut self, stmt: &'ast Stmt) {
        if let Stmt::Expr(expr, _) = stmt
            && let Expr::MethodCall(call) = core(expr)
        {
            self.acted_on(&call.receiver);
        }
        visit::visit_stmt(self, stmt);
    }

    fn visit_expr_assign(&mut self, assign: &'ast syn::ExprAssign) {
        self.acted_on(&assign.left);
        visit::visit_expr_assign(self, assign);
    }

    fn visit_expr_binary(&mut self, binary: &'ast syn::ExprBinary) {
        if vocabulary::assigns(&binary.op) {
            self.acted_on(&binary.left);
        }
        visit::visit_expr_binary(self, binary);
    }

    fn visit_item(&mut self, _: &'ast syn::Item) {}
}

/// Collects the variables through which a body changes something.
struct Written<'a>(&'a mut Facts);

impl Written<'_> {
    fn assigned(&mut self, place: &Expr) {
        // The variable itself gets another value.
        if !matches!(place, Expr::Path(_)) {
            self.0.written.extend(root(place));
        }
    }

    fn handed(&mut self, arg: &Expr) {
        if let Expr::Path(path) = arg
            && let Some(name) = path.path.get_ident()
        {
            self.0.written.insert(name.unraw().to_string());
        }
    }
}

impl<'ast> Visit<'ast> for Written<'_> {
    fn visit_stmt(&mut self, stmt: &'ast Stmt) {
        if let Stmt::Expr(expr, _) = stmt {
            match core(expr) {
                Expr::MethodCall(call) => {
                    self.0.written.extend(root(&call.receiver));
                    call.args.iter().for_each(|arg| self.handed(arg));
                }
                Expr::Call(call) => call.args.iter().for_each(|arg| self.handed(arg)),
                _ => {}
            }
        }
        visit::visit_stmt(self, stmt);
    }

    fn visit_expr_assign(&mut self, assign: &'ast syn::ExprAssign) {
        self.assigned(&assign.left);
        visit::visit_expr_assign(self, assign);
    }

    fn visit_expr_binary(&mut self, binary: &'ast syn::ExprBinary) {
        if vocabulary::assigns(&binary.op) {
            self.assigned(&binary.left);
        }
        visit::visit_expr_binary(self, binary);
    }

    fn visit_item(&mut self, _: &'ast syn::Item) {}
}
