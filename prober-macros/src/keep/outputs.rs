//! What a call only writes to: the buffer of a read, and the collection that a
//! probed function is handed to add to.
//!
//! No address follows from it, so it may be missing where the call asks: a
//! buffer is overwritten, and a function that begins doomed reads nothing from
//! the collections that it is handed.

use std::collections::HashSet;

use quote::ToTokens;
use syn::{Expr, ExprMethodCall, Pat, Token, Type, punctuated::Punctuated};

use super::{
    facts::Facts,
    mentions::{Code, Mentions, Names},
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

/// What code mentions: beside what its calls only write to, and in all.
pub(super) fn reads_and_all<T: Code + ?Sized>(
    code: &T,
    facts: &Facts,
    receivers: &[Receiver],
) -> (Names, Names) {
    let mut mentions = Mentions {
        locals: &facts.locals,
        names: Names::default(),
        writes: Some(Writes {
            facts,
            receivers,
            names: Names::default(),
        }),
    };
    code.visit(&mut mentions);
    let reads = mentions.names;
    let mut all = reads.clone();
    all.extend(
        &mentions
            .writes
            .map(|writes| writes.names)
            .unwrap_or_default(),
    );
    (reads, all)
}

/// What code mentions, beside what its calls only write to.
pub(super) fn reads<T: Code + ?Sized>(code: &T, facts: &Facts, receivers: &[Receiver]) -> Names {
    reads_and_all(code, facts, receivers).0
}

/// What calls only write to.
pub(super) struct Writes<'a> {
    facts: &'a Facts,
    receivers: &'a [Receiver],
    pub(super) names: Names,
}

impl Writes<'_> {
    /// What a function only writes to that is handed the suppressed set.
    pub(super) fn of_call<'e>(
        &self,
        args: &Punctuated<Expr, Token![,]>,
        arg: &'e Expr,
    ) -> Option<&'e Expr> {
        let is_output = args.iter().any(is_suppressed)
            && name_of(arg).is_some_and(|name| self.facts.collections.contains(&name));
        is_output.then_some(arg)
    }

    /// What a method only writes to: also the buffer of a read.
    pub(super) fn of_method<'e>(
        &self,
        call: &'e ExprMethodCall,
        arg: &'e Expr,
    ) -> Option<&'e Expr> {
        if call.args.iter().any(is_suppressed) {
            return self.of_call(&call.args, arg);
        }
        let is_last = call.args.last().is_some_and(|last| std::ptr::eq(last, arg));
        match arg {
            Expr::Reference(buffer)
                if is_last
                    && buffer.mutability.is_some()
                    && vocabulary::is_read(&call.method)
                    && receiver::is_on(call, self.receivers) =>
            {
                match &*buffer.expr {
                    expr @ Expr::Path(_) => Some(expr),
                    Expr::Index(part) => matches!(*part.expr, Expr::Path(_)).then_some(&*part.expr),
                    _ => None,
                }
            }
            _ => None,
        }
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
