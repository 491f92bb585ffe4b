//! Rewrites a body: finds the probes, and the `?` that leave the function.
//!
//! ```text
//! vmi.read_u64(a)                     // a probe
//! __probed::read(vmi.read_u64(a), __probed_run)
//!
//! vmi.read_u64(a? + 8)                // with `?` in it
//! __probed::read_if('__probed: {
//!     __probed::Some(vmi.read_u64(__probed::as_operand(match
//!         __probed::OptionOrResult::question_mark_in_probe(a, __probed_run)
//!     {
//!         __probed::Part::Value(value) => value,
//!         __probed::Part::Missing => break '__probed __probed::None,
//!         __probed::Part::Failed(error) => return __probed::LeaveWith::leave_with(error),
//!     }) + 8))
//! }, __probed_run)
//!
//! vmi.read_u64(peb? + 8)              // the same, on the value of a read
//! __probed::read_if(match peb {
//!     __probed::Some(value) => __probed::Some(vmi.read_u64(value + 8)),
//!     _ => __probed::None,
//! }, __probed_run)
//!
//! vmi.read_u64(a)??                   // a probe whose value is needed
//! __probed::need(vmi.read_u64(a), __probed_run)?
//!
//! f()?                                // any other `?`
//! __probed::OptionOrResult::question_mark(f(), __probed_run)?
//! ```
//!
//! A receiver whose reads the runtime serves is wrapped, too: `served(&vmi, ..)`.
//!
//! The value of a read is wrapped, never the call put into a closure: `?`,
//! `return`, `break` and `.await` in its arguments keep their meaning.

mod attributes;
mod conditions;
mod context;
mod hazards;
mod loops;
mod macros;
mod named_reads;
mod probes;
mod question_marks;
mod rewriter;
mod settling;
mod unparsed;

use syn::{
    AngleBracketedGenericArguments, Attribute, BinOp, Block, Expr, Item, Local, Pat, Stmt, Type,
    parse_quote,
    spanned::Spanned,
    visit_mut::{self, VisitMut},
};

pub(crate) use self::rewriter::{Form, Found, Settings};
use self::{
    attributes::{take_attrs, with_attrs},
    context::Context,
    named_reads::NamedReads,
    rewriter::Rewriter,
};
use crate::{
    emit::{Emitter, Place, glue, operand},
    error::Errors,
    invisible, lints,
    marker::Marker,
    receiver,
};

/// Rewrites a body. Returns what is in it.
pub(crate) fn rewrite(block: &mut Block, settings: Settings<'_>, errors: &mut Errors) -> Found {
    let mut rewriter = Rewriter::new(settings, errors);
    rewriter.visit_block_mut(block);
    rewriter.found
}

