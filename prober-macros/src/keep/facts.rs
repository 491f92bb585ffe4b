//! What a function's variables are to one another: which can change, which
//! outlive the function, and which see or change others.

use std::collections::{HashMap, HashSet};

use quote::ToTokens;
use syn::{
    Block, Expr, ExprClosure, ExprReference, FnArg, Local, Pat, PatIdent, Signature, Type,
    ext::IdentExt,
    visit::{self, Visit},
};

use super::{
    mentions::{Names, mentions},
    words::{Holds, holds_closure},
};

/// What is known of the variables of a function, by their names.
#[derive(Default)]
pub(super) struct Facts {
    /// All of them.
    pub(super) locals: HashSet<String>,

    /// Those that can change.
    mutable: HashSet<String>,

    /// `&mut` parameters: what changes through them outlives the function.
    outlive: HashSet<String>,

    /// What a variable may change: what it borrows mutably, and what its
    /// closure captures.
    changes: HashMap<String, Names>,

    /// What a variable sees: what it borrows or captures.
    sees: HashMap<String, Names>,

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
                    let outlives = may_change_others(&param.ty);
                    for name in bound(&param.pat).iter() {
                        facts.locals.insert(name.to_owned());
                        if outlives {
                            facts.mutable.insert(name.to_owned());
                            facts.outlive.insert(name.to_owned());
                        }
                    }
                    let mut names = Patterns(&mut facts);
                    names.visit_pat(&param.pat);
                }
            }
        }
        Patterns(&mut facts).visit_block(body);
        facts.locals.insert("suppressed".to_owned());
        Links(&mut facts).visit_block(body);
        facts
    }

    /// What code could have changed that mentions these names; `roots` are
    /// those that it assigns to or calls methods on as statements.
    pub(super) fn changed(&self, mentioned: &Names, roots: &Names) -> Names {
        let mut changed = Names::default();
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
        for root in roots.iter().filter(|root| !self.is_receiver(root)) {
            changed.insert(root.to_owned());
        }
        self.with_viewers(changed)
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

/// Whether something of a parameter's type may be changed through it for the
/// caller: `&mut T`, also within another type.
fn may_change_others(ty: &Type) -> bool {
    struct Find(bool);
    impl<'ast> Visit<'ast> for Find {
        fn visit_type_reference(&mut self, reference: &'ast syn::TypeReference) {
            self.0 |= reference.mutability.is_some();
            visit::visit_type_reference(self, reference);
        }
    }
    let mut find = Find(false);
    find.visit_type(ty);
    find.0
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

/// Collects which variables see and change others.
struct Links<'a>(&'a mut Facts);

impl<'ast> Visit<'ast> for Links<'_> {
    fn visit_local(&mut self, local: &'ast Local) {
        if local.init.is_none() {
            self.0.unset.extend(&bound(&local.pat));
        }
        if let Some(init) = &local.init {
            let mut borrows = Borrows {
                locals: &self.0.locals,
                sees: Names::default(),
                changes: Names::default(),
                mutable: false,
                keeps_closures: holds_closure(&init.expr) != Some(Holds::Nothing),
            };
            borrows.visit_expr(&init.expr);
            let Borrows {
                sees,
                changes,
                mutable,
                ..
            } = borrows;
            for name in bound(&local.pat).iter() {
                if mutable {
                    self.0.mutable.insert(name.to_owned());
                }
                if !sees.is_empty() {
                    self.0
                        .sees
                        .entry(name.to_owned())
                        .or_default()
                        .extend(&sees);
                }
                if !changes.is_empty() {
                    let entry = self.0.changes.entry(name.to_owned());
                    entry.or_default().extend(&changes);
                }
            }
        }
        visit::visit_local(self, local);
    }

    fn visit_item(&mut self, _: &'ast syn::Item) {}
}

/// Finds what an initializer borrows and captures.
struct Borrows<'a> {
    locals: &'a HashSet<String>,
    sees: Names,
    changes: Names,
    /// Whether it borrows something mutably.
    mutable: bool,
    /// Whether closures stay in the value.
    keeps_closures: bool,
}

impl<'ast> Visit<'ast> for Borrows<'_> {
    fn visit_expr_reference(&mut self, reference: &'ast ExprReference) {
        let names = mentions(&reference.expr, self.locals);
        self.sees.extend(&names);
        if reference.mutability.is_some() {
            self.changes.extend(&names);
            self.mutable = true;
        }
        visit::visit_expr_reference(self, reference);
    }

    fn visit_expr_closure(&mut self, closure: &'ast ExprClosure) {
        if !self.keeps_closures {
            return;
        }
        let names = mentions(&closure.body, self.locals);
        self.sees.extend(&names);
        self.changes.extend(&names);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        // `list.iter_mut()`, `map.entry(..)`: what comes of it may borrow.
        let name = call.method.to_string();
        let names = mentions(&call.receiver, self.locals);
        if name.ends_with("_mut") || matches!(name.as_str(), "entry" | "drain" | "by_ref") {
            self.sees.extend(&names);
            self.changes.extend(&names);
            self.mutable = true;
        } else if matches!(name.as_str(), "iter" | "as_ref" | "borrow" | "clone") && name != "clone"
        {
            self.sees.extend(&names);
        }
        visit::visit_expr_method_call(self, call);
    }
}
