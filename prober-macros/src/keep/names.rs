//! Sets of names of variables, and the names that a pattern binds.

use std::rc::Rc;

use syn::{
    Expr, Pat, PatIdent,
    visit::{self, Visit},
};

use crate::tokens::{unraw, words};

/// Before the name of a variable that does not exist.
const ABSENT: char = '!';

/// Before the name of a variable that is there, but was not checked.
const UNCHECKED: char = '?';

/// Names of local variables. A field of `self` is a name of its own:
/// `self.count`; `self` alone stands for all of them.
///
/// In order, and few: there are thousands of these, of mostly one name or none.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Names(Vec<Rc<str>>);

impl Names {
    pub(super) fn insert(&mut self, name: impl Into<Rc<str>>) {
        let name = name.into();
        if let Err(index) = self.0.binary_search(&name) {
            self.0.insert(index, name);
        }
    }

    pub(super) fn extend(&mut self, other: &Self) {
        if self.0.is_empty() {
            self.0.clone_from(&other.0);
        } else {
            for name in &other.0 {
                self.insert(name.clone());
            }
        }
    }

    pub(super) fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.0.retain(|name| keep(name));
    }

    pub(super) fn remove_all(&mut self, other: &Self) {
        self.retain(|name| !other.contains(name.trim_start_matches([ABSENT, UNCHECKED])));
    }

    /// The same variables, as those that were not checked.
    pub(super) fn unchecked(&self) -> Self {
        let of = |name: &Rc<str>| match name.split_once('.') {
            // What checks `self` may check any field of it.
            Some((whole, _)) => format!("{UNCHECKED}{whole}"),
            None => format!("{UNCHECKED}{name}"),
        };
        self.0.iter().map(of).collect()
    }

    /// The same variables, as those in doubt: what may refuse them has not
    /// answered.
    pub(super) fn doubted(&self) -> Self {
        let of = |name: &Rc<str>| format!("{UNCHECKED}{name}");
        self.unchecked().0.iter().map(of).collect()
    }

    /// Of these, those that were not checked.
    pub(super) fn only_unchecked(&self) -> Self {
        let mut names = self.clone();
        names.retain(|name| name.starts_with(UNCHECKED));
        names
    }

    /// Of these, the others.
    pub(super) fn without_unchecked(&self) -> Self {
        let mut names = self.clone();
        names.retain(|name| !name.starts_with(UNCHECKED));
        names
    }

    /// Adds names of variables that are missing and do not exist at all: what
    /// only writes to them must not run either.
    pub(super) fn extend_absent(&mut self, other: &Self) {
        self.extend(other);
        for name in &other.0 {
            self.insert(format!("{ABSENT}{name}"));
        }
    }

    /// Whether one of the variables that are mentioned does not exist.
    pub(super) fn lacks(&self, mentioned: &Self) -> bool {
        let absent = self.0.iter().filter_map(|name| name.strip_prefix(ABSENT));
        absent.into_iter().any(|name| mentioned.contains(name))
    }

    pub(super) fn union(mut self, other: &Self) -> Self {
        self.extend(other);
        self
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|name| &**name)
    }

    /// The name itself, if it is one of these.
    pub(super) fn find(&self, name: &str) -> Option<&Rc<str>> {
        let index = self.0.binary_search_by(|other| (**other).cmp(name)).ok()?;
        Some(&self.0[index])
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// Whether a name is, holds, or is held by one of these.
    pub(super) fn holds(&self, name: &str) -> bool {
        let of_self = name == "self" || name.starts_with("self.");
        self.0.iter().any(|other| {
            **other == *name
                || of_self && (**other == *"self" || name == "self" && other.starts_with("self."))
        })
    }

    /// Whether a name of one set is, holds, or is held by one of the other.
    pub(super) fn meets(&self, other: &Self) -> bool {
        !other.0.is_empty() && self.0.iter().any(|name| other.holds(name))
    }
}

impl<N: Into<Rc<str>>> FromIterator<N> for Names {
    fn from_iter<I: IntoIterator<Item = N>>(names: I) -> Self {
        let mut found = Self::default();
        for name in names {
            found.insert(name);
        }
        found
    }
}

/// The names that a pattern binds. A macro in it may bind all that it is given.
pub(super) fn bound(pat: &Pat) -> Names {
    struct Bound(Names);
    impl<'ast> Visit<'ast> for Bound {
        fn visit_pat_ident(&mut self, pat: &'ast PatIdent) {
            self.0.insert(unraw(&pat.ident));
            visit::visit_pat_ident(self, pat);
        }
        fn visit_expr(&mut self, _: &'ast Expr) {}
        fn visit_type(&mut self, _: &'ast syn::Type) {}
        fn visit_macro(&mut self, mac: &'ast syn::Macro) {
            self.0
                .extend(&words(&mac.tokens).iter().map(unraw).collect());
        }
    }
    let mut bound = Bound(Names::default());
    bound.visit_pat(pat);
    bound.0
}
