//! Which variables are collections, to which functions add what they find.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Expr, Pat, Type};

use super::names::Names;
use crate::{tokens::any_word, vocabulary};

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
pub(super) fn is_collection_in(pat: &Pat, init: &Expr, known: &Names) -> bool {
    let of = |code: &dyn Fn() -> TokenStream| {
        any_word(&code(), &|word| {
            COLLECTIONS.contains(&word.to_string().as_str())
        })
    };
    match (pat, init) {
        (Pat::Type(typed), _) => of(&|| typed.ty.to_token_stream()),
        (_, Expr::Reference(_)) => variable_of(init).is_some_and(|name| known.contains(&name)),
        (_, Expr::Macro(call)) => vocabulary::name(&call.mac) == "vec",
        (_, Expr::Call(call)) => {
            matches!(&*call.func, Expr::Path(_)) && of(&|| call.func.to_token_stream())
        }
        _ => false,
    }
}

/// The variable that is handed on: `list` in `list`, `&mut list`, `&mut *list`.
pub(super) fn variable_of(arg: &Expr) -> Option<String> {
    match arg {
        Expr::Path(path) => path.path.get_ident().map(ToString::to_string),
        Expr::Reference(reference) if reference.mutability.is_some() => match &*reference.expr {
            Expr::Unary(unary) => variable_of(&unary.expr),
            Expr::Path(_) => variable_of(&reference.expr),
            _ => None,
        },
        _ => None,
    }
}
