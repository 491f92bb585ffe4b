//! From the attribute's tokens to the function's.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{ReturnType, Type, spanned::Spanned, visit_mut::VisitMut};

use crate::{
    args::Args,
    check::{self, Checked},
    emit::{self, Names},
    error::Errors,
    fallback, hint, invisible,
    item::{self, Body, ParsedBody, ProbedFn},
    lints, params,
    receiver::{self, Receiver},
    rewrite::{self, Settings},
    signature,
};

/// Expands `#[probed(ARGS)] ITEM`. Never fails: after an error the function
/// stays defined under its new signature.
pub(crate) fn probed(args: TokenStream, item: &TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let args = Args::parse(args, &mut errors);
    let mut item = match syn::parse2::<ProbedFn>(item.clone()) {
        Ok(item) => item,
        Err(error) if item::looks_like_a_function(item) => {
            let item = item::map_body(item, |body| fallback::half_typed(body, &error, &args.krate));
            let errors = errors.into_compile_errors();
            return quote!(#item #errors);
        }
        Err(_) => {
            errors.push(item::not_a_function(item));
            let errors = errors.into_compile_errors();
            return quote!(#item #errors);
        }
    };
    let checked = check::check(&mut item, args.suppressed.is_some(), &mut errors);
    let item = function(item, &args, &checked, &mut errors);
    let errors = errors.into_compile_errors();
    quote!(#item #errors)
}

/// The function with its new signature and body.
fn function(
    mut item: ProbedFn,
    args: &Args,
    checked: &Checked,
    errors: &mut Errors,
) -> TokenStream {
    invisible::Show.visit_signature_mut(&mut item.sig);
    let body_tokens = item.body.written();
    let well_told = errors.is_empty();
    let mutable_readers = receiver::mutable_parameters(&item.sig);
    // What the parameters are to the body, before one is added.
    let parameters = item.sig.inputs.len();
    let mention = match &item.body {
        Body::Parsed(_) if checked.rewrite => params::mention(&mut item.sig, &body_tokens),
        _ => TokenStream::new(),
    };
    let output = match &item.sig.output {
        ReturnType::Type(_, output) => Some(signature::inferred(output)),
        ReturnType::Default => None,
    };
    let added = checked.add_parameter.then(|| {
        let taken = checked.taken;
        signature::add_parameter(&mut item.sig, &body_tokens, &args.krate, taken, errors)
    });

    let ProbedFn {
        attrs,
        vis,
        sig,
        body,
    } = item;
    let mut allow = match args.suppressed {
        None => lints::added_parameter(parameters),
        Some(_) => TokenStream::new(),
    };
    if let Body::Parsed(body) = &body
        && checked.rewrite
    {
        allow.extend(lints::assignments(&sig, &body.block));
    }
    let body = match (body, output) {
        (Body::Parsed(body), Some(output)) if checked.rewrite => {
            let braces = body.block.brace_token;
            let function = Function {
                sig: &sig,
                written: &body_tokens,
                output: &output,
                mutable_readers,
                mention: &mention,
                added,
            };
            let body = rewritten(body, args, function, errors);
            body.filter(|_| well_told)
                .unwrap_or_else(|| fallback::withheld(braces, &body_tokens, errors))
        }
        (Body::Parsed(body), _) => fallback::withheld(body.block.brace_token, &body_tokens, errors),
        (Body::Raw(body, error), _) => {
            allow.extend(lints::dropped_body());
            fallback::half_typed(&body, &error, &args.krate)
        }
        (Body::None(semicolon), _) => semicolon.into_token_stream(),
    };
    quote!(#(#attrs)* #allow #vis #sig #body)
}

/// What a body needs to know of its function.
struct Function<'a> {
    sig: &'a syn::Signature,

    /// The body as it was written.
    written: &'a TokenStream,

    /// The type of the result, as it may be written in the body.
    output: &'a Type,

    /// Parameters that are read through `&mut`.
    mutable_readers: Vec<Receiver>,

    /// What stands before the body, for the parameters' sake.
    mention: &'a TokenStream,

    /// The name of the added parameter.
    added: Option<Ident>,
}

/// A body with its probes, its prober and its gate.
///
/// ```text
/// {                                                                      // Input
///     Ok(vmi.read_u64(a)?)
/// }
/// {                                                                      // Output
///     use ::prober::__private::{self as __probed, Finish as _};
///     let __probed_run = &__probed::start(suppressed, __probed::LIMIT);
///     __probed::run(__probed_run, move || -> Result<Option<u64>, VmiError> {
///         Ok(__probed::read(vmi.read_u64(a), __probed_run)?)
///     })
///     .finish()
/// }
/// ```
///
/// All ways out of the closure lead to `finish`, also those in macros.
///
/// None, beside an error, where there is nothing to probe.
fn rewritten(
    body: ParsedBody,
    args: &Args,
    function: Function<'_>,
    errors: &mut Errors,
) -> Option<TokenStream> {
    let ParsedBody {
        inner_attrs,
        mut block,
        ..
    } = body;
    let own_names = Names::new();
    let settings = Settings {
        names: &own_names,
        receivers: &args.receivers,
        mutable_readers: function.mutable_readers,
        krate: &args.krate,
    };
    let found = rewrite::rewrite(&mut block, settings, errors);
    if found.probes == 0 && errors.is_empty() {
        hint::nothing_to_probe(function.written, function.sig, errors);
        return None;
    }

    let own = emit::hygienic("__probed_suppressed", Span::call_site());
    let (take, suppressed) = match (&args.suppressed, function.added) {
        (Some(expr), _) => {
            let set = Names::own(expr);
            (quote!(let #own = &#set;), own)
        }
        (None, Some(added)) => (TokenStream::new(), added),
        (None, None) => unreachable!("a body is rewritten with a set"),
    };
    let start = own_names.start(&suppressed, args.limit.as_ref());
    let imports = own_names.imports(&args.krate);
    let Function {
        sig,
        output,
        mention,
        ..
    } = function;
    // What is wrong with the type of the result is reported there.
    let at = error_type(output).span();
    let within = lints::inner_body();
    let body = if mention.is_empty() && sig.asyncness.is_none() {
        quote!(#block)
    } else if sig.asyncness.is_none() {
        quote!({ #mention #within #block })
    } else {
        let typed = own_names.never(output);
        quote!({ #mention #typed #within #block })
    };
    let outcome = own_names.run(sig, output, &body);
    let finish = Ident::new("finish", at);

    let allow = found.seems_in_vain.then(lints::needless_question_mark);
    let mut tokens = TokenStream::new();
    block.brace_token.surround(&mut tokens, |tokens| {
        tokens.extend(quote! {
            #(#inner_attrs)*
            #allow
            #imports
            #take
            #start
            #outcome.#finish()
        });
    });
    Some(tokens)
}

/// The type of the error in `Result<T, E>`, as far as it can be seen.
fn error_type(output: &Type) -> &Type {
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
