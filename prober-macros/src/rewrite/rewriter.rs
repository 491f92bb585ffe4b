//! What is known where a body is rewritten: the settings, what is in scope, and
//! where the expression is.

use proc_macro2::{Delimiter, Group, Ident, TokenTree};
use syn::{Expr, ExprMethodCall};

use super::{
    context::{Context, Loop},
    named_reads::NamedReads,
};
use crate::{aliases::Aliases, classify, emit::Emitter, error::Errors, receiver::Receiver};

/// What was found in a body.
#[derive(Default)]
pub(crate) struct Found {
    /// How many probes.
    pub(crate) probes: usize,

    /// Whether clippy would call a `?` needless.
    pub(crate) looks_needless: bool,
}

/// The two forms of the attribute.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Each read gives an `Option`.
    Options,

    /// Types are kept. Of the body only the markers are rewritten here.
    Kept,
}

/// What rewriting a body needs to know.
pub(crate) struct Settings<'a> {
    pub(crate) emit: &'a Emitter,

    /// The receivers whose reads are probed.
    pub(crate) receivers: &'a [Receiver],

    /// The receivers in scope that read through `&mut self`, so are not of
    /// vmi-core: the runtime never serves their reads.
    pub(crate) mutable_readers: Vec<Receiver>,

    /// The receiver that is put beside the prober once.
    pub(crate) beside: Option<&'a Ident>,

    /// The path of the crate, by which its macros may be named.
    pub(crate) krate: &'a syn::Path,

    pub(crate) form: Form,
}

/// Rewrites one body.
pub(super) struct Rewriter<'a> {
    pub(super) settings: Settings<'a>,
    pub(super) errors: &'a mut Errors,

    /// Other names of the receivers in scope.
    pub(super) aliases: Aliases,

    pub(super) named_reads: NamedReads,

    pub(super) context: Context,

    /// The loops that an unlabelled `break` could leave, outermost first.
    pub(super) loops: Vec<Loop>,

    /// How many loops got a label.
    pub(super) labels: usize,

    pub(super) found: Found,
}

impl<'a> Rewriter<'a> {
    pub(super) fn new(settings: Settings<'a>, errors: &'a mut Errors) -> Self {
        Self {
            settings,
            errors,
            aliases: Aliases::default(),
            named_reads: NamedReads::default(),
            context: Context::Function,
            loops: Vec::new(),
            labels: 0,
            found: Found::default(),
        }
    }

    pub(super) fn is_probe(&self, expr: &Expr) -> bool {
        classify::is_probe(expr, self.settings.receivers, self.settings.krate)
            || !self.aliases.whole.is_empty()
                && classify::is_probe(expr, &self.aliases.whole, self.settings.krate)
    }

    pub(super) fn is_read(&self, call: &ExprMethodCall) -> bool {
        classify::is_read(call, self.settings.receivers)
            || !self.aliases.whole.is_empty() && classify::is_read(call, &self.aliases.whole)
    }

    /// Whether an expression is a receiver that is known, also by another name.
    pub(super) fn is_receiver(&self, expr: &Expr) -> bool {
        Receiver::of(expr).is_some_and(|receiver| {
            self.settings.receivers.contains(&receiver) || self.aliases.whole.contains(&receiver)
        })
    }

    /// Whether patterns straight on a probe may mean what they do not say.
    pub(super) fn checks_patterns(&self) -> bool {
        self.settings.form == Form::Options && !self.context.is_in_probe()
    }

    /// Rewrites the content of a probe. Returns whether a `?` may end it early.
    pub(super) fn in_probe(&mut self, visit: impl FnOnce(&mut Self)) -> bool {
        self.found.probes += 1;
        let probe = Context::probe(self.loops.len());
        let context = std::mem::replace(&mut self.context, probe);
        visit(self);
        std::mem::replace(&mut self.context, context).ends_early()
    }

    /// What replaces an expression that cannot be rewritten, so that the error
    /// causes no others.
    pub(super) fn failed(&mut self, error: &syn::Error) -> Expr {
        // It is an error in the body, and not one about the whole function.
        self.found.probes += 1;
        // In parentheses: a macro call in braces at the beginning of a statement
        // would be the whole statement, and `= value` after it would not parse.
        let call = error
            .to_compile_error()
            .into_iter()
            .map(|token| match token {
                TokenTree::Group(group) => {
                    let mut arguments = Group::new(Delimiter::Parenthesis, group.stream());
                    arguments.set_span(group.span());
                    TokenTree::Group(arguments)
                }
                token => token,
            });
        Expr::Verbatim(call.collect())
    }
}
