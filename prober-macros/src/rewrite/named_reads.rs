//! Names in scope that hold the `Option` of a read:
//! `let peb = vmi.read_va(process)?;`
//!
//! A `?` on one of them in a probe is a plain `match`. rustc checks that at less
//! cost than the runtime's trait, which any other operand needs: it may be an
//! `Option` or a `Result`. As names are compared as text, one is forgotten
//! wherever something else may bind it.

use syn::{
    Expr, Ident, Local, Pat, PatIdent,
    visit::{self, Visit},
};

#[derive(Default, Clone)]
pub(super) struct NamedReads(Vec<Ident>);

impl NamedReads {
    /// Whether an expression is one of the names.
    pub(super) fn contain(&self, expr: &Expr) -> bool {
        matches!(expr, Expr::Path(path)
            if path.path.get_ident().is_some_and(|name| self.0.contains(name)))
    }

    /// A `let` whose value is the `Option` of a read, or is not.
    pub(super) fn bind(&mut self, local: &Local, is_read: bool) {
        self.forget(&local.pat);
        if let Pat::Ident(name) = &local.pat
            && name.by_ref.is_none()
            && name.subpat.is_none()
            && is_read
        {
            self.0.push(name.ident.clone());
        }
    }

    /// A pattern binds its names to something else.
    pub(super) fn forget(&mut self, pat: &Pat) {
        struct Forget<'a>(&'a mut Vec<Ident>);

        impl<'ast> Visit<'ast> for Forget<'_> {
            fn visit_pat_ident(&mut self, pat: &'ast PatIdent) {
                self.0.retain(|name| *name != pat.ident);
                visit::visit_pat_ident(self, pat);
            }
        }

        if !self.0.is_empty() {
            Forget(&mut self.0).visit_pat(pat);
        }
    }
}
