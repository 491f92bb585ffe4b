//! `#[derive(FaultError)]`: finds the faults in the errors that an error holds.

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{
    Attribute, Error, Field, Fields, Generics, Ident, Item, Member, Path, Result, Token, Type,
    parse_quote,
};

use crate::lints;

pub(crate) fn fault_error(item: TokenStream) -> TokenStream {
    expand(item).unwrap_or_else(Error::into_compile_error)
}

fn expand(item: TokenStream) -> Result<TokenStream> {
    let (attrs, ident, mut generics, shapes) = match syn::parse2(item)? {
        Item::Enum(item) => {
            let mut shapes = Vec::new();
            for variant in item.variants {
                let name = &variant.ident;
                let skip = Options::of(&variant.attrs)?.skip;
                shapes.push((quote!(Self::#name), variant.fields, skip));
            }
            (item.attrs, item.ident, item.generics, shapes)
        }
        Item::Struct(item) => {
            let shapes = vec![(quote!(Self), item.fields, false)];
            (item.attrs, item.ident, item.generics, shapes)
        }
        other => {
            return Err(Error::new_spanned(
                other,
                "`FaultError` can only be derived for an enum or a struct",
            ));
        }
    };
    let options = Options::of(&attrs)?;
    let prober = options.krate.unwrap_or_else(|| parse_quote!(::prober));

    let mut arms = Vec::new();
    let mut all = true;
    for (path, fields, skip) in &shapes {
        let Some((member, field)) = held(fields)?.filter(|_| !skip) else {
            all = false;
            continue;
        };
        let asked = ask(&prober, &field.ty, &mut generics);
        arms.push(quote!(#path { #member: __error, .. } => #asked,));
    }
    if arms.is_empty() {
        return Err(Error::new_spanned(
            &ident,
            "this type holds no error that can carry page faults; add a variant \
             `Probe(#[from] prober::ProbeError)`",
        ));
    }
    let rest = (!all).then(|| quote!(_ => ::core::option::Option::None,));

    let unused = lints::unused_import();
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    Ok(quote! {
        #[automatically_derived]
        impl #impl_generics #prober::FaultError for #ident #type_generics #where_clause {
            fn missing(&self) -> ::core::option::Option<#prober::Missing<'_>> {
                #unused
                use #prober::__private::HeldWithoutFaults as _;
                match self { #(#arms)* #rest }
            }
        }
    })
}

/// Finds the faults in a held error. The runtime decides by its type whether it
/// can carry faults; a type that depends on a type parameter must be able to.
fn ask(prober: &Path, ty: &Type, generics: &mut Generics) -> TokenStream {
    let is_generic = generics
        .type_params()
        .any(|param| mentions(ty.to_token_stream(), &param.ident));
    if is_generic {
        let bound = parse_quote!(#ty: #prober::FaultError);
        generics.make_where_clause().predicates.push(bound);
        quote!(#prober::FaultError::missing(__error))
    } else {
        quote!(#prober::__private::Held(__error).missing())
    }
}

fn mentions(tokens: TokenStream, name: &Ident) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == *name,
        TokenTree::Group(group) => mentions(group.stream(), name),
        _ => false,
    })
}

/// The field with the error that a variant holds: the one that `#[from]` or
/// `#[source]` marks or that is called `source`, else the only one.
fn held(fields: &Fields) -> Result<Option<(Member, &Field)>> {
    let mut only = None;
    for (member, field) in fields.members().zip(fields) {
        let is_marked = field
            .attrs
            .iter()
            .any(|attr| attr.path().is_ident("from") || attr.path().is_ident("source"))
            || field.ident.as_ref().is_some_and(|name| name == "source");
        let skip = Options::of(&field.attrs)?.skip;
        if is_marked || fields.len() == 1 {
            only = (!skip).then_some((member, field));
            break;
        }
    }
    Ok(only)
}

/// The arguments of `#[fault_error(..)]`.
#[derive(Default)]
struct Options {
    skip: bool,
    krate: Option<Path>,
}

impl Options {
    fn of(attrs: &[Attribute]) -> Result<Self> {
        let mut options = Self::default();
        for attr in attrs {
            if !attr.path().is_ident("fault_error") {
                continue;
            }
            attr.parse_nested_meta(|meta| {
                if meta.path.is_ident("skip") {
                    options.skip = true;
                } else if meta.path.is_ident("crate") {
                    meta.input.parse::<Token![=]>()?;
                    options.krate = Some(meta.input.call(Path::parse_mod_style)?);
                } else {
                    return Err(meta.error("expected `skip` or `crate = PATH`"));
                }
                Ok(())
            })?;
        }
        Ok(options)
    }
}
