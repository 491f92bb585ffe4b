//! The body of a probed function.

pub(crate) mod params;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Block, Expr, FnArg, Stmt, Token, Type, punctuated::Punctuated, spanned::Spanned};

use crate::{
    args::Args,
    beside,
    emit::{Emitter, glue, hygienic},
    error::Errors,
    escapes, keep, lints, nothing_to_probe,
    receiver::Receiver,
    rewrite::{self, Form, Settings},
    signature::{self, Added, SUPPRESSED},
    stringify,
    tokens::any_word,
};

/// What a body needs to know about its function.
pub(crate) struct Function<'a> {
    pub(crate) sig: &'a syn::Signature,

    /// The body as it was written.
    pub(crate) written: &'a TokenStream,

    /// The same as text.
    pub(crate) text: &'a str,

    /// The type of the result, as it may be written in the body.
    pub(crate) output: &'a Type,

    /// Whether the body owns what it mentions.
    pub(crate) moves: bool,

    /// Parameters that are read through `&mut`.
    pub(crate) mutable_readers: Vec<Receiver>,

    /// The parameters as they were declared: those that are locals of the body
    /// lost their `mut`.
    pub(crate) declared: &'a Punctuated<FnArg, Token![,]>,

    /// The parameters as locals of the body.
    pub(crate) params: &'a TokenStream,

    pub(crate) set: Set,

    /// Whether it is a test. `#[test_case]` and its like put the attributes of a
    /// function on the tests that call it, in which there is nothing to probe.
    pub(crate) is_test: bool,
}

/// The suppressed set of a function.
pub(crate) enum Set {
    /// The value of the argument `suppressed = EXPR`.
    Given(Expr),

    /// The added parameter.
    Added(Added),
}

impl Set {
    /// Whether the result still says what it borrows from, with the added
    /// parameter in the signature.
    pub(crate) fn is_clear(&self) -> bool {
        match self {
            Self::Given(_) => true,
            Self::Added(added) => added.is_clear,
        }
    }
}

