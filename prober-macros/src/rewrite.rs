//! Rewrites a body: finds the probes, and the `?` that leave the function.
//!
//! ```text
//! vmi.read_u64(a)                     // a probe
//! __probed_read(vmi.read_u64(a), __probed_run)
//!
//! vmi.read_u64(a? + 8)                // with `?` in it
//! __probed_read_if('__probed: {
//!     __probed::Some(vmi.read_u64(__probed_got(match __probed::part(a, __probed_run) {
//!         __probed::Part::Value(value) => value,
//!         __probed::Part::Missing => break '__probed __probed::None,
//!         __probed::Part::Hard(error) => return __probed::leave(error),
//!     }) + 8))
//! }, __probed_run)
//!
//! f()?                                // any other `?`
//! __probed_value(f(), __probed_run)?
//! ```
//!
//! The value of a read is wrapped, never the call put into a closure: `?`,
//! `return`, `break` and `.await` in its arguments keep their meaning.

mod hazards;
mod macros;

use std::fmt::Display;

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::{
    AngleBracketedGenericArguments, Attribute, Block, Expr, ExprMethodCall, Item, Label, Lifetime,
    Pat, Stmt, Type,
    visit_mut::{self, VisitMut},
};

pub(crate) use self::macros::Marker;
use crate::{
    error::Errors,
    names::Names,
    receiver::{self, Receiver},
    spans,
};

/// Rewrites one body.
pub(crate) struct Rewriter<'a> {
    names: &'a Names,

    /// The receivers whose reads are probed.
    receivers: &'a [Receiver],

    /// Receivers of a type that reads through `&mut self`, so not one of
    /// vmi-core's: their reads are never served by the runtime.
    unserved: &'a [Receiver],

    /// The path of the crate, by which its macros may be named.
    krate: &'a syn::Path,

    errors: &'a mut Errors,

    /// Whether `?` and `return` are those of a closure or an async block.
    nested: bool,

    probe: Probe,

    /// The loops that an unlabelled `break` could leave, from outside in.
    loops: Vec<Loop>,

    /// How many loops have been given a label.
    labels: usize,

    /// How many probes were found.
    probes: usize,
}

/// Where an expression stands with regard to probes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Probe {
    /// Outside of all probes.
    Outside,

    /// In a probe.
    Inside {
        /// Whether a `?` ends it early.
        ends_early: bool,
        /// How many loops there were around it.
        loops: usize,
    },

    /// In a closure in a probe, where a `?` cannot end the probe.
    Closure,
}

/// What an unlabelled `break` could leave.
enum Loop {
    /// A loop, and the label by which to leave it from within a probe.
    Seen(Option<Lifetime>),

    /// The arguments of a macro that may put them into a loop of its own.
    Macro,
}

/// What the rewriting needs to know.
pub(crate) struct Settings<'a> {
    pub(crate) names: &'a Names,
    pub(crate) receivers: &'a [Receiver],
    pub(crate) unserved: &'a [Receiver],
    pub(crate) krate: &'a syn::Path,
}

/// Rewrites a body, and says how many probes are in it.
pub(crate) fn rewrite(block: &mut Block, settings: &Settings<'_>, errors: &mut Errors) -> usize {
    let mut rewriter = Rewriter {
        names: settings.names,
        receivers: settings.receivers,
        unserved: settings.unserved,
        krate: settings.krate,
        errors,
        nested: false,
        probe: Probe::Outside,
        loops: Vec::new(),
        labels: 0,
        probes: 0,
    };
    rewriter.visit_block_mut(block);
    rewriter.probes
}

