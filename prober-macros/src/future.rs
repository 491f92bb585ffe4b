//! Functions that return their future, as `#[async_trait]` makes them:
//! `fn f(..) -> Pin<Box<dyn Future<Output = T>>> { Box::pin(async move { .. }) }`.

use proc_macro2::Span;
use syn::{
    AssocType, FnArg, GenericArgument, GenericParam, Lifetime, LifetimeParam, Path, PathArguments,
    ReturnType, Signature, Type, TypeParamBound, parse_quote_spanned, punctuated::Punctuated,
};

use crate::emit::glue;

/// The future that a type is: what it gives, and how long it lives.
struct Future<'a> {
    output: &'a Type,
    lifetime: Option<&'a Lifetime>,
}

/// What the future of a function gives, if the function returns one.
pub(crate) fn output(sig: &Signature) -> Option<&Type> {
    match &sig.output {
        ReturnType::Type(_, ty) if sig.asyncness.is_none() => Some(of(ty)?.output),
        _ => None,
    }
}

/// Names the lifetime of the added parameter, which lives as long as the future
/// that holds it. In any other function it is elided.
pub(crate) fn outlive(sig: &mut Signature, krate: &Path) {
    let ReturnType::Type(_, ty) = &sig.output else {
        return;
    };
    let Some(lifetime) = of(ty).and_then(|future| future.lifetime).cloned() else {
        return;
    };
    let at = glue(krate.segments[0].ident.span());
    if let Some(FnArg::Typed(added)) = sig.inputs.last_mut() {
        let name = Lifetime::new("'__probed_set", Span::mixed_site());
        *added.ty = parse_quote_spanned!(at=> &#name #krate::SuppressedPages);
        let mut param = LifetimeParam::new(name);
        param.colon_token = Some(syn::Token![:](at));
        param.bounds = Punctuated::from_iter([lifetime]);
        sig.generics.params.insert(0, GenericParam::Lifetime(param));
    }
}

fn of(ty: &Type) -> Option<Future<'_>> {
    match ty {
        Type::ImplTrait(ty) => of_bounds(ty.bounds.iter()),
        Type::TraitObject(ty) => of_bounds(ty.bounds.iter()),
        Type::Path(path) => {
            let last = path.path.segments.last()?;
            let PathArguments::AngleBracketed(arguments) = &last.arguments else {
                return None;
            };
            match arguments.args.first() {
                Some(GenericArgument::Type(inner))
                    if last.ident == "Pin" || last.ident == "Box" =>
                {
                    of(inner)
                }
                _ => None,
            }
        }
        Type::Group(group) => of(&group.elem),
        Type::Paren(paren) => of(&paren.elem),
        _ => None,
    }
}

fn of_bounds<'a>(bounds: impl Iterator<Item = &'a TypeParamBound>) -> Option<Future<'a>> {
    let (mut output, mut lifetime) = (None, None);
    for bound in bounds {
        match bound {
            TypeParamBound::Lifetime(name) => lifetime = Some(name),
            TypeParamBound::Trait(bound) => {
                let Some(last) = bound.path.segments.last() else {
                    continue;
                };
                if let PathArguments::AngleBracketed(arguments) = &last.arguments
                    && last.ident == "Future"
                {
                    output = arguments.args.iter().find_map(|argument| match argument {
                        GenericArgument::AssocType(AssocType { ident, ty, .. })
                            if ident == "Output" =>
                        {
                            Some(ty)
                        }
                        _ => None,
                    });
                }
            }
            _ => {}
        }
    }
    output.map(|output| Future { output, lifetime })
}
