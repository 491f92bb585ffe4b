//! The lifetimes that the added parameter would otherwise make ambiguous.

use proc_macro2::Span;
use quote::quote;
use syn::{
    FnArg, GenericArgument, GenericParam, Lifetime, LifetimeParam, ParenthesizedGenericArguments,
    Pat, Path, PathArguments, ReceiverKind, ReturnType, Signature, TraitBound, TypeFnPtr,
    TypeReference, parse_quote_spanned,
    visit::{self, Visit},
    visit_mut::{self, VisitMut},
};

use crate::{emit, error::Errors};

/// Keeps the meaning of elided lifetimes in the result.
///
/// ```text
/// fn name(names: &Names) -> Result<&str, E>                              // Input
/// fn name<'__probed>(names: &'__probed Names, ..) -> Result<&'__probed str, E>   // Output
/// ```
///
/// Elision counts all lifetimes of all parameters, that of the added one too.
/// Only a result that borrows from the receiver is not touched by it.
pub(super) fn name_elided(sig: &mut Signature, errors: &mut Errors) {
    let ReturnType::Type(_, output) = &mut sig.output else {
        return;
    };
    if sig.inputs.iter().any(is_borrowed_receiver) {
        return;
    }

    let mut inputs = Lifetimes::default();
    for input in &sig.inputs {
        inputs.visit_fn_arg(input);
    }
    let mut outputs = Lifetimes::default();
    outputs.visit_type(output);

    if let Some(hidden) = outputs.hidden.first()
        && inputs.named.len() + inputs.elided + inputs.hidden.len() == 1
    {
        errors.on(hidden, write_lifetime("result", hidden));
        // Continue as if it had been written, to avoid follow-up errors.
        WriteHidden.visit_type_mut(output);
        return name_elided(sig, errors);
    }
    if outputs.elided == 0 {
        return;
    }
    match (&inputs.named[..], inputs.elided, &inputs.hidden[..]) {
        ([named], 0, []) => NameElided(named.clone()).visit_type_mut(output),
        ([], 1, []) => {
            let lifetime = Lifetime::new("'__probed", Span::mixed_site());
            let mut name = NameElided(lifetime.clone());
            name.visit_type_mut(output);
            for input in &mut sig.inputs {
                name.visit_fn_arg_mut(input);
            }
            let param = GenericParam::Lifetime(LifetimeParam::new(lifetime));
            sig.generics.params.insert(0, param);
        }
        ([], 0, [hidden]) => {
            errors.on(hidden, write_lifetime("parameter", hidden));
            for input in &mut sig.inputs {
                WriteHidden.visit_fn_arg_mut(input);
            }
            name_elided(sig, errors);
        }
        // Ambiguous with or without the added parameter.
        _ => {}
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

/// Whether elided lifetimes of the result are those of this receiver.
fn is_borrowed_receiver(input: &FnArg) -> bool {
    let FnArg::Receiver(receiver) = input else {
        return false;
    };
    match &receiver.kind {
        ReceiverKind::Reference(..) => true,
        ReceiverKind::Typed(_, ty) => {
            let mut lifetimes = Lifetimes::default();
            lifetimes.visit_type(ty);
            lifetimes.elided + lifetimes.named.len() > 0
        }
        _ => false,
    }
}

/// The lifetimes that elision counts.
#[derive(Default)]
struct Lifetimes<'ast> {
    /// Those with a name, each once.
    named: Vec<Lifetime>,

    /// How many are elided: `&T` and `'_`.
    elided: usize,

    /// Well-known types whose lifetime is not even hinted at.
    hidden: Vec<&'ast Path>,

    /// Those that a `for<'a>` around declares, which are no parameters.
    bound: Vec<&'ast Lifetime>,
}

/// Types that are often written without their lifetime.
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

/// Whether a path is that of one of these types, without its lifetime.
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
            // Of the same name, but some other type, if it has no parameters.
            PathArguments::None => last.ident == "Chars" || last.ident == "CharIndices",
            PathArguments::Parenthesized(_) => false,
        })
}

/// Writes the lifetimes that these types hide.
struct WriteHidden;

impl VisitMut for WriteHidden {
    fn visit_path_mut(&mut self, path: &mut Path) {
        if hides_lifetime(path)
            && let Some(last) = path.segments.last_mut()
        {
            let glue = emit::glue(last.ident.span());
            let elided = GenericArgument::Lifetime(Lifetime::new("'_", glue));
            match &mut last.arguments {
                PathArguments::AngleBracketed(arguments) => arguments.args.insert(0, elided),
                arguments => {
                    *arguments =
                        PathArguments::AngleBracketed(parse_quote_spanned!(glue=> <#elided>));
                }
            }
        }
        visit_mut::visit_path_mut(self, path);
    }

    fn visit_expr_mut(&mut self, _: &mut syn::Expr) {}
    fn visit_attribute_mut(&mut self, _: &mut syn::Attribute) {}
}

impl<'ast> Visit<'ast> for Lifetimes<'ast> {
    fn visit_type_reference(&mut self, reference: &'ast TypeReference) {
        self.elided += usize::from(reference.lifetime.is_none());
        visit::visit_type_reference(self, reference);
    }

    fn visit_lifetime(&mut self, lifetime: &'ast Lifetime) {
        if lifetime.ident == "_" {
            self.elided += 1;
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

    // The lifetimes of these are their own.
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
