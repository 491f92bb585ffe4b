//! The parameters inside the body's closure: dropped when and in the order in
//! which the function itself would drop them.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::quote_spanned;
use syn::{
    Attribute, FnArg, Pat, PatIdent, ReceiverKind, Signature, Type, TypeParamBound,
    visit::{self, Visit},
};

use crate::{
    emit::{glue, hygienic},
    lints,
};

/// What stands before the body in its closure:
///
/// ```text
/// let _ = (&last, &first);
/// ```
///
/// A `move` closure owns each variable that it mentions as a whole, and drops
/// them in the order of their first mention, after the body's own: so the
/// parameters are mentioned from last to first. What has nothing to drop is
/// left out.
pub(crate) fn mention(sig: &mut Signature, body: &TokenStream) -> TokenStream {
    let mut mentions = Vec::new();
    let mut unused = Vec::new();
    let mut allow = TokenStream::new();
    for (index, input) in sig.inputs.iter_mut().enumerate() {
        match input {
            FnArg::Receiver(receiver) => {
                if !matches!(receiver.kind, ReceiverKind::Reference(..)) {
                    let this = receiver.self_token;
                    // A receiver that the body does not use is no error.
                    mentions.push(quote_spanned!(this.span=> &#this));
                }
            }
            FnArg::Typed(param) if !may_drop(&param.ty) || is_conditional(&param.attrs) => {}
            FnArg::Typed(param) => {
                if let Pat::Wild(wild) = &*param.pat {
                    let name = hygienic(&format!("__probed_{index}"), wild.underscore_token.span);
                    *param.pat = Pat::Ident(PatIdent {
                        attrs: Vec::new(),
                        by_ref: None,
                        mutability: None,
                        ident: name,
                        subpat: None,
                    });
                }
                let mut bindings = Bindings(Vec::new());
                bindings.visit_pat(&param.pat);
                let levels = bindings
                    .0
                    .iter()
                    .any(|name| is_unused(name, body))
                    .then(|| take_lint_levels(&mut param.attrs));
                for name in bindings.0 {
                    if name.to_string().starts_with('_') {
                        allow = lints::mention();
                    } else if is_unused(&name, body) {
                        unused.push((levels.clone(), name.clone()));
                    }
                    mentions.push(quote_spanned!(glue(name.span())=> &#name));
                }
            }
        }
    }
    if mentions.is_empty() {
        return TokenStream::new();
    }

    mentions.reverse();
    // A mention is a use. This keeps the warning about a parameter that the
    // body does not use.
    let unused = unused.iter().map(|(levels, name)| {
        let levels = levels.iter().flatten();
        quote_spanned!(glue(name.span())=> { #(#levels)* let #name = (); })
    });
    quote_spanned!(Span::mixed_site()=> #allow let _ = (#(#mentions,)*); #(#unused)*)
}

/// Whether a parameter is one that rustc warns of, as the body does not name
/// it.
fn is_unused(name: &Ident, body: &TokenStream) -> bool {
    !name.to_string().starts_with('_') && !mentions(body.clone(), name)
}

/// Takes the lint levels from a parameter, for what warns in its place.
/// `expect` must not stay: the parameter itself gives no warning any more.
fn take_lint_levels(attrs: &mut Vec<Attribute>) -> Vec<Attribute> {
    let is_level = |attr: &Attribute| {
        ["allow", "warn", "deny", "forbid", "expect"]
            .iter()
            .any(|level| attr.path().is_ident(level))
    };
    let levels = attrs
        .extract_if(.., |attr| is_level(attr))
        .collect::<Vec<_>>();
    let stay = levels.iter().filter(|attr| !attr.path().is_ident("expect"));
    attrs.extend(stay.cloned());
    levels
}

/// Whether tokens name an identifier, also in the text of a format string.
fn mentions(tokens: TokenStream, name: &Ident) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == *name,
        TokenTree::Group(group) => mentions(group.stream(), name),
        TokenTree::Literal(literal) => {
            let text = literal.to_string();
            text.contains('"') && text.contains(&format!("{{{name}"))
        }
        TokenTree::Punct(_) => false,
    })
}

/// The variables that a pattern binds.
struct Bindings(Vec<Ident>);

impl<'ast> Visit<'ast> for Bindings {
    fn visit_pat_ident(&mut self, pat: &'ast PatIdent) {
        // In a parameter's pattern, which is irrefutable, this is a constant
        // only as the name of a unit struct.
        let first = pat.ident.to_string().chars().next();
        if pat.by_ref.is_none() && first.is_some_and(|first| !first.is_uppercase()) {
            self.0.push(pat.ident.clone());
        }
        visit::visit_pat_ident(self, pat);
    }

    fn visit_expr(&mut self, _: &'ast syn::Expr) {}
}

fn is_conditional(attrs: &[Attribute]) -> bool {
    attrs
        .iter()
        .any(|attr| attr.path().is_ident("cfg") || attr.path().is_ident("cfg_attr"))
}

/// Types without anything to drop, by name: of the language, and of vmi-core.
const PLAIN: &[&str] = &[
    "bool",
    "char",
    "f32",
    "f64",
    "i8",
    "i16",
    "i32",
    "i64",
    "i128",
    "isize",
    "u8",
    "u16",
    "u32",
    "u64",
    "u128",
    "usize",
    "AccessContext",
    "AddressContext",
    "Gfn",
    "Pa",
    "Va",
    "VcpuId",
    "View",
    "VmiContext",
    "VmiSession",
    "VmiState",
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
            .segments
            .last()
            .is_some_and(|last| PLAIN.contains(&last.ident.to_string().as_str())),
        Type::ImplTrait(impl_trait) => !impl_trait.bounds.iter().any(
            |bound| matches!(bound, TypeParamBound::Trait(bound) if bound.path.is_ident("Copy")),
        ),
        _ => true,
    }
}
