//! Macro calls in a body: the markers `probe!`, `settle!` and `unprobed!`, and
//! the arguments of all other macros.

use proc_macro2::Literal;
use quote::{ToTokens, quote};
use syn::{Expr, Macro, visit_mut::VisitMut};

use super::{
    attributes::with_attrs,
    context::{Context, Loop},
    hazards,
    rewriter::Rewriter,
    unparsed::{self, is_interesting},
};
use crate::{
    classify,
    emit::{self, Emitter, Place, ProbeForm, operand},
    invisible,
    macro_arguments::{self, Arguments, Part},
    marker::{self, Marker},
    vocabulary::{self, LOOPLESS, name},
};

impl Rewriter<'_> {
    /// Rewrites a macro call in the place of an expression.
    pub(super) fn macro_call(&mut self, expr: &mut Expr, needed: bool) {
        let place = Place::of(expr);
        let Expr::Macro(call) = expr else { return };
        let result = match Marker::of(&call.mac.path, self.settings.krate) {
            None => {
                // They may bind names in a way of their own.
                let named_reads = std::mem::take(&mut self.named_reads);
                let result = self.arguments(&mut call.mac);
                self.named_reads = named_reads;
                result
            }
            Some(Marker::Unprobed) => unprobed(&mut call.mac),
            Some(Marker::Settle) => self.settle(&mut call.mac),
            Some(Marker::Probe) => match self.probe_marker(&mut call.mac, needed) {
                Ok(form) => {
                    let attrs = std::mem::take(&mut call.attrs);
                    *expr = with_attrs(
                        &attrs,
                        self.settings.emit.probe(&quote!(#expr), form, place),
                    );
                    Ok(())
                }
                Err(error) => Err(error),
            },
        };
        if let Err(error) = result {
            let Expr::Macro(call) = expr else { return };
            if Marker::of(&call.mac.path, self.settings.krate).is_some() {
                let failed = self.failed(&error);
                // Its import counts as used.
                call.mac.tokens = quote!(@probed #failed);
            } else {
                let block = self.failed_macro(&error, &call.mac);
                // In parentheses for the same reason as in `failed`.
                *expr = Expr::Verbatim(quote!((#block)));
            }
        }
    }

    /// What replaces a macro call that cannot be rewritten: a block.
    pub(super) fn failed_macro(&mut self, error: &syn::Error, mac: &Macro) -> Expr {
        let uses = marker::uses(&mac.tokens);
        let failed = self.failed(error);
        Expr::Verbatim(quote!({ #uses #failed }))
    }

    /// `probe!(EXPR)`: the rewritten expression becomes the macro's argument.
    fn probe_marker(&mut self, mac: &mut Macro, needed: bool) -> syn::Result<ProbeForm> {
        if self.context.is_in_probe() {
            return Err(error(
                mac,
                "`probe!` inside a probe is part of that probe; write only its expression",
            ));
        }
        let mut inner = syn::parse2::<Expr>(mac.tokens.clone())
            .map_err(|_| error(mac, "expected one expression: `probe!(EXPR)`"))?;
        if let Expr::Try(question) = &inner
            && classify::is_read_expr(&question.expr, self.settings.receivers)
        {
            return Err(syn::Error::new(
                question.question_token.span,
                "`probe!` takes the `Result` itself; remove this `?`",
            ));
        }
        // Only its type says whether it is a `Result` in spite of the `?`.
        let answered = matches!(&inner, Expr::Try(question)
            if matches!(&*question.expr, Expr::Call(_) | Expr::MethodCall(_) | Expr::Await(_)));
        let place = Place::of(&inner);
        let ends_early = self.in_probe(|this| this.visit_expr_mut(&mut inner));
        let inner = Emitter::can_be_probed(&operand(&inner), place, answered);
        mac.tokens = quote!(@probed #inner);
        Ok(ProbeForm { ends_early, needed })
    }

    /// `settle!()`.
    fn settle(&mut self, mac: &mut Macro) -> syn::Result<()> {
        if !mac.tokens.is_empty() {
            return Err(error(mac, "`settle!()` takes no argument"));
        }
        if self.context.is_in_probe() {
            return Err(error(
                mac,
                "`settle!` cannot leave the function from a probe; call it before the probe",
            ));
        }
        if self.context == Context::Closure {
            return Err(error(
                mac,
                "`settle!` cannot leave the function from a closure or an async block; call it before",
            ));
        }
        let settle = self.settings.emit.settle();
        mac.tokens = quote!(@probed #settle);
        Ok(())
    }

    /// Rewrites the arguments of a macro that is not one of the markers.
    ///
    /// # Errors
    ///
    /// There is a read in them, and they are not expressions.
    pub(super) fn arguments(&mut self, mac: &mut Macro) -> syn::Result<()> {
        let name = name(mac);
        if vocabulary::holds_text(mac) {
            return Ok(());
        }
        if !is_interesting(self, &mac.tokens) {
            invisible::show_in(&mut mac.tokens);
            return Ok(());
        }
        if vocabulary::may_hold_text(mac) {
            let place = format!("the arguments of `{name}!`, which may take them as text");
            let error = unparsed::error(self, &mac.tokens, &place);
            return error.map_or(Ok(()), Err);
        }
        let mut arguments = macro_arguments::parse(mac);

        if name == "matches"
            && self.checks_patterns()
            && let Some((scrutinee, pat)) = macro_arguments::of_matches(mac)
        {
            hazards::check_patterns(self, &scrutinee, &[&pat]);
        }

        // The text of a condition is its message, and is to stay as written.
        if let [argument] = &mut arguments.0[..]
            && let Part::Expr(condition) = &argument.part
            && let Some(message) = message(mac)
        {
            let mut message = Literal::string(&message.replace('{', "{{").replace('}', "}}"));
            message.set_span(emit::start(condition));
            argument.suffix = quote!(, #message);
        }
        // A `break` in the arguments may mean a loop of the macro's own.
        let opaque = !LOOPLESS.contains(&name.as_str());
        self.loops.extend(opaque.then_some(Loop::Macro));
        let place = format!("the arguments of `{name}!`, which are not all expressions");
        let rewritten = self.rewrite_arguments(&mut arguments, &place);
        if opaque {
            self.loops.pop();
        }
        mac.tokens = arguments.into_token_stream();
        rewritten
    }

    /// Rewrites all expressions in arguments.
    ///
    /// # Errors
    ///
    /// There is a read in what is not understood.
    fn rewrite_arguments(&mut self, arguments: &mut Arguments, place: &str) -> syn::Result<()> {
        for argument in &mut arguments.0 {
            match &mut argument.part {
                Part::Expr(expr) => self.visit_expr_mut(expr),
                Part::Stmts(stmts) => {
                    self.end_markers(stmts);
                    for stmt in stmts {
                        self.visit_stmt_mut(stmt);
                    }
                }
                Part::Fields(_, inner) | Part::Group(_, inner) => {
                    self.rewrite_arguments(inner, place)?;
                }
                Part::Raw(tokens) => {
                    let error = unparsed::error_in_form(self, tokens, place);
                    invisible::show_in(tokens);
                    error.map_or(Ok(()), Err)?;
                }
            }
        }
        Ok(())
    }
}

/// The message of a macro that shows the text of its only argument, a condition.
fn message(mac: &Macro) -> Option<String> {
    // The tokens as written, which know where there was no space.
    let text = mac.tokens.to_string();
    let condition = text.trim_end_matches([' ', ',']);
    let path = mac
        .path
        .segments
        .iter()
        .map(|segment| segment.ident.to_string())
        .collect::<Vec<_>>();
    match path.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [.., "assert" | "debug_assert"] => Some(format!("assertion failed: {condition}")),
        // Under the bare name it may be any macro, with one argument alone.
        [.., "anyhow" | "eyre", "ensure"] => Some(format!("Condition failed: `{condition}`")),
        _ => None,
    }
}

/// `unprobed!(EXPR)`: the expression as it is written.
fn unprobed(mac: &mut Macro) -> syn::Result<()> {
    if syn::parse2::<Expr>(mac.tokens.clone()).is_err() {
        return Err(error(mac, "expected one expression: `unprobed!(EXPR)`"));
    }
    let mut tokens = std::mem::take(&mut mac.tokens);
    invisible::show_in(&mut tokens);
    mac.tokens = quote!(@probed #tokens);
    Ok(())
}

fn error(mac: &Macro, message: &str) -> syn::Error {
    syn::Error::new_spanned(mac, message)
}
