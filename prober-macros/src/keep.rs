//! The form that keeps types: an ordinary function, whose `?` become
//! questions.
//!
//! ```text
//! let a = x.f()?;                     // Input: asks
//! let b = y.g()?;                     // asks, also where `a` is missing
//! use_it(a, b);                       // acts, so it must not run doomed
//!
//! let slot_a = wait(x.f(), run)?;     // Output
//! let slot_b = wait(y.g(), run)?;
//! if doomed(run) {
//!     /* asks what follows and needs neither */
//!     return leave_doomed(run);
//! }
//! let a = filled(slot_a);
//! let b = filled(slot_b);
//! use_it(a, b);
//! ```
//!
//! A value that is needed at once gets no slot: `match ask(x.f(), run)? { .. }`.
//! Where nothing can be asked without a value, the question that needs it binds it
//! alone (`let Some(a) = slot_a else { return leave_doomed(run) };`), and a run that
//! another value dooms goes on.
//!
//! `gather` learns the facts of the function, and `planner` makes the plan of its
//! body: a step for each statement, with what that mentions, changes and may
//! leave. Then `run` writes what runs, and decides which values wait; `slot` writes
//! those. `search` writes what a doomed run still asks, and knows which names are missing
//! to it. Both have `ask` rewrite the expressions.
//!
//! Until its first miss a run is the plain one. From then on it is doomed: it
//! evaluates what asks, and nothing that acts.

mod ask;
mod asking;
mod branches;
mod calls;
mod cells;
mod changes;
mod closures;
mod collections;
pub(crate) mod conditional;
mod effects;
mod exits;
mod facts;
mod flow;
mod gather;
mod groups;
mod inner;
mod items;
mod links;
mod look;
mod loops;
mod macros;
mod mentions;
mod names;
mod operands;
mod outputs;
mod params;
mod parsed;
mod plan;
mod planner;
mod questions;
mod record;
mod renewed;
mod results;
mod risks;
mod run;
mod scope;
mod search;
mod slot;
mod sought;
mod state;
mod stray_exits;
mod unrecorded;

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use proc_macro2::TokenStream;
use quote::quote;
use syn::{
    Block, Expr, Signature, Stmt,
    visit::{self, Visit},
};

use self::{flow::Flow, parsed::names_any, scope::Scope, state::State};
use crate::{
    aliases, beside, classify,
    error::Errors,
    lints, macro_arguments, nothing_to_probe,
    receiver::{self, Receiver},
    rewrite::{self, Settings},
    tokens::{any_word, has_question},
};

/// Rewrites a body that keeps its types. Returns whether there is anything to
/// probe.
pub(crate) fn rewrite(
    block: &mut Block,
    written: &TokenStream,
    sig: &Signature,
    settings: Settings<'_>,
    errors: &mut Errors,
) -> bool {
    let Settings { emit, krate, .. } = settings;
    let mut receivers = settings.receivers.to_vec();
    receivers.extend(aliases::everywhere(sig, block, &receivers));
    let receivers = &receivers[..];
    let asks = asks(block, written, receivers);
    let mut never_served = settings.mutable_readers.clone();
    Mutable(&mut never_served).visit_block(block);
    rewrite::rewrite(
        block,
        Settings {
            receivers,
            ..settings
        },
        errors,
    );
    let beside = beside::parameter(sig, block, receivers, &never_served);
    items::watch(block, emit);
    lints::expectations(block);
    stray_exits::refuse(block, errors);
    unrecorded::leave(block, krate);

    let known = receivers.iter().map(Receiver::text).collect();
    let facts = gather::facts(sig, block, known);
    let begins_with_item = matches!(block.stmts.first(), Some(Stmt::Item(_)));
    let (plan, body) = planner::plan(block, &facts, receivers, krate);
    let flow = Flow {
        plan: &plan,
        facts: &facts,
        emit,
        receivers,
        mutable_readers: &never_served,
        beside,
        krate,
        leave: Rc::new(emit.leave_doomed()),
        records_in_closures: !returns_code(sig),
        needs: RefCell::default(),
        ties: RefCell::default(),
        operand_ties: RefCell::default(),
        made: Cell::new(0),
    };
    let state = State {
        // A doomed caller's set may have been handed on.
        doomed: true,
        taint: facts.given.clone(),
        exit: flow.leave(),
        value: false,
    };
    let (tokens, _) = flow.hot(body, state, &Scope::default());
    let beside = beside.map(|receiver| emit.bind_served(receiver));
    let ties = flow.declared_ties();
    let mut first = quote!(#beside #ties);
    // Items that begin the body are still the first in their block.
    if begins_with_item {
        first.extend(quote!({ #tokens }));
    } else {
        first.extend([tokens]);
    }
    block.stmts = vec![Stmt::Expr(Expr::Verbatim(first), None)];
    asks
}

/// Whether a body has a `?`, a read, or hands on the suppressed set.
fn asks(block: &Block, written: &TokenStream, receivers: &[Receiver]) -> bool {
    struct Find<'a>(&'a [Receiver], bool);
    impl<'ast> Visit<'ast> for Find<'_> {
        fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
            self.1 |= classify::is_read(call, self.0);
            visit::visit_expr_method_call(self, call);
        }

        fn visit_macro(&mut self, mac: &'ast syn::Macro) {
            for argument in macro_arguments::parse(mac).exprs() {
                let mut find = Find(self.0, false);
                find.visit_expr(argument);
                self.1 |= find.1;
            }
        }
    }
    let mut find = Find(receivers, false);
    find.visit_block(block);
    find.1
        || has_question(written)
        || nothing_to_probe::is_no_mistake(written)
        || any_word(written, &|word| word == "probe")
}

/// Whether a result may hold code that outlives the call, such as a closure.
fn returns_code(sig: &Signature) -> bool {
    struct Find(bool);
    impl<'ast> Visit<'ast> for Find {
        fn visit_type_impl_trait(&mut self, _: &'ast syn::TypeImplTrait) {
            self.0 = true;
        }
    }
    let mut find = Find(false);
    find.visit_return_type(&sig.output);
    find.0
        || names_any(|find| find.visit_return_type(&sig.output), &|word| {
            matches!(
                word,
                "Fn" | "FnMut" | "FnOnce" | "Iterator" | "Future" | "Stream"
            )
        })
}

/// Receivers that are read through `&mut` anywhere in a body.
struct Mutable<'a>(&'a mut Vec<Receiver>);

impl<'ast> Visit<'ast> for Mutable<'_> {
    fn visit_local(&mut self, local: &'ast syn::Local) {
        let mut found = Vec::new();
        receiver::note_binding(&mut found, local);
        self.0.extend(found);
        visit::visit_local(self, local);
    }
}
