//! What a call only writes to: the buffer of a read, and the collection that a
//! probed function is handed to add to.
//!
//! No address follows from it, so it may be missing where the call asks: a
//! buffer is overwritten, and a function that begins doomed reads nothing from
//! the collections that it is handed.

use std::collections::HashSet;

use quote::ToTokens;
use syn::{
    Expr, Pat, Type,
    visit::{self, Visit},
    visit_mut::{self, VisitMut},
};

use super::{
    facts::Facts,
    mentions::{Names, mentions},
    words::{any_word, is_suppressed},
};
use crate::{
    receiver::{self, Receiver},
    vocabulary,
};

/// The types to which functions add what they find.
const COLLECTIONS: &[&str] = &[
    "BTreeMap", "BTreeSet", "HashMap", "HashSet", "IndexMap", "IndexSet", "String", "Vec",
    "VecDeque",
];

/// Whether a parameter is a collection of the caller's.
pub(super) fn is_collection(ty: &Type) -> bool {
    let Type::Reference(reference) = ty else {
        return false;
    };
    let is_one = match &*reference.elem {
        Type::Path(ty) => ty
            .path
            .segments
            .last()
            .is_some_and(|last| COLLECTIONS.contains(&last.ident.to_string().as_str())),
        Type::Slice(_) | Type::Array(_) => true,
        _ => false,
    };
    reference.mutability.is_some() && is_one
}

/// Whether a variable is a collection, as its initializer or its type says, or
/// a reference to one that is known.
pub(super) fn is_collection_in(pat: &Pat, init: &Expr, known: &HashSet<String>) -> bool {
    let of = |code: &dyn Fn() -> proc_macro2::TokenStream| {
        any_word(&code(), &|word| {
            COLLECTIONS.contains(&word.to_string().as_str())
        })
    };
    match (pat, init) {
        (Pat::Type(typed), _) => of(&|| typed.ty.to_token_stream()),
        (_, Expr::Reference(_)) => name_of(init).is_some_and(|name| known.contains(&name)),
        (_, Expr::Macro(call)) => vocabulary::name(&call.mac) == "vec",
        (_, Expr::Call(call)) => {
            matches!(&*call.func, Expr::Path(_)) && of(&|| call.func.to_token_stream())
        }
        _ => false,
    }
}

/// What code mentions, beside what its calls only write to.
pub(super) fn reads<T>(code: &T, facts: &Facts, receivers: &[Receiver]) -> Names
where
    T: ToTokens + Clone + Code,
{
    let mut find = Find {
        receivers,
        found: false,
    };
    code.visit(&mut find);
    if !find.found {
        return mentions(code, &facts.locals);
    }
    let mut code = code.clone();
    code.visit_mut(&mut Leave { facts, receivers });
    mentions(&code, &facts.locals)
}

/// Code that can be looked through.
pub(super) trait Code {
    fn visit<'ast>(&'ast self, visitor: &mut impl Visit<'ast>);
    fn visit_mut(&mut self, visitor: &mut impl VisitMut);
}

impl Code for syn::Stmt {
    fn visit<'ast>(&'ast self, visitor: &mut impl Visit<'ast>) {
        visitor.visit_stmt(self);
    }
    fn visit_mut(&mut self, visitor: &mut impl VisitMut) {
        visitor.visit_stmt_mut(self);
    }
}

impl Code for Expr {
    fn visit<'ast>(&'ast self, visitor: &mut impl Visit<'ast>) {
        visitor.visit_expr(self);
    }
    fn visit_mut(&mut self, visitor: &mut impl VisitMut) {
        visitor.visit_expr_mut(self);
    }
}

/// Finds a call that may only write.
struct Find<'a> {
    receivers: &'a [Receiver],
    found: bool,
}

impl<'ast> Visit<'ast> for Find<'_> {
    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        self.found |= call.args.iter().any(is_suppressed);
        visit::visit_expr_call(self, call);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        self.found |= call.args.iter().any(is_suppressed)
            || vocabulary::is_read(&call.method) && receiver::is_on(call, self.receivers);
        visit::visit_expr_method_call(self, call);
    }
}

/// Leaves out what calls only write to.
struct Leave<'a> {
    facts: &'a Facts,
    receivers: &'a [Receiver],
}

impl Leave<'_> {
    fn collections<'e>(&self, args: impl IntoIterator<Item = &'e mut Expr>) {
        for arg in args {
            if name_of(arg).is_some_and(|name| self.facts.collections.contains(&name)) {
                *arg = Expr::PLACEHOLDER;
            }
        }
    }
}

impl VisitMut for Leave<'_> {
    fn visit_expr_call_mut(&mut self, call: &mut syn::ExprCall) {
        if call.args.iter().any(is_suppressed) {
            self.collections(&mut call.args);
        }
        visit_mut::visit_expr_call_mut(self, call);
    }

    fn visit_expr_method_call_mut(&mut self, call: &mut syn::ExprMethodCall) {
        if call.args.iter().any(is_suppressed) {
            self.collections(&mut call.args);
        } else if vocabulary::is_read(&call.method)
            && receiver::is_on(call, self.receivers)
            && let Some(Expr::Reference(buffer)) = call.args.last_mut()
            && buffer.mutability.is_some()
        {
            match &mut *buffer.expr {
                Expr::Path(_) => *buffer.expr = Expr::PLACEHOLDER,
                // Its bounds are read.
                Expr::Index(part) if matches!(*part.expr, Expr::Path(_)) => {
                    *part.expr = Expr::PLACEHOLDER;
                }
                _ => {}
            }
        }
        visit_mut::visit_expr_method_call_mut(self, call);
    }
}

/// The variable that is handed on: `list` in `list`, `&mut list`, `&mut *list`.
fn name_of(arg: &Expr) -> Option<String> {
    match arg {
        Expr::Path(path) => path.path.get_ident().map(ToString::to_string),
        Expr::Reference(reference) if reference.mutability.is_some() => match &*reference.expr {
            Expr::Unary(unary) if matches!(unary.op, syn::UnOp::Deref(_)) => name_of(&unary.expr),
            Expr::Path(_) => name_of(&reference.expr),
            _ => None,
        },
        _ => None,
    }
}