impl VisitMut for Rewriter<'_> {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        if self.settings.form == Form::Options && self.context == Context::Function {
            self.check_operand(expr);
        }
        match expr {
            Expr::Closure(closure) => {
                for input in &closure.inputs {
                    self.named_reads.forget(input);
                }
                self.nest(|this| this.visit_expr_mut(&mut closure.body));
            }
            Expr::Async(future) => self.nest(|this| this.visit_block_mut(&mut future.block)),
            Expr::TryBlock(block) => self.nest(|this| this.visit_block_mut(&mut block.block)),
            Expr::While(expr) => {
                if !self.context.is_in_probe()
                    && self.settings.form == Form::Options
                    && !hazards::condition_takes_for_a_value(self, &mut expr.cond)
                {
                    conditions::check(self, &expr.cond);
                }
                self.visit_expr_mut(&mut expr.cond);
                self.visit_loop(&mut expr.label, &mut expr.body);
            }
            Expr::Match(matched) => {
                if self.checks_patterns() {
                    let pats = matched.arms.iter().map(|arm| &arm.pat);
                    let pats = pats.collect::<Vec<_>>();
                    hazards::check_patterns(self, &matched.expr, &pats);
                }
                visit_mut::visit_expr_match_mut(self, matched);
            }
            Expr::If(branch) => {
                if self.checks_patterns() {
                    self.check_condition(&branch.cond);
                }
                visit_mut::visit_expr_if_mut(self, branch);
            }
            Expr::ForLoop(expr) => {
                self.visit_expr_mut(&mut expr.expr);
                self.named_reads.forget(&expr.pat);
                self.visit_loop(&mut expr.label, &mut expr.body);
            }
            Expr::Loop(expr) => self.visit_loop(&mut expr.label, &mut expr.body),
            Expr::Break(exit) => {
                if let Some(value) = &mut exit.expr {
                    self.visit_expr_mut(value);
                }
                if let Err(error) = self.label_exit(&mut exit.label, "break", exit.break_token.span)
                {
                    *expr = self.failed(&error);
                }
            }
            Expr::Continue(exit) => {
                if let Err(error) =
                    self.label_exit(&mut exit.label, "continue", exit.continue_token.span)
                {
                    *expr = self.failed(&error);
                }
            }
            Expr::Try(_) => self.question(expr),
            Expr::Await(_)
                if self.is_probe(expr)
                    && !self.context.is_in_probe()
                    && self.settings.form == Form::Options =>
            {
                self.probe_read(expr, false);
            }
            Expr::MethodCall(_) => self.method_call(expr),
            Expr::Group(_) => {
                // Before its content is rewritten.
                invisible::show(expr);
                visit_mut::visit_expr_mut(self, expr);
            }
            Expr::Call(call) => {
                // Checked before it is rewritten.
                self.found.looks_needless |= self.looks_needless(call);
                if self.settings.form == Form::Options && self.changes_guest(call) {
                    self.settle_first(expr);
                } else {
                    visit_mut::visit_expr_call_mut(self, call);
                }
            }
            Expr::Macro(_) => self.macro_call(expr, false),
            Expr::Verbatim(_) if self.settings.form == Form::Kept => {}
            Expr::Verbatim(tokens) => {
                if let Some(error) = unparsed::error(self, tokens, "syntax that it does not know") {
                    *expr = self.failed(&error);
                }
            }
            // Their own functions, as far as `?` goes.
            Expr::Const(_) => invisible::Show.visit_expr_mut(expr),
            Expr::Repeat(repeat) => {
                self.visit_expr_mut(&mut repeat.expr);
                lints::array_length(repeat);
                invisible::Show.visit_expr_mut(&mut repeat.len);
            }
            expr => visit_mut::visit_expr_mut(self, expr),
        }
    }

    fn visit_block_mut(&mut self, block: &mut Block) {
        let mutable_readers = self.settings.mutable_readers.clone();
        let aliases = self.aliases.clone();
        let named_reads = self.named_reads.clone();
        self.end_markers(&mut block.stmts);
        visit_mut::visit_block_mut(self, block);
        self.settings.mutable_readers = mutable_readers;
        self.aliases = aliases;
        self.named_reads = named_reads;
    }

    fn visit_local_mut(&mut self, local: &mut Local) {
        if let Some(init) = &local.init
            && init.diverge.is_some()
            && self.checks_patterns()
        {
            hazards::check_patterns(self, &init.expr, &[&local.pat]);
        }
        // Seen before it is rewritten, and in scope behind it.
        let mut aliases = self.aliases.clone();
        aliases.note(
            local,
            self.settings.receivers,
            &mut self.settings.mutable_readers,
        );
        let mut named_reads = self.named_reads.clone();
        named_reads.bind(local, self.gives_option_of_a_number(local));
        visit_mut::visit_local_mut(self, local);
        receiver::note_binding(&mut self.settings.mutable_readers, local);
        self.aliases = aliases;
        self.named_reads = named_reads;
    }

    fn visit_stmt_mut(&mut self, stmt: &mut Stmt) {
        invisible::unwrap(stmt);
        match stmt {
            Stmt::Macro(call) if Marker::of(&call.mac.path, self.settings.krate).is_some() => {
                let mut expr = Expr::Macro(syn::ExprMacro {
                    attrs: std::mem::take(&mut call.attrs),
                    mac: call.mac.clone(),
                });
                let semi = call.semi_token;
                self.visit_expr_mut(&mut expr);
                *stmt = Stmt::Expr(expr, semi);
            }
            Stmt::Macro(call) => {
                // It may bind the names that it is given.
                self.named_reads = NamedReads::default();
                if let Err(error) = self.arguments(&mut call.mac) {
                    let failed = self.failed_macro(&error, &call.mac);
                    *stmt = Stmt::Expr(failed, call.semi_token);
                }
            }
            Stmt::Expr(expr, Some(_)) => {
                let place = (!self.context.is_in_probe()
                    && self.settings.form == Form::Options
                    && hazards::discards_value(self, expr))
                .then(|| Place::of(expr));
                self.visit_expr_mut(expr);
                if let Some(place) = place {
                    let attrs = take_attrs(expr);
                    let value = operand(expr);
                    let call = Emitter::value_of_a_probe(&value, place);
                    *expr = with_attrs(&attrs, call);
                }
            }
            stmt => visit_mut::visit_stmt_mut(self, stmt),
        }
    }

    // The guard of a `match` arm is a part of its pattern.
    fn visit_pat_mut(&mut self, pat: &mut Pat) {
        self.named_reads.forget(pat);
        if let Pat::Guard(guarded) = pat {
            self.visit_expr_mut(&mut guarded.guard);
        } else {
            invisible::Show.visit_pat_mut(pat);
        }
    }

    // Items in a body are functions of their own. But the code of a macro runs
    // where it is called, and its reads are not seen there.
    fn visit_item_mut(&mut self, item: &mut Item) {
        if let Item::Macro(item) = &*item
            && item.ident.is_some()
            && self.settings.form == Form::Options
            && let Some(error) = unparsed::in_definition(self, &item.mac.tokens)
        {
            self.errors.push(error);
        }
        invisible::Show.visit_item_mut(item);
    }

    // The rest contains no expression that runs.
    fn visit_type_mut(&mut self, ty: &mut Type) {
        invisible::Show.visit_type_mut(ty);
    }

    fn visit_angle_bracketed_generic_arguments_mut(
        &mut self,
        arguments: &mut AngleBracketedGenericArguments,
    ) {
        invisible::Show.visit_angle_bracketed_generic_arguments_mut(arguments);
    }

    fn visit_attribute_mut(&mut self, _: &mut Attribute) {}
}

