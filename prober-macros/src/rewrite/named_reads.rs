//! Names in scope that hold the `Option` of a read:
//! `let peb = vmi.read_va(process)?;`
//!
//! A `?` on one of them in a probe is a plain `match`. rustc checks that at less
//! cost than the runtime's trait, which any other operand needs: it may be an
//! `Option` or a `Result`. As names are compared as text, one is forgotten
//! wherever something else may bind it.

use syn::{
    BinOp, Expr, ExprMethodCall, Ident, Local, Pat, PatIdent,
    visit::{self, Visit},
    visit_mut::{self, VisitMut},
};

use crate::{emit::hygienic, vocabulary};

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

    /// The names on which a `?` ends a read, if nothing else ends it, and nothing
    /// runs before it is known that they all have values: `vmi.read_u64(peb? + 8)`.
    ///
    /// They can be looked at before the read, which costs rustc less than a block
    /// that is left from its midst.
    pub(super) fn needed_by(&self, read: &ExprMethodCall) -> Option<Needed> {
        if self.0.is_empty() {
            return None;
        }
        let mut find = FindNeeded {
            reads: self,
            names: Vec::new(),
            runs: false,
        };
        let is_simple = find.visit(&read.receiver) && read.args.iter().all(|arg| find.visit(arg));
        (is_simple && !find.names.is_empty()).then(|| Needed::new(find.names))
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

/// Looks for names on which a `?` ends a read, in the order of evaluation.
struct FindNeeded<'r> {
    reads: &'r NamedReads,
    names: Vec<Ident>,
    /// Whether code of others has run.
    runs: bool,
}

impl FindNeeded<'_> {
    /// Returns whether an expression is one that is seen through.
    fn visit(&mut self, expr: &Expr) -> bool {
        match expr {
            Expr::Try(question) => {
                if self.runs || !question.attrs.is_empty() || !self.reads.contain(&question.expr) {
                    return false;
                }
                if let Expr::Path(path) = &*question.expr
                    && let Some(name) = path.path.get_ident()
                    && !self.names.contains(name)
                {
                    self.names.push(name.clone());
                }
                true
            }
            Expr::Path(_) | Expr::Lit(_) => true,
            Expr::Binary(binary) if !is_lazy(&binary.op) && !vocabulary::assigns(&binary.op) => {
                self.visit(&binary.left) && self.visit(&binary.right)
            }
            Expr::Cast(cast) => self.visit(&cast.expr),
            Expr::Field(field) => self.visit(&field.base),
            Expr::Paren(paren) => self.visit(&paren.expr),
            Expr::Reference(reference) => self.visit(&reference.expr),
            Expr::MethodCall(call) => {
                let sees =
                    self.visit(&call.receiver) && call.args.iter().all(|arg| self.visit(arg));
                self.runs = true;
                sees
            }
            Expr::Call(call) => {
                let sees = self.visit(&call.func) && call.args.iter().all(|arg| self.visit(arg));
                self.runs = true;
                sees
            }
            _ => false,
        }
    }
}

fn is_lazy(op: &BinOp) -> bool {
    matches!(op, BinOp::And(_) | BinOp::Or(_))
}

/// Names whose values a read needs, and what these are called in it.
pub(super) struct Needed {
    pub(super) names: Vec<Ident>,
    pub(super) values: Vec<Ident>,
}

impl Needed {
    fn new(names: Vec<Ident>) -> Self {
        let value = |(index, name): (usize, &Ident)| {
            hygienic(&format!("__probed_value_{index}"), name.span())
        };
        let values = names.iter().enumerate().map(value).collect();
        Self { names, values }
    }

    /// Writes the values in the place of each `NAME?`.
    pub(super) fn replace_in(&self, read: &mut ExprMethodCall) {
        struct Replace<'n>(&'n Needed);
        impl VisitMut for Replace<'_> {
            fn visit_expr_mut(&mut self, expr: &mut Expr) {
                if let Expr::Try(question) = expr
                    && let Expr::Path(path) = &*question.expr
                    && let Some(value) = path.path.get_ident().and_then(|name| self.0.of(name))
                {
                    *expr = Expr::Path(syn::ExprPath {
                        attrs: Vec::new(),
                        qself: None,
                        path: value.into(),
                    });
                } else {
                    visit_mut::visit_expr_mut(self, expr);
                }
            }
        }
        for arg in &mut read.args {
            Replace(self).visit_expr_mut(arg);
        }
    }

    /// The value of a name, blamed where that stands.
    fn of(&self, name: &Ident) -> Option<Ident> {
        let index = self.names.iter().position(|other| other == name)?;
        let mut value = self.values[index].clone();
        value.set_span(value.span().located_at(name.span()));
        Some(value)
    }
}
