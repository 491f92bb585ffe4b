//! What a function's variables are to one another: which can change, which
//! outlive the function, and which see or change others.

use std::collections::{HashMap, HashSet};

use syn::ExprPath;

use super::{inner::is_static, names::Names};
use crate::receiver::variable;

/// What is known of the variables of a function, by their names.
#[derive(Default)]
pub(super) struct Facts {
    /// All of them.
    pub(super) locals: Names,

    /// Those that can change.
    pub(super) mutable: Names,

    /// `&mut` parameters, and other names of them: what changes through them
    /// outlives the function.
    pub(super) outlive: Names,

    /// Those that change behind a shared reference, as their types say.
    pub(super) cells: Names,

    /// Those of them that outlive the function.
    pub(super) given_cells: Names,

    /// Parameters: what a call does with them is seen outside of the function.
    pub(super) params: Names,

    /// Variables that hold closures in which something acts.
    pub(super) acting: Names,

    /// Variables that hold closures in which faults are recorded: a call may doom
    /// the run, and give a value.
    pub(super) recording: Names,

    /// Variables that may hold iterators over what outlives the function: another
    /// function made them of it.
    pub(super) takers: Names,

    /// Parameters that can only be written to: nothing can be read from them.
    pub(super) sinks: Names,

    /// Collections to which functions add, those of the caller's among them.
    pub(super) collections: Names,

    /// Collections of the caller's. If the caller is doomed, they may lack
    /// something.
    pub(super) given: Names,

    /// What a variable may change: what it borrows mutably, and what can change
    /// of what its closures capture.
    pub(super) changes: HashMap<String, Names>,

    /// What the closures in a variable capture. It may change behind shared
    /// references where they are called as statements.
    pub(super) captures: HashMap<String, Names>,

    /// What a variable sees: what it borrows or captures.
    pub(super) sees: HashMap<String, Names>,

    /// Variables through which something else is changed, as far as can be
    /// seen: `*name = 1`, `name.push(1)`. They may be references to what can
    /// change.
    pub(super) written: Names,

    /// Variables that the body drops itself: as long as they live, what they are
    /// made from may be locked.
    pub(super) dropped: Names,

    /// Variables that may have no value where a run misses: a branch gives them
    /// their first one, or they are moved and renewed.
    pub(super) unset: Names,

    /// Variables whose values are copied.
    pub(super) copies: Names,

    /// Receivers of reads, which a call does not change.
    pub(super) receivers: Names,
}

impl Facts {
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
        let acted_on = |root: &&str| !self.is_receiver(root) && !self.sinks.contains(root);
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

    /// Whether a variable holds a number, as far as its declarations say, and not a
    /// reference to something else.
    pub(super) fn is_number(&self, name: &str) -> bool {
        self.copies.contains(name)
            && !self.params.contains(name)
            && !self.cells.contains(name)
            && !self.changes.contains_key(name)
            && !self.sees.contains_key(name)
    }

    /// Whether one of these can change.
    pub(super) fn any_changes(&self, names: &Names) -> bool {
        names.iter().any(|name| self.is_mutable(name))
    }

    pub(super) fn outlives(&self, name: &str) -> bool {
        !self.is_receiver(name)
            && (self.outlive.contains(name)
                || name.starts_with("self.") && self.outlive.contains("self"))
    }

    /// Whether a variable is, or sees, what changes behind a shared reference and
    /// outlives the function: a parameter, a field of `self`, a static.
    pub(super) fn is_given_cell(&self, name: &str) -> bool {
        name.starts_with("self.")
            || is_static(name)
            || self
                .seen_from(name)
                .iter()
                .any(|seen| self.given_cells.contains(seen))
    }

    /// Whether a call of what is named may record a fault.
    pub(super) fn records(&self, path: &ExprPath) -> bool {
        if self.recording.is_empty() {
            return false;
        }
        path.path
            .get_ident()
            .is_some_and(|name| self.recording.holds(&variable(name)))
    }

    /// Whether something is the caller's, or a field of it, and no receiver of
    /// reads.
    pub(super) fn given_at_all(&self, name: &str) -> bool {
        let whole = name.split_once('.').map_or(name, |(whole, _)| whole);
        self.params.contains(whole) && !self.is_receiver(name)
    }

    pub(super) fn is_receiver(&self, name: &str) -> bool {
        self.receivers.contains(name)
    }
}