impl Rewriter<'_> {
    /// Rewrites code whose `?` is its own.
    fn nest(&mut self, visit: impl FnOnce(&mut Self)) {
        let inner = self.context.nested();
        let context = std::mem::replace(&mut self.context, inner);
        let loops = std::mem::take(&mut self.loops);
        visit(self);
        self.loops = loops;
        self.context = context;
    }

    /// Puts the `;` behind markers in braces that are statements: what they
    /// become is an expression, and no statement without it.
    fn end_markers(&self, stmts: &mut [Stmt]) {
        let Some((_, stmts)) = stmts.split_last_mut() else {
            return;
        };
        for stmt in stmts {
            if let Stmt::Macro(call) = stmt
                && Marker::of(&call.mac.path, self.settings.krate).is_some()
            {
                let end = glue(call.mac.path.span());
                call.semi_token.get_or_insert_with(|| syn::Token![;](end));
            }
        }
    }

    /// Looks at the patterns in the condition of an `if`.
    fn check_condition(&mut self, condition: &Expr) {
        match condition {
            Expr::Binary(both) if matches!(both.op, BinOp::And(_)) => {
                self.check_condition(&both.left);
                self.check_condition(&both.right);
            }
            Expr::Let(binding) => {
                hazards::check_patterns(self, &binding.expr, &[&*binding.pat]);
            }
            _ => {}
        }
    }

    /// Refuses a probe's `Option` where only a value can be.
    fn check_operand(&mut self, expr: &mut Expr) {
        let Some(operand) = hazards::taken_for_a_value(self, expr) else {
            return;
        };
        let Expr::Try(question) = &*operand else {
            return;
        };
        let error = syn::Error::new(
            question.question_token.span,
            "a probe gives an `Option`; write `??` to need the value",
        );
        let failed = self.failed(&error);
        // The probe stays, so that what it mentions counts as used.
        *operand = parse_quote!(({ let _ = #operand; #failed }));
    }
}
