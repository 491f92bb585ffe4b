//! The body of a probed function.

pub(crate) mod params;

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::{Expr, Type, spanned::Spanned};

use crate::{
    args::Args,
    emit::{self, Names},
    error::Errors,
    hint,
    item::ParsedBody,
    keep, lints,
    receiver::Receiver,
    rewrite::{self, Form, Settings},
    signature,
};

/// What a body needs to know of its function.
pub(crate) struct Function<'a> {
    pub(crate) sig: &'a syn::Signature,

    /// The body as it was written.
    pub(crate) written: &'a TokenStream,

    /// The type of the result, as it may be written in the body.
    pub(crate) output: &'a Type,

    /// Parameters that are read through `&mut`.
    pub(crate) mutable_readers: Vec<Receiver>,

    /// What stands before the body, for the parameters' sake.
    pub(crate) mention: &'a TokenStream,

    pub(crate) set: Set<'a>,
}

/// The suppressed set of a function.
pub(crate) enum Set<'a> {
    /// The value of the argument `suppressed = EXPR`.
    Given(&'a Expr),

    /// The added parameter, by its name.
    Added(Ident),
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
/// Every exit of the closure reaches `finish`, including those inside macros.
///
/// Returns `None`, after reporting it, if there is nothing to probe.
pub(crate) fn rewritten(
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
        form: Form::Options,
    };
    // Errors about the return type point here.
    let at = signature::error_type(function.output).span();
    own_names.set_error(at);
    let (asks, looks_needless) = if args.options {
        let found = rewrite::rewrite(&mut block, settings, errors);
        (found.probes > 0, found.looks_needless)
    } else {
        let asks = keep::rewrite(&mut block, function.written, function.sig, settings, errors);
        (asks, false)
    };
    if !asks && errors.is_empty() {
        hint::nothing_to_probe(function.written, function.sig, args.options, errors);
        return None;
    }

    let mut shares = false;
    let (take, suppressed) = match function.set {
        Set::Given(expr) => {
            let set = Names::clone_set(expr);
            let name = emit::hygienic("__probed_suppressed", Span::call_site());
            (quote!(let #name = &#set;), name)
        }
        Set::Added(name) if !args.options && keep::names_set(function.written) => {
            shares = true;
            (own_names.share(&name), name)
        }
        Set::Added(name) => (TokenStream::new(), name),
    };
    let Function {
        sig,
        output,
        mention,
        ..
    } = function;
    let limit = args.limit.as_ref();
    let (imports, start) = if args.options {
        let start = own_names.start(&suppressed, limit);
        (own_names.imports(&args.krate), start)
    } else {
        let error = signature::own_error(output, &own_names);
        let start = own_names.start_kept(&suppressed, limit, shares, error.as_ref());
        (own_names.imports_of_kept(&args.krate), start)
    };
    let within = lints::inner_body();
    let body = if mention.is_empty() && sig.asyncness.is_none() {
        quote!(#block)
    } else if sig.asyncness.is_none() {
        quote!({ #mention #within #block })
    } else {
        let typed = own_names.type_of_async_body(output);
        quote!({ #mention #typed #within #block })
    };
    let outcome = own_names.run(sig, output, &body);
    let finish = Ident::new("finish", at);

    let allow = looks_needless.then(lints::needless_question_mark);
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
