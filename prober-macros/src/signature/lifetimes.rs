//! The lifetimes that the added parameter would otherwise make ambiguous.

use proc_macro2::Span;
use quote::quote;
use syn::{
    FnArg, GenericArgument, GenericParam, Lifetime, LifetimeParam, ParenthesizedGenericArguments,
    Pat, Path, PathArguments, ReceiverKind, ReturnType, Signature, TraitBound, TypeFnPtr,
    TypeReference,
    visit::{self, Visit},
    visit_mut::{self, VisitMut},
};

use crate::error::Errors;

/// What the result borrows from.
#[derive(Default)]
pub(super) struct Borrowed {
    /// Whether the result says so, as far as can be seen.
    pub(super) is_clear: bool,

    /// The types in the result that may hide a lifetime.
    pub(super) hiding: Vec<Path>,

    /// Whether a hidden lifetime would be that of the added parameter.
    pub(super) own_lifetime: bool,
}

/// Keeps the meaning of elided lifetimes in the result.
///
/// ```text
/// fn name(names: &Names) -> Result<&str, E>                              // Input
/// fn name<'__probed>(names: &'__probed Names, ..) -> Result<&'__probed str, E>   // Output
/// ```
///
/// Elision counts the lifetimes of all parameters, including the added one. Only
/// a result that borrows from the receiver is not affected.
pub(super) fn name_elided(sig: &mut Signature, errors: &mut Errors) -> Borrowed {
    let clear = Borrowed {
        is_clear: true,
        ..Borrowed::default()
    };
    let ReturnType::Type(_, output) = &mut sig.output else {
        return clear;
    };
    let mut outputs = Lifetimes::default();
    outputs.visit_type(output);
    if outputs.elided.is_empty() && outputs.hidden.is_empty() {
        return clear;
    }
    let mut inputs = Lifetimes::default();
    for input in &sig.inputs {
        inputs.visit_fn_arg(input);
    }
    let candidates = inputs.named.len() + inputs.elided.len();
    if sig
        .inputs
        .iter()
        .any(|input| borrows_from(input, candidates))
    {
        return clear;
    }

    let lifetime = match (&inputs.named[..], &inputs.elided[..]) {
        ([named], []) => Some(named.clone()),
        ([], [_]) => Some(Lifetime::new("'__probed", Span::mixed_site())),
        _ => None,
    };
    let own_lifetime = candidates == 0;
    let hiding = outputs.hidden.iter().map(|path| (*path).clone());
    let borrowed = Borrowed {
        is_clear: true,
        hiding: hiding.collect(),
        own_lifetime,
    };
    match (lifetime, outputs.elided.first().copied()) {
        // A type that hides no lifetime needs none. If one does hide a lifetime,
        // rustc says that it cannot tell which is meant, and what to write.
        (_, None) | (None, Some(_)) if !own_lifetime => clear,
        (_, None) => borrowed,
        (Some(lifetime), Some(_)) => {
            let mut name = NameElided(lifetime.clone());
            name.visit_type_mut(output);
            if inputs.named.is_empty() {
                for input in &mut sig.inputs {
                    name.visit_fn_arg_mut(input);
                }
                let param = GenericParam::Lifetime(LifetimeParam::new(lifetime));
                sig.generics.params.insert(0, param);
            }
            borrowed
        }
        (None, Some(at)) => {
            match inputs.hidden.first() {
                Some(hidden) => errors.on(hidden, write_lifetime("parameter", hidden)),
                None => errors.at(
                    at,
                    "none of your parameters has a lifetime for this, and that of the parameter which `#[probed]` \
                     adds is not meant; write the lifetime",
                ),
            }
            // So that no other error follows.
            let any = Lifetime::new("'__probed", Span::mixed_site());
            NameElided(any.clone()).visit_type_mut(output);
            let param = GenericParam::Lifetime(LifetimeParam::new(any));
            sig.generics.params.insert(0, param);
            Borrowed::default()
        }
    }
}

