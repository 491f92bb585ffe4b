//! The parameters inside the body's closure, which drops them as the function
//! itself would: at the same time, and in the same order.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::{
    Attribute, Block, Expr, FnArg, Ident, Pat, PatIdent, PatType, ReceiverKind, Signature, Stmt,
    Token, Type, TypeParamBound,
    visit_mut::{self, VisitMut},
};

use crate::{
    emit::{glue, hygienic},
    keep::conditional::conditions,
    lints,
    tokens::any_word,
};

/// What is written before the body in its closure:
///
/// ```text
/// let first = first;
/// let mut last = last;
/// ```
///
/// A `move` closure captures only the parts of a variable that it mentions, in
/// the order in which it mentions them, and drops them in that order. These
/// locals are whole, and dropped after the body's own, from last to first, as parameters
/// are. Lints about a parameter are reported for its local, which has its name,
/// its `mut`, and its attributes about lints. What has nothing to drop is left
/// out.
///
/// `set` is the expression of the suppressed set, which is evaluated first, and
/// may change a parameter.
pub(crate) fn rebind(sig: &mut Signature, set: Option<&Expr>) -> TokenStream {
    let set = set.map(ToTokens::to_token_stream).unwrap_or_default();
    let mut locals = TokenStream::new();
    for (index, input) in sig.inputs.iter_mut().enumerate() {
        match input {
            FnArg::Receiver(receiver) => {
                if !matches!(receiver.kind, ReceiverKind::Reference(..)) {
                    // It has no other name. What a closure captures is dropped
                    // after its locals: the receiver comes last.
                    let this = receiver.self_token;
                    locals.extend(quote_spanned!(this.span=> let _ = &#this;));
                }
            }
            FnArg::Typed(param) if may_drop(&param.ty) && !may_be_gone(param) => {
                locals.extend(rebind_param(param, index, &set));
            }
            FnArg::Typed(_) => {}
        }
    }
    locals
}

fn rebind_param(param: &mut PatType, index: usize, set: &TokenStream) -> TokenStream {
    let mut bindings = Bindings {
        index,
        set,
        under: Vec::new(),
        found: Vec::new(),
        gaps: Vec::new(),
    };
    bindings.visit_pat_mut(&mut param.pat);
    let Bindings { found, gaps, .. } = bindings;
    if found.is_empty() && gaps.is_empty() {
        return TokenStream::new();
    }
    // What has no name is dropped after what has, from first to last.
    let gaps = gaps.into_iter().rev();
    let levels = take_lint_levels(&mut param.attrs);
    let conditions = conditions(&param.attrs);
    let attrs = quote!(#(#conditions)* #(#levels)*);
    let gaps = gaps.map(|name| (Vec::new(), None, name));
    let locals = gaps.chain(found).map(|(under, mutability, name)| {
        let at = glue(name.span());
        let allow = name
            .to_string()
            .starts_with('_')
            .then(lints::underscore_binding);
        quote_spanned!(at=> #attrs #(#under)* #allow let #mutability #name = #name;)
    });
    locals.collect()
}

/// Takes the lint levels from a parameter, for its local.
fn take_lint_levels(attrs: &mut Vec<Attribute>) -> Vec<Attribute> {
    attrs
        .extract_if(.., |attr| {
            ["allow", "warn", "deny", "forbid", "expect"]
                .iter()
                .any(|level| attr.path().is_ident(level))
        })
        .collect()
}

/// Whether a condition that cannot be evaluated here may remove a parameter.
fn may_be_gone(param: &PatType) -> bool {
    param
        .attrs
        .iter()
        .any(|attr| attr.path().is_ident("cfg_attr"))
}

/// Removes `mut` from the variables that a pattern binds, and names what it
/// leaves without a name, so that each is dropped in its turn.
struct Bindings<'s> {
    /// The number of the parameter.
    index: usize,
    set: &'s TokenStream,
    /// The conditions under which what is visited is there.
    under: Vec<Attribute>,
    found: Vec<(Vec<Attribute>, Option<Token![mut]>, Ident)>,
    gaps: Vec<Ident>,
}

impl VisitMut for Bindings<'_> {
    fn visit_pat_ident_mut(&mut self, pat: &mut PatIdent) {
        // The pattern of a parameter is irrefutable, so the only constant that
        // this can be is a unit struct.
        let first = pat.ident.to_string().chars().next();
        if pat.by_ref.is_none() && first.is_some_and(|first| !first.is_uppercase()) {
            let mutability = if any_word(self.set, &|word| *word == pat.ident) {
                pat.mutability
            } else {
                pat.mutability.take()
            };
            let under = self.under.clone();
            self.found.push((under, mutability, pat.ident.clone()));
        }
        visit_mut::visit_pat_ident_mut(self, pat);
    }

    fn visit_pat_mut(&mut self, pat: &mut Pat) {
        match pat {
            Pat::Wild(wild) => {
                let name = format!("__probed_{}_{}", self.index, self.gaps.len());
                let ident = hygienic(&name, wild.underscore_token.span);
                self.gaps.push(ident.clone());
                *pat = Pat::Ident(PatIdent {
                    attrs: Vec::new(),
                    by_ref: None,
                    mutability: None,
                    ident,
                    subpat: None,
                });
            }
            Pat::Ident(_) | Pat::Paren(_) | Pat::Tuple(_) => visit_mut::visit_pat_mut(self, pat),
            // Nothing more may be moved out of a type with a `Drop` of its own.
            pat => Named(self).visit_pat_mut(pat),
        }
    }
}

/// The variables that have a name.
struct Named<'b, 's>(&'b mut Bindings<'s>);

impl VisitMut for Named<'_, '_> {
    fn visit_pat_ident_mut(&mut self, pat: &mut PatIdent) {
        self.0.visit_pat_ident_mut(pat);
    }

    fn visit_field_pat_mut(&mut self, field: &mut syn::FieldPat) {
        let around = self.0.under.len();
        self.0.under.extend(conditions(&field.attrs));
        visit_mut::visit_field_pat_mut(self, field);
        self.0.under.truncate(around);
    }

    fn visit_expr_mut(&mut self, _: &mut Expr) {}
}

/// Types of the language without anything to drop. Any other name, even of a
/// type of vmi-core, may be that of a type of the user's own.
const PLAIN: &[&str] = &[
    "bool", "char", "f32", "f64", "i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16", "u32",
    "u64", "u128", "usize",
];

/// Whether a value of a type may have something to drop, as far as its name
/// tells.
fn may_drop(ty: &Type) -> bool {
    match ty {
        Type::FnPtr(_) | Type::Never(_) | Type::Ptr(_) | Type::Reference(_) => false,
        Type::Array(array) => may_drop(&array.elem),
        Type::Group(group) => may_drop(&group.elem),
        Type::Paren(paren) => may_drop(&paren.elem),
        Type::Tuple(tuple) => tuple.elems.iter().any(may_drop),
        Type::Path(path) => !path
            .path
            .get_ident()
            .is_some_and(|name| PLAIN.contains(&name.to_string().as_str())),
        Type::ImplTrait(impl_trait) => !impl_trait.bounds.iter().any(
            |bound| matches!(bound, TypeParamBound::Trait(bound) if bound.path.is_ident("Copy")),
        ),
        _ => true,
    }
}

/// Whether the last expression of a body may hold something that borrows from
/// a parameter, until the body has ended.
///
/// Up to edition 2021 such a temporary is dropped after the locals of the block
/// that it ends, and so after our locals; after `return` it is not.
/// An expression that always diverges gets no `return`, because rustc would
/// report the `return` as unreachable.
pub(crate) fn tail_may_borrow(body: &Block) -> bool {
    let Some(Stmt::Expr(tail, None)) = body.stmts.last() else {
        return false;
    };
    match tail {
        Expr::Match(tail) => !tail.arms.iter().all(|arm| leaves(&arm.body)),
        Expr::If(tail) => !leaves_in(&tail.then_branch),
        Expr::Block(tail) => tail_may_borrow(&tail.block),
        Expr::Unsafe(tail) => tail_may_borrow(&tail.block),
        Expr::Path(_) | Expr::Lit(_) | Expr::Closure(_) | Expr::Loop(_) | Expr::While(_) => false,
        tail => !leaves(tail),
    }
}

fn leaves(expr: &Expr) -> bool {
    match expr {
        // A macro may leave, as `todo!()` and `bail!(..)` do.
        Expr::Macro(_) | Expr::Return(_) | Expr::Break(_) | Expr::Continue(_) => true,
        Expr::Block(block) => leaves_in(&block.block),
        _ => false,
    }
}

fn leaves_in(block: &Block) -> bool {
    match block.stmts.last() {
        Some(Stmt::Expr(expr, _)) => leaves(expr),
        Some(Stmt::Macro(_)) => true,
        _ => false,
    }
}
