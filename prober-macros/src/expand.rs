//! Turns the attribute's tokens into the function's.

use proc_macro2::TokenStream;
use quote::{ToTokens, TokenStreamExt, quote};
use syn::{Expr, ReturnType, Signature, Stmt, Type, parse_quote, visit_mut::VisitMut};

use crate::{
    args::Args,
    body,
    check::{self, Checked},
    error::Errors,
    fallback, future, invisible,
    item::{self, Body, ParsedBody, ProbedFn},
    lints, nothing_to_probe, receiver, signature, wrapper,
};

/// Expands `#[probed(ARGS)] ITEM`. Never fails: after an error the function
/// stays defined under its new signature.
pub(crate) fn probed(args: TokenStream, item: &TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let function = expand(args, item, &mut errors);
    let errors = errors.into_compile_errors();
    quote!(#function #errors)
}

fn expand(args: TokenStream, item: &TokenStream, errors: &mut Errors) -> TokenStream {
    let args = Args::parse(args, errors);
    let mut item = match syn::parse2::<ProbedFn>(item.clone()) {
        Ok(item) => item,
        Err(error) if item::looks_like_a_function(item) => {
            return item::map_body(item, |body| fallback::half_typed(body, &error, &args.krate));
        }
        Err(_) => {
            errors.push(item::not_a_function(item));
            return item.clone();
        }
    };
    let checked = check::check(&mut item, &args, errors);
    function(item, &args, &checked, errors)
}

/// The function with its new signature and body.
fn function(
    mut item: ProbedFn,
    args: &Args,
    checked: &Checked<'_>,
    errors: &mut Errors,
) -> TokenStream {
    let is_valid = errors.is_empty();
    invisible::Show.visit_signature_mut(&mut item.sig);
    let written = item.body.written();
    // Tells words that need not be looked for. The compiler gives the text of tokens
    // faster than the tokens.
    let text = written.to_string();
    let mut allow = match args.suppressed {
        None => lints::added_parameter(item.sig.inputs.len()),
        Some(_) => TokenStream::new(),
    };

    let is_test = check::is_test(&item.attrs);
    let declared = item.sig.inputs.clone();
    // What the body sees of the signature, before that changes.
    let mutable_readers = receiver::mutable_parameters(&item.sig);
    let output = output(&item.sig);
    let params = params(&mut item, args, checked);
    let set = set(&mut item.sig, &written, &text, args, checked, errors);

    let ProbedFn {
        attrs,
        vis,
        sig,
        body,
    } = item;
    let body = match (body, set, output) {
        (Body::Parsed(body), Some(set), Some(output)) => {
            let braces = body.block.brace_token;
            allow.extend(lints::assignments(&sig, &body.block));
            if !args.options {
                allow.extend(lints::searches(&body.block));
            }
            let is_valid = is_valid && set.is_clear();
            let function = body::Function {
                sig: &sig,
                written: &written,
                text: &text,
                output: &output,
                moves: true,
                mutable_readers,
                declared: &declared,
                params: &params,
                set,
                is_test,
            };
            rewritten(body, args, function, errors)
                .filter(|_| is_valid)
                .unwrap_or_else(|| fallback::withheld(braces, &written, errors))
        }
        (Body::Parsed(body), ..) => fallback::withheld(body.block.brace_token, &written, errors),
        (Body::Raw(body, error), ..) => {
            allow.extend(lints::unused());
            fallback::half_typed(&body, &error, &args.krate)
        }
        (Body::None(semicolon), ..) => {
            nothing_to_probe::on_a_declaration(args, errors);
            semicolon.into_token_stream()
        }
    };
    quote!(#(#attrs)* #allow #vis #sig #body)
}

/// The type of the result, as it may be written in the body.
fn output(sig: &Signature) -> Option<Type> {
    let ReturnType::Type(_, output) = &sig.output else {
        return None;
    };
    let output = future::output(sig).unwrap_or(output);
    Some(signature::infer_impl_trait(output))
}

/// The parameters as locals of the body.
fn params(item: &mut ProbedFn, args: &Args, checked: &Checked<'_>) -> TokenStream {
    match (&item.body, checked) {
        (Body::Parsed(body), Checked::Given(_) | Checked::Added)
            // In a wrapped body the wrapper says when they are dropped.
            if !wrapper::is_wrapped(&body.block) =>
        {
            body::params::rebind(&mut item.sig, args.suppressed.as_ref())
        }
        _ => TokenStream::new(),
    }
}

/// The suppressed set of the body, if that can be rewritten. Adds the parameter.
fn set(
    sig: &mut Signature,
    written: &TokenStream,
    text: &str,
    args: &Args,
    checked: &Checked<'_>,
    errors: &mut Errors,
) -> Option<body::Set> {
    let returns_future = future::output(sig).is_some();
    let mut add_parameter = || {
        let added = signature::add_parameter(sig, written, text, &args.krate, errors);
        if returns_future {
            future::outlive(sig, &args.krate);
        }
        added
    };
    match *checked {
        Checked::Given(expr) if returns_future => {
            Some(body::Set::Given(wrapper::with_own_self(expr, written)))
        }
        Checked::Given(expr) => Some(body::Set::Given(expr.clone())),
        Checked::Added => Some(body::Set::Added(add_parameter())),
        Checked::Unusable { add_parameter: add } => {
            add.then(add_parameter);
            None
        }
    }
}

/// The body, rewritten within what is around it.
fn rewritten(
    body: ParsedBody,
    args: &Args,
    function: body::Function<'_>,
    errors: &mut Errors,
) -> Option<TokenStream> {
    let ParsedBody {
        inner_attrs,
        mut block,
        ..
    } = body;
    let sig = function.sig;
    wrapper::with_body(&mut block, sig.asyncness, |block, frame| {
        let output = frame.output.as_ref().unwrap_or(function.output);
        let is_own =
            frame.asyncness.is_some() == sig.asyncness.is_some() && future::output(sig).is_none();
        let own_sig = (!is_own).then(|| {
            let mut sig = sig.clone();
            sig.asyncness = frame.asyncness;
            sig.output = parse_quote!(-> #output);
            sig
        });
        let function = body::Function {
            sig: own_sig.as_ref().unwrap_or(sig),
            output,
            moves: frame.moves,
            ..function
        };
        let content = body::rewritten(block, args, function, errors)?;
        block.stmts = vec![Stmt::Expr(Expr::Verbatim(content), None)];
        Some(())
    })?;
    let mut tokens = TokenStream::new();
    block.brace_token.surround(&mut tokens, |tokens| {
        tokens.append_all(inner_attrs);
        tokens.append_all(block.stmts);
    });
    Some(tokens)
}
