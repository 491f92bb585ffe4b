//! The signature that callers see, with the added parameter. The lifetime of that
//! is elided; where a function returns a future, `future::outlive` names it.

mod lifetimes;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::{
    FnArg, Pat, PatIdent, PatType, Path, Signature, Token, Type, parse_quote_spanned,
    spanned::Spanned,
    visit::Visit,
    visit_mut::{self, VisitMut},
};

use self::lifetimes::Borrowed;
use crate::{
    emit::{self, Emitter, hygienic},
    error::Errors,
};

/// The name of the added parameter.
pub(crate) const SUPPRESSED: &str = "suppressed";

/// The added parameter.
pub(crate) struct Added {
    pub(crate) name: Ident,

    /// The same name with the hygiene of each macro that wrote part of the
    /// body.
    pub(crate) aliases: Vec<Ident>,

    /// Whether the body may name it: its text holds the name.
    pub(crate) may_be_named: bool,

    /// Whether the result says what it borrows from.
    pub(crate) is_clear: bool,

    /// Types in the result that must not hide a lifetime.
    pub(crate) hiding: Vec<Path>,

    /// Whether elision would give a hidden lifetime the lifetime of this
    /// parameter.
    pub(crate) own_lifetime: bool,
}

/// Adds `suppressed: &SuppressedPages` as the last parameter. The body may use
/// it by its name, too.
pub(crate) fn add_parameter(
    sig: &mut Signature,
    body: &TokenStream,
    text: &str,
    krate: &Path,
    errors: &mut Errors,
) -> Added {
    let Borrowed {
        is_clear,
        hiding,
        own_lifetime,
    } = lifetimes::name_elided(sig, errors);

    // A body that a macro made may name it with the macro's hygiene.
    // Most bodies do not.
    let may_be_named = text.contains(SUPPRESSED);
    let spans = if may_be_named {
        spans_of_suppressed(body)
    } else {
        Vec::new()
    };
    let mut spans = spans
        .into_iter()
        .map(|span| Span::call_site().resolved_at(span));
    let span = spans.next().unwrap_or_else(Span::call_site);
    // If a parameter has its name already, that was reported: no second error.
    let (name, aliases) = if taken_name(sig).is_some() {
        (hygienic(SUPPRESSED, span), Vec::new())
    } else {
        let aliases = spans.map(|span| Ident::new(SUPPRESSED, span)).collect();
        (Ident::new(SUPPRESSED, span), aliases)
    };
    let place = emit::glue(place_of_type(sig, krate));
    let ty = quote_spanned!(place=> &#krate::SuppressedPages);
    let glue = emit::glue(krate.span());
    // Not parsed: that would take longer than everything else here.
    sig.inputs.push(FnArg::Typed(PatType {
        attrs: Vec::new(),
        pat: Box::new(Pat::Verbatim(name.to_token_stream())),
        colon_token: Token![:](glue),
        ty: Box::new(Type::Verbatim(ty)),
    }));
    Added {
        name,
        aliases,
        may_be_named,
        is_clear,
        hiding,
        own_lifetime,
    }
}

/// Where rustc is to see the type of the added parameter.
///
/// In a method, at the end of the parameters: rustc blames them if a trait
/// declares the method without the added one. Else at the `&` of another
/// parameter: if rustc does not know from which one a result borrows, it says to
/// write a lifetime there, which is right. Else at the path of the crate.
fn place_of_type(sig: &Signature, krate: &Path) -> Span {
    // A path that may be wrong.
    let is_written = krate.segments.len() > 1 || krate.segments[0].ident != "prober";
    let borrowed = sig.inputs.iter().rev().find_map(|input| match input {
        FnArg::Typed(param) => match &*param.ty {
            Type::Reference(ty) if ty.lifetime.is_none() => Some(ty.and_token.span),
            _ => None,
        },
        FnArg::Receiver(_) => None,
    });
    match sig.receiver() {
        _ if is_written => krate.span(),
        Some(_) => sig.paren_token.span.close(),
        None => borrowed.unwrap_or_else(|| krate.span()),
    }
}

/// Where a parameter already has the name of the added one.
pub(crate) fn taken_name(sig: &Signature) -> Option<Span> {
    struct Find(Option<Span>);

    impl<'ast> Visit<'ast> for Find {
        fn visit_pat_ident(&mut self, pat: &'ast PatIdent) {
            if pat.ident == SUPPRESSED {
                self.0 = Some(pat.ident.span());
            }
        }
    }

    let mut find = Find(None);
    for input in &sig.inputs {
        if let FnArg::Typed(param) = input {
            find.visit_pat(&param.pat);
        }
    }
    find.0
}

/// Where a body names the added parameter: a place for each hygiene.
fn spans_of_suppressed(body: &TokenStream) -> Vec<Span> {
    fn find(tokens: TokenStream, found: &mut Vec<Span>) {
        let mut tokens = tokens.into_iter().peekable();
        let mut dots = 0;
        while let Some(token) = tokens.next() {
            // Not a field or a method; but behind two dots it is the end of a
            // range.
            let is_member = dots == 1;
            dots = match &token {
                TokenTree::Punct(punct) if punct.as_char() == '.' => dots + 1,
                _ => 0,
            };
            match token {
                TokenTree::Ident(ident) if ident == SUPPRESSED && !is_member => {
                    // Not the name of a field in `Type { suppressed: value }`.
                    let is_field = matches!(tokens.peek(), Some(TokenTree::Punct(punct))
                        if punct.as_char() == ':');
                    let span = ident.span();
                    if !is_field && !found.iter().any(|other| is_alike(*other, span)) {
                        found.push(span);
                    }
                }
                TokenTree::Group(group) => find(group.stream(), found),
                _ => {}
            }
        }
    }
    let mut found = Vec::new();
    find(body.clone(), &mut found);
    found
}

/// Whether two spans have the same hygiene, as far as their text shows it:
/// `#0 bytes(10..20)`. There is no other way to tell.
fn is_alike(a: Span, b: Span) -> bool {
    let hygiene = |span: Span| {
        let text = format!("{span:?}");
        text.split_once(" bytes")
            .map(|(hygiene, _)| hygiene.to_owned())
    };
    hygiene(a) == hygiene(b)
}

/// The result type as it may be written inside a body: with `_` for each
/// `impl Trait`.
pub(crate) fn infer_impl_trait(output: &Type) -> Type {
    struct InferImplTrait;

    impl VisitMut for InferImplTrait {
        fn visit_type_mut(&mut self, ty: &mut Type) {
            if let Type::ImplTrait(impl_trait) = ty {
                *ty = parse_quote_spanned!(impl_trait.span()=> _);
            } else {
                visit_mut::visit_type_mut(self, ty);
            }
        }
    }

    let mut output = output.clone();
    InferImplTrait.visit_type_mut(&mut output);
    output
}

/// The error type of a function, if the runtime finds faults in it only by being
/// given the type. It must be written in full.
pub(crate) fn own_error(output: &Type) -> Option<TokenStream> {
    let error = error_type(output);
    if matches!(error, Type::Path(path) if path.path.is_ident("VmiError")) {
        return None;
    }
    let text = error.to_token_stream().to_string();
    let last = text.rsplit([' ', ':']).next().unwrap_or_default();
    let in_full = !text.contains("impl ")
        && !text
            .split([' ', '<', '>', ',', '(', ')'])
            .any(|word| word == "_");
    let is_ours = text.starts_with("prober :: Result <") && std::ptr::eq(error, output);
    if !in_full || is_ours || matches!(last, "VmiError" | "ProbeError") {
        None
    } else if std::ptr::eq(error, output) {
        Some(Emitter::error_of(output))
    } else {
        Some(error.to_token_stream())
    }
}

/// The type `E` in `Result<T, E>`, or the whole type if that cannot be seen.
pub(crate) fn error_type(output: &Type) -> &Type {
    let Type::Path(path) = output else {
        return output;
    };
    match path.path.segments.last().map(|last| &last.arguments) {
        Some(syn::PathArguments::AngleBracketed(arguments)) if arguments.args.len() == 2 => {
            match &arguments.args[1] {
                syn::GenericArgument::Type(error) => error,
                _ => output,
            }
        }
        _ => output,
    }
}