/// What stands in the braces of a body with its probes, its prober and its
/// gate.
///
/// ```text
/// {                                                                      // Input
///     Ok(vmi.read_u64(a)?)
/// }
/// {                                                                      // Output
///     use ::prober::__private::{self as __probed, PageFaultGate as _};
///     let __probed_run = &__probed::start(suppressed, __probed::LIMIT);
///     __probed::run(__probed_run, move || -> Result<Option<u64>, VmiError> {
///         Ok(__probed::read(vmi.read_u64(a), __probed_run)?)
///     })
///     .through_gate()
/// }
/// ```
///
/// Every exit of the closure reaches `through_gate`, including those inside macros.
///
/// Returns `None`, after reporting it, if there is nothing to probe, or what the
/// function returns cannot be probed.
pub(crate) fn rewritten(
    block: &mut Block,
    args: &Args,
    function: Function<'_>,
    errors: &mut Errors,
) -> Option<TokenStream> {
    let emit = Emitter::new();
    // Errors about the return type point here.
    let at = signature::error_type(function.output).span();
    emit.set_error(at);
    let (sig, krate) = (function.sig, &args.krate);
    if args.options && escapes::report(block, &args.receivers, krate, errors) {
        return None;
    }
    // As it is written: one form writes the statements as a whole.
    let tail_may_borrow = params::tail_may_borrow(block);
    let (asks, looks_needless) = rewrite_block(block, args, &function, &emit, errors);
    if !asks && !function.is_test && errors.is_empty() {
        nothing_to_probe::report(function.written, sig, args, errors);
        return None;
    }
    nothing_to_probe::unused_receivers(function.written, &args.named, errors);
    let stringify =
        stringify::takes_questions(function.written, function.text, errors).then(|| {
            // Unused where a macro drops the call.
            let allow = lints::unused_import();
            let import = Emitter::stringify_of_std(krate);
            quote!(#allow #import)
        });

    let Function {
        written,
        output,
        moves,
        params,
        set,
        ..
    } = function;
    let shares = !args.options
        && matches!(&set, Set::Added(added) if added.may_be_named && names_set(written));
    let (take, suppressed) = take_set(set, shares, &emit);
    let limit = args.limit.as_ref();
    let (imports, start) = if args.options {
        let start = emit.start(&suppressed, limit);
        (emit.imports(krate), start)
    } else {
        let error = signature::own_error(output);
        let start = emit.start_kept(&suppressed, limit, shares, error.as_ref());
        (emit.imports_of_kept(krate, error.is_some()), start)
    };
    let body = framed(
        block,
        sig,
        output,
        params,
        tail_may_borrow,
        looks_needless,
        &emit,
    );
    let outcome = emit.run(sig, moves, output, &body);
    let gate = Ident::new("through_gate", at);
    let end = glue(output.span());
    let leave = quote_spanned!(end=> #outcome.#gate());

    let content = quote! {
        #imports
        #stringify
        #take
        #start
        #leave
    };
    Some(if args.names_crate {
        Emitter::within_macro_of_crate(&args.krate, &content)
    } else {
        content
    })
}

/// Rewrites the statements of a body. Returns whether there is anything to probe,
/// and whether clippy would call a `?` needless.
fn rewrite_block(
    block: &mut Block,
    args: &Args,
    function: &Function<'_>,
    emit: &Emitter,
    errors: &mut Errors,
) -> (bool, bool) {
    let beside = if args.options && !matches!(block.stmts.first(), Some(Stmt::Item(_))) {
        let readers = &function.mutable_readers;
        beside::parameter(function.sig, block, &args.receivers, readers)
    } else {
        None
    };
    let settings = Settings {
        emit,
        receivers: &args.receivers,
        mutable_readers: function.mutable_readers.clone(),
        beside,
        krate: &args.krate,
        form: if args.options {
            Form::Options
        } else {
            Form::Kept
        },
    };
    if args.options {
        let found = rewrite::rewrite(block, settings, errors);
        if let Some(receiver) = beside {
            let bind = Expr::Verbatim(emit.bind_served(receiver));
            block.stmts.insert(0, Stmt::Expr(bind, None));
        }
        let asks = found.probes > 0 || nothing_to_probe::is_no_mistake(function.written);
        (asks, found.looks_needless)
    } else {
        let sig = syn::Signature {
            inputs: function.declared.clone(),
            ..function.sig.clone()
        };
        let asks = keep::rewrite(block, function.written, &sig, settings, errors);
        (asks, false)
    }
}

/// Takes the suppressed set, which a function may share with those that it calls.
/// Returns the name of a reference to it.
fn take_set(set: Set, shares: bool, emit: &Emitter) -> (TokenStream, Ident) {
    match set {
        Set::Given(expr) => {
            let set = Emitter::clone_set(&expr);
            let name = hygienic("__probed_suppressed", Span::call_site());
            (quote!(let #name = &#set;), name)
        }
        Set::Added(added) => {
            let Added {
                name,
                aliases,
                hiding,
                own_lifetime,
                ..
            } = added;
            let share = shares.then(|| emit.share(&name));
            let allow = lints::unused();
            let show = emit.show_lifetimes(&hiding, own_lifetime);
            (quote!(#show #share #(#allow let #aliases = #name;)*), name)
        }
    }
}

/// Whether a body names the suppressed set.
fn names_set(written: &TokenStream) -> bool {
    any_word(written, &|word| word == SUPPRESSED)
}

/// The body within the closure or the async block that it becomes.
fn framed(
    block: &Block,
    sig: &syn::Signature,
    output: &Type,
    params: &TokenStream,
    tail_may_borrow: bool,
    looks_needless: bool,
    emit: &Emitter,
) -> TokenStream {
    let within = if looks_needless {
        lints::needless_question_mark()
    } else {
        lints::inner_body()
    };
    if params.is_empty() && sig.asyncness.is_none() && !looks_needless {
        quote!(#block)
    } else if sig.asyncness.is_none() {
        // In borrow errors rustc names what a closure captures, but only if the
        // closure ends with a token of the user's.
        let mut body = TokenStream::new();
        let inner = if tail_may_borrow {
            quote!(#params return { #within #block };)
        } else {
            quote!(#params #within #block)
        };
        block
            .brace_token
            .surround(&mut body, |tokens| tokens.extend(inner));
        body
    } else {
        let typed = emit.type_of_async_body(output);
        quote!({ #params #typed #within #block })
    }
}
