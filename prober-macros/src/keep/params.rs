//! What the type of a parameter says: whether it can be changed for the
//! caller, and whether it can only be written to.

use std::collections::HashSet;

use quote::ToTokens;
use syn::{
    GenericParam, Generics, Type, TypeParamBound, WherePredicate,
    visit::{self, Visit},
};

use super::parsed::names_any;
use crate::tokens::any_word;

/// What is known of the type parameters of a function.
#[derive(Default)]
pub(super) struct Params {
    /// Closures whose calls may change something.
    callbacks: HashSet<String>,
    /// Writers, and nothing else.
    writers: HashSet<String>,
    others: HashSet<String>,
    /// All of them.
    types: HashSet<String>,
}

impl Params {
    pub(super) fn of(generics: &Generics) -> Self {
        let mut params = Self::default();
        for param in &generics.params {
            if let GenericParam::Type(param) = param {
                params.types.insert(param.ident.to_string());
                params.note(&param.ident.to_string(), param.bounds.iter());
            }
        }
        let bounded = generics.where_clause.iter().flat_map(|all| &all.predicates);
        for predicate in bounded {
            if let WherePredicate::Type(predicate) = predicate {
                let Type::Path(ty) = &predicate.bounded_ty else {
                    continue;
                };
                let Some(name) = ty.path.get_ident() else {
                    continue;
                };
                params.note(&name.to_string(), predicate.bounds.iter());
            }
        }
        params.writers.retain(|name| !params.others.contains(name));
        params
    }

    fn note<'b>(&mut self, name: &str, bounds: impl Iterator<Item = &'b TypeParamBound> + Clone) {
        if bounds.clone().any(is_callback) {
            self.callbacks.insert(name.to_owned());
        }
        for bound in bounds {
            match word_of(bound).as_deref() {
                Some("Write") => self.writers.insert(name.to_owned()),
                None | Some("Send" | "Sync" | "Sized") => false,
                Some(_) => self.others.insert(name.to_owned()),
            };
        }
    }

    /// Whether something may be changed for the caller through a value of a
    /// type: `&mut T`, also within another type, a closure that may change
    /// what it captures, or the end of a channel that messages are taken from.
    pub(super) fn outlives(&self, ty: &Type) -> bool {
        struct Find(bool);
        impl<'ast> Visit<'ast> for Find {
            fn visit_type_reference(&mut self, reference: &'ast syn::TypeReference) {
                self.0 |= reference.mutability.is_some();
                visit::visit_type_reference(self, reference);
            }
        }
        let mut find = Find(false);
        find.visit_type(ty);
        find.0
            || names_any(|find| find.visit_type(ty), &|word| {
                is_callback_name(word)
                    || self.callbacks.contains(word)
                    || word.ends_with("Receiver")
            })
    }

    /// Whether a value of a type that can be changed may be, or hold, a
    /// reference to what is the caller's: `RefMut<'_, T>`, or any `impl Iterator`.
    pub(super) fn may_borrow(&self, ty: &Type) -> bool {
        any_word(&ty.to_token_stream(), &|word| {
            let word = word.to_string();
            word == "impl" || self.types.contains(&word)
        }) || has_lifetime(ty)
    }

    /// Whether a parameter of a type can be written to, and not be read:
    /// `&mut impl Write`, `&mut Formatter<'_>`.
    pub(super) fn is_sink(&self, ty: &Type) -> bool {
        let Type::Reference(reference) = ty else {
            return false;
        };
        let only_writes = |bounds: &mut dyn Iterator<Item = &TypeParamBound>| {
            let words = bounds.filter_map(word_of).collect::<Vec<_>>();
            words.iter().any(|word| word == "Write")
                && words
                    .iter()
                    .all(|word| matches!(word.as_str(), "Write" | "Send" | "Sync" | "Sized"))
        };
        let mut ty = &*reference.elem;
        while let Type::Paren(inner) = ty {
            ty = &inner.elem;
        }
        match ty {
            Type::ImplTrait(ty) => only_writes(&mut ty.bounds.iter()),
            Type::TraitObject(ty) => only_writes(&mut ty.bounds.iter()),
            Type::Path(ty) => ty.path.segments.last().is_some_and(|last| {
                let name = last.ident.to_string();
                name == "Formatter" || self.writers.contains(&name)
            }),
            _ => false,
        }
    }
}

fn is_callback(bound: &TypeParamBound) -> bool {
    names_any(|find| find.visit_type_param_bound(bound), &|word| {
        is_callback_name(word)
    })
}

/// Whether what a closure captures may change, or be dropped, where it is called.
fn is_callback_name(name: &str) -> bool {
    matches!(name, "FnMut" | "FnOnce" | "AsyncFnMut" | "AsyncFnOnce")
}

fn has_lifetime(ty: &Type) -> bool {
    struct Find(bool);
    impl<'ast> Visit<'ast> for Find {
        fn visit_generic_argument(&mut self, argument: &'ast syn::GenericArgument) {
            self.0 |= matches!(argument, syn::GenericArgument::Lifetime(_));
            visit::visit_generic_argument(self, argument);
        }
    }
    let mut find = Find(false);
    find.visit_type(ty);
    find.0
}

/// The name of a trait in a bound.
fn word_of(bound: &TypeParamBound) -> Option<String> {
    match bound {
        TypeParamBound::Trait(bound) => {
            let last = bound.path.segments.last()?;
            Some(last.ident.to_string())
        }
        TypeParamBound::Lifetime(_) => None,
        other => Some(other.to_token_stream().to_string()),
    }
}