impl VisitMut for Rewriter<'_> {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        match expr {
            Expr::Closure(closure) => self.nest(|this| this.visit_expr_mut(&mut closure.body)),
            Expr::Async(future) => self.nest(|this| this.visit_block_mut(&mut future.block)),
            Expr::TryBlock(block) => self.nest(|this| this.visit_block_mut(&mut block.block)),
            Expr::While(expr) => {
                if self.probe == Probe::Outside {
                    hazards::check_condition(self, &expr.cond);
                }
                self.visit_expr_mut(&mut expr.cond);
                self.visit_loop(&mut expr.label, &mut expr.body);
            }
            Expr::ForLoop(expr) => {
                self.visit_expr_mut(&mut expr.expr);
                self.visit_loop(&mut expr.label, &mut expr.body);
            }
            Expr::Loop(expr) => self.visit_loop(&mut expr.label, &mut expr.body),
            Expr::Break(exit) => {
                if let Some(value) = &mut exit.expr {
                    self.visit_expr_mut(value);
                }
                if let Err(error) = self.label_exit(&mut exit.label, exit.break_token.span) {
                    *expr = self.failed(&error);
                }
            }
            Expr::Continue(exit) => {
                if let Err(error) = self.label_exit(&mut exit.label, exit.continue_token.span) {
                    *expr = self.failed(&error);
                }
            }
            Expr::Try(_) => self.question(expr),
            Expr::Await(_) if self.is_probe(expr) && self.probe == Probe::Outside => {
                self.probe_read(expr);
            }
            Expr::MethodCall(_) => self.method_call(expr),
            Expr::Call(call) => {
                // Seen before it is rewritten.
                let in_vain = self.seems_in_vain(call);
                visit_mut::visit_expr_call_mut(self, call);
                if in_vain && let Some(arg) = call.args.first_mut() {
                    let place = (spans::start(arg), spans::end(arg));
                    *arg = self.names.call("got", place, quote!(#arg));
                }
            }
            Expr::Macro(_) => self.macro_call(expr),
            Expr::Verbatim(tokens) => {
                if let Some(error) = macros::unseen(self, tokens, "syntax that it does not know") {
                    *expr = self.failed(&error);
                }
            }
            // Their own functions, as far as `?` goes.
            Expr::Const(_) => {}
            Expr::Repeat(repeat) => self.visit_expr_mut(&mut repeat.expr),
            expr => visit_mut::visit_expr_mut(self, expr),
        }
    }

    fn visit_stmt_mut(&mut self, stmt: &mut Stmt) {
        match stmt {
            Stmt::Macro(call) if Marker::of(&call.mac.path, self.krate).is_some() => {
                let mut expr = Expr::Macro(syn::ExprMacro {
                    attrs: std::mem::take(&mut call.attrs),
                    mac: call.mac.clone(),
                });
                let semi = call.semi_token;
                self.visit_expr_mut(&mut expr);
                *stmt = Stmt::Expr(expr, semi);
            }
            Stmt::Macro(call) => {
                if let Err(error) = self.arguments(&mut call.mac) {
                    let failed = self.failed_macro(&error, &call.mac);
                    *stmt = Stmt::Expr(failed, call.semi_token);
                }
            }
            Stmt::Expr(expr, Some(_)) => {
                let place = (self.probe == Probe::Outside && hazards::throws_away(self, expr))
                    .then(|| (spans::start(expr), spans::end(expr)));
                self.visit_expr_mut(expr);
                if let Some(place) = place {
                    let attrs = take_attrs(expr);
                    let call = self.names.call("value_of_a_probe", place, quote!(#expr));
                    *expr = with_attrs(&attrs, call);
                }
            }
            stmt => visit_mut::visit_stmt_mut(self, stmt),
        }
    }

    // The guard of a `match` arm is a part of its pattern.
    fn visit_pat_mut(&mut self, pat: &mut Pat) {
        if let Pat::Guard(guarded) = pat {
            self.visit_expr_mut(&mut guarded.guard);
        }
    }

    // Items in a body are functions of their own; but the text of a macro runs
    // where it is called, and what it reads there is not seen.
    fn visit_item_mut(&mut self, item: &mut Item) {
        if let Item::Macro(item) = item
            && item.ident.is_some()
            && let Some(error) = macros::in_definition(self, &item.mac.tokens)
        {
            self.errors.push(error);
        }
    }

    // The rest holds no expression that runs.
    fn visit_type_mut(&mut self, _: &mut Type) {}
    fn visit_attribute_mut(&mut self, _: &mut Attribute) {}
    fn visit_angle_bracketed_generic_arguments_mut(
        &mut self,
        _: &mut AngleBracketedGenericArguments,
    ) {
    }
}

impl Rewriter<'_> {
    /// Rewrites what has a `?` of its own.
    fn nest(&mut self, visit: impl FnOnce(&mut Self)) {
        let nested = std::mem::replace(&mut self.nested, true);
        let loops = std::mem::take(&mut self.loops);
        let inner = match self.probe {
            Probe::Outside => Probe::Outside,
            Probe::Inside { .. } | Probe::Closure => Probe::Closure,
        };
        let probe = std::mem::replace(&mut self.probe, inner);
        visit(self);
        self.probe = probe;
        self.loops = loops;
        self.nested = nested;
    }

    fn visit_loop(&mut self, label: &mut Option<Label>, body: &mut Block) {
        let name = label.as_ref().map(|label| label.name.clone());
        self.loops.push(Loop::Seen(name));
        self.visit_block_mut(body);
        if let (None, Some(Loop::Seen(Some(name)))) = (&label, self.loops.pop()) {
            *label = Some(Label {
                colon_token: syn::Token![:](name.span()),
                name,
            });
        }
    }

    /// Names the loop that a `break` or `continue` in a probe means: there may
    /// be a block around the probe, and to leave that needs a label.
    fn label_exit(&mut self, label: &mut Option<Lifetime>, span: Span) -> syn::Result<()> {
        let Probe::Inside { loops, .. } = self.probe else {
            return Ok(());
        };
        if label.is_some() || self.loops.len() > loops {
            return Ok(());
        }
        let number = self.labels;
        let Some(outer) = self.loops.last_mut() else {
            return Err(syn::Error::new(span, "there is no loop here to leave"));
        };
        let Loop::Seen(outer) = outer else {
            // Which loop is meant only the macro knows. If it has none and the
            // probe needs its block, rustc says that a label is missing.
            return Ok(());
        };
        self.labels += 1;
        let name = outer.get_or_insert_with(|| {
            let glue = Span::mixed_site().located_at(span);
            Lifetime::new(&format!("'__probed_{number}"), glue)
        });
        *label = Some(name.clone());
        Ok(())
    }

    fn method_call(&mut self, expr: &mut Expr) {
        let Expr::MethodCall(call) = expr else { return };
        if self.probe == Probe::Outside {
            hazards::check_call(self, call);
        }
        if !receiver::is_on(call, self.receivers) {
            visit_mut::visit_expr_method_call_mut(self, call);
        } else if receiver::is_read(&call.method) && self.probe == Probe::Outside {
            self.probe_read(expr);
        } else if receiver::acts_on_guest(&call.method) {
            self.act(expr);
        } else {
            visit_mut::visit_expr_method_call_mut(self, call);
        }
    }

    /// Whether an expression is a probe, seen through parentheses.
    fn is_probe(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Paren(paren) => self.is_probe(&paren.expr),
            Expr::Group(group) => self.is_probe(&group.expr),
            Expr::Await(expr) => self.is_read(&expr.base),
            Expr::Macro(expr) => Marker::of(&expr.mac.path, self.krate) == Some(Marker::Probe),
            expr => self.is_read(expr),
        }
    }

    fn is_read(&self, expr: &Expr) -> bool {
        matches!(expr, Expr::MethodCall(call)
            if receiver::is_read(&call.method) && receiver::is_on(call, self.receivers))
    }

    /// Makes a read a probe; also a read that is awaited.
    fn probe_read(&mut self, expr: &mut Expr) {
        let attrs = take_attrs(expr);
        let place = (spans::start(expr), spans::end(expr));
        let ends_early = self.in_probe(|this| visit_mut::visit_expr_mut(this, expr));
        if let Expr::MethodCall(call) = expr
            && self.is_served(call)
        {
            *call.receiver = self.names.served(&call.receiver);
        }
        *expr = with_attrs(&attrs, self.probe(&quote!(#expr), ends_early, place));
    }

    /// Whether the runtime serves a read where it is one of vmi-core's.
    fn is_served(&self, call: &ExprMethodCall) -> bool {
        receiver::is_served(&call.method) && !receiver::is_on(call, self.unserved)
    }

    /// Rewrites what stands in a probe, and says whether a `?` may end it
    /// early.
    fn in_probe(&mut self, visit: impl FnOnce(&mut Self)) -> bool {
        self.probes += 1;
        self.probe = Probe::Inside {
            ends_early: false,
            loops: self.loops.len(),
        };
        visit(self);
        let probe = std::mem::replace(&mut self.probe, Probe::Outside);
        matches!(
            probe,
            Probe::Inside {
                ends_early: true,
                ..
            }
        )
    }

    /// Wraps the expression of a probe.
    fn probe(&self, expr: &TokenStream, ends_early: bool, place: (Span, Span)) -> Expr {
        let glue = Span::mixed_site().located_at(place.0);
        let prober = self.names.prober_at(place.0);
        let Names { runtime, block, .. } = self.names;
        if ends_early {
            let args = quote_spanned!(glue=> #block: { #runtime::Some(#expr) }, #prober);
            self.names.call("read_if", place, args)
        } else {
            self.names
                .call("read", place, quote_spanned!(glue=> #expr, #prober))
        }
    }

    /// Rewrites `EXPR?`.
    fn question(&mut self, expr: &mut Expr) {
        let Expr::Try(question) = expr else { return };
        let place = (spans::start(&question.expr), spans::end(&question.expr));
        let glue = Span::mixed_site().located_at(question.question_token.span);
        let prober = self.names.prober_at(place.0);

        match self.probe {
            Probe::Inside { loops, .. } => {
                self.visit_expr_mut(&mut question.expr);
                self.probe = Probe::Inside {
                    ends_early: true,
                    loops,
                };
                let attrs = std::mem::take(&mut question.attrs);
                let operand = bare(&question.expr);
                let block = &self.names.block;
                let runtime = self.names.runtime_at(question.question_token.span);
                let args = quote_spanned!(glue=> #operand, #prober);
                let part = self.names.call("part", place, args);
                let part = quote_spanned! {glue=>
                    match #part {
                        #runtime::Part::Value(__probed_value) => __probed_value,
                        #runtime::Part::Missing => break #block #runtime::None,
                        #runtime::Part::Hard(__probed_error) => {
                            return #runtime::leave(__probed_error)
                        }
                    }
                };
                let place = (place.0, question.question_token.span);
                *expr = with_attrs(&attrs, self.names.call("got", place, part));
            }
            // A probe does its part, and in a closure `?` is rustc's.
            Probe::Outside if self.nested || self.is_probe(&question.expr) => {
                self.visit_expr_mut(&mut question.expr);
            }
            Probe::Outside => {
                self.visit_expr_mut(&mut question.expr);
                let attrs = take_attrs(&mut question.expr);
                let operand = bare(&question.expr);
                let args = quote_spanned!(glue=> #operand, #prober);
                *question.expr = with_attrs(&attrs, self.names.call("value", place, args));
            }
            Probe::Closure => self.visit_expr_mut(&mut question.expr),
        }
    }

    /// Whether a call is `Ok(EXPR?)`.
    ///
    /// The `?` on an `Option` becomes one on a `Result`, often of the very
    /// type of the whole, and clippy (`needless_question_mark`) would say to
    /// write `EXPR` instead, which does not compile.
    fn seems_in_vain(&self, call: &syn::ExprCall) -> bool {
        self.probe == Probe::Outside
            && !self.nested
            && matches!(&*call.func, Expr::Path(path)
                if path.path.segments.last().is_some_and(|last| last.ident == "Ok"))
            && call.args.len() == 1
            && matches!(&call.args[0], Expr::Try(question) if !self.is_probe(&question.expr))
    }

    /// Lets a call that changes the guest wait for the data: when its
    /// arguments are there, and before it is made.
    ///
    /// ```text
    /// vmi.write_u64(a, b)                                    // Input
    /// vmi.write_u64(a, __probed_settled(b, settle(prober)?)) // Output
    /// ```
    fn act(&mut self, expr: &mut Expr) {
        let Expr::MethodCall(call) = expr else { return };
        let method = &call.method;
        if self.probe != Probe::Outside {
            self.errors.at(
                method.span(),
                format!(
                    "`{method}` changes the guest, and in a probe it cannot wait for the data; \
                     make the call outside"
                ),
            );
        } else if self.nested {
            self.errors.at(
                method.span(),
                format!(
                    "`{method}` changes the guest, and in a closure or an async block it cannot \
                     wait for the data; write `settle!();` before, and `unprobed!(..)` around the call"
                ),
            );
        }
        visit_mut::visit_expr_method_call_mut(self, call);
        if self.probe == Probe::Outside && !self.nested {
            let place = (spans::start(expr), spans::end(expr));
            let glue = Span::mixed_site().located_at(place.0);
            let prober = self.names.prober_at(place.0);
            let runtime = &self.names.runtime;
            let settle = quote_spanned!(glue=> #runtime::settle(#prober)?);
            let Expr::MethodCall(call) = expr else { return };
            if let Some(last) = call.args.last_mut() {
                let place = (spans::start(last), spans::end(last));
                let args = quote_spanned!(glue=> #last, #settle);
                *last = self.names.call("settled", place, args);
            } else {
                let attrs = take_attrs(expr);
                let args = quote_spanned!(glue=> #settle, #expr);
                *expr = with_attrs(&attrs, self.names.call("then", place, args));
            }
        }
    }

    /// Takes the place of an expression that cannot be rewritten, so that
    /// nothing follows from it.
    fn failed(&mut self, error: &syn::Error) -> Expr {
        // Not the error of the whole function: it stands where it was made.
        self.probes += 1;
        // In parentheses: a macro call in braces that begins a statement is
        // one, and what follows, such as `= value`, would not parse.
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

    /// Reports a mistake, on all tokens of what is wrong.
    fn error_on(&mut self, tokens: impl ToTokens, message: impl Display) {
        self.errors.push(syn::Error::new_spanned(tokens, message));
    }
}

/// Takes the parentheses off an expression that becomes an argument: there
/// they would be found unused.
fn bare(expr: &Expr) -> &Expr {
    match expr {
        Expr::Paren(paren) if paren.attrs.is_empty() => bare(&paren.expr),
        expr => expr,
    }
}

/// Takes the attributes from an expression that is to be wrapped.
fn take_attrs(expr: &mut Expr) -> Vec<Attribute> {
    match expr {
        Expr::Await(expr) => std::mem::take(&mut expr.attrs),
        Expr::Call(expr) => std::mem::take(&mut expr.attrs),
        Expr::Macro(expr) => std::mem::take(&mut expr.attrs),
        Expr::MethodCall(expr) => std::mem::take(&mut expr.attrs),
        Expr::Try(expr) => std::mem::take(&mut expr.attrs),
        _ => Vec::new(),
    }
}

fn with_attrs(attrs: &[Attribute], expr: Expr) -> Expr {
    if attrs.is_empty() {
        return expr;
    }
    Expr::Verbatim(quote!(#(#attrs)* #expr))
}