fn write_lifetime(place: &str, path: &Path) -> String {
    let name = &path.segments[path.segments.len() - 1];
    let arguments = match &name.arguments {
        PathArguments::AngleBracketed(arguments) => {
            let arguments = &arguments.args;
            format!("'_, {}", quote!(#arguments))
        }
        _ => "'_".to_owned(),
    };
    format!(
        "`#[probed]` adds a parameter, so the lifetime hidden in this {place} must be written; \
         write `{}<{arguments}>`",
        name.ident
    )
}

/// Whether rustc takes the elided lifetimes of the result from this receiver. If
/// the receiver's type is written, it does so only where there is a choice.
fn borrows_from(input: &FnArg, candidates: usize) -> bool {
    struct Find(bool);
    impl<'ast> Visit<'ast> for Find {
        fn visit_type_reference(&mut self, _: &'ast TypeReference) {
            self.0 = true;
        }
    }
    let FnArg::Receiver(receiver) = input else {
        return false;
    };
    match &receiver.kind {
        ReceiverKind::Reference(..) => true,
        ReceiverKind::Typed(_, ty) => {
            let mut reference = Find(false);
            reference.visit_type(ty);
            reference.0 && candidates > 1
        }
        _ => false,
    }
}

/// The lifetimes that elision counts.
#[derive(Default)]
struct Lifetimes<'ast> {
    /// Those with a name, each once.
    named: Vec<Lifetime>,

    /// Where they are elided: `&T` and `'_`.
    elided: Vec<Span>,

    /// Types with the name of one that is often written without its lifetime.
    hidden: Vec<&'ast Path>,

    /// Those that an enclosing `for<'a>` declares, which are not parameters.
    bound: Vec<&'ast Lifetime>,
}

/// Types that are often written without their lifetime. rustc decides whether
/// one of them is meant, or another type of that name.
const HIDING: &[&str] = &[
    // vmi-core
    "VmiContext",
    "VmiOsContext",
    "VmiOsState",
    "VmiSession",
    "VmiState",
    // guards
    "Ref",
    "RefMut",
    "MutexGuard",
    "RwLockReadGuard",
    "RwLockWriteGuard",
    // the rest of std
    "Iter",
    "IterMut",
    "Drain",
    "Chars",
    "CharIndices",
    "Keys",
    "Values",
    "ValuesMut",
    "Windows",
    "Chunks",
    "Cow",
];

/// Whether a path names one of these types without its lifetime.
fn hides_lifetime(path: &Path) -> bool {
    path.segments
        .last()
        .is_some_and(|last| match &last.arguments {
            PathArguments::AngleBracketed(arguments) => {
                !arguments
                    .args
                    .iter()
                    .any(|argument| matches!(argument, GenericArgument::Lifetime(_)))
                    && HIDING.contains(&last.ident.to_string().as_str())
            }
            // The others have type parameters: without any it is another type of
            // that name.
            PathArguments::None => last.ident == "Chars" || last.ident == "CharIndices",
            PathArguments::Parenthesized(_) => false,
        })
}

impl<'ast> Visit<'ast> for Lifetimes<'ast> {
    fn visit_type_reference(&mut self, reference: &'ast TypeReference) {
        if reference.lifetime.is_none() {
            self.elided.push(reference.and_token.span);
        }
        visit::visit_type_reference(self, reference);
    }

    fn visit_lifetime(&mut self, lifetime: &'ast Lifetime) {
        if lifetime.ident == "_" {
            self.elided.push(lifetime.span());
        } else if !self.named.contains(lifetime) && !self.bound.contains(&lifetime) {
            self.named.push(lifetime.clone());
        }
    }

    fn visit_trait_bound(&mut self, bound: &'ast TraitBound) {
        let outer = self.bound.len();
        let declared = bound.lifetimes.iter().flat_map(|bound| &bound.lifetimes);
        self.bound.extend(declared.filter_map(|param| match param {
            GenericParam::Lifetime(param) => Some(&param.lifetime),
            _ => None,
        }));
        visit::visit_trait_bound(self, bound);
        self.bound.truncate(outer);
    }

    fn visit_path(&mut self, path: &'ast Path) {
        if hides_lifetime(path) {
            self.hidden.push(path);
        }
        visit::visit_path(self, path);
    }

    // These have lifetimes of their own.
    fn visit_type_fn_ptr(&mut self, _: &'ast TypeFnPtr) {}
    fn visit_parenthesized_generic_arguments(&mut self, _: &'ast ParenthesizedGenericArguments) {}
    fn visit_bound_lifetimes(&mut self, _: &'ast syn::BoundLifetimes) {}
    fn visit_expr(&mut self, _: &'ast syn::Expr) {}
    fn visit_pat(&mut self, _: &'ast Pat) {}
    fn visit_attribute(&mut self, _: &'ast syn::Attribute) {}
}

/// Gives elided lifetimes a name.
struct NameElided(Lifetime);

impl VisitMut for NameElided {
    fn visit_type_reference_mut(&mut self, reference: &mut TypeReference) {
        reference.lifetime.get_or_insert_with(|| self.0.clone());
        visit_mut::visit_type_reference_mut(self, reference);
    }

    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        if lifetime.ident == "_" {
            *lifetime = self.0.clone();
        }
    }

    fn visit_type_fn_ptr_mut(&mut self, _: &mut TypeFnPtr) {}
    fn visit_parenthesized_generic_arguments_mut(&mut self, _: &mut ParenthesizedGenericArguments) {
    }
    fn visit_expr_mut(&mut self, _: &mut syn::Expr) {}
    fn visit_pat_mut(&mut self, _: &mut Pat) {}
    fn visit_attribute_mut(&mut self, _: &mut syn::Attribute) {}
}
