//! Results that a body takes apart: their faults are recorded.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::{Expr, Stmt, token::Paren};

use super::{
    emitter::{Emitter, call},
    place::{Place, glue, hygienic},
};

impl Emitter {
    /// A result that the body takes apart: `as_operand(Taken(OPERAND).note(prober))`.
    pub(crate) fn taken(&self, operand: &Expr, place: Place) -> Expr {
        let noted = self.note(operand, place);
        call("as_operand", place, noted)
    }

    /// The items of a loop whose body takes them apart: `watched(ITEMS, |item|
    /// Taken(item).seen(prober))`, as a call that may still ask.
    pub(crate) fn watched(&self, items: Expr) -> Expr {
        let place = Place::of(&items);
        let runtime = self.runtime_at(place.start);
        let prober = self.prober_at(place.start);
        let item = hygienic("__probed_item", place.start);
        self.takes.set(true);
        let at = place.glue();
        let seen = quote_spanned!(at=> #runtime::Taken(#item).seen(#prober));
        let seen = Expr::Verbatim(seen);
        let function: Expr = syn::parse_quote_spanned!(at=> #runtime::watched);
        let mut closure: syn::ExprClosure = syn::parse_quote_spanned!(at=> |#item| ());
        *closure.body = seen;
        Expr::Call(syn::ExprCall {
            attrs: Vec::new(),
            func: Box::new(function),
            paren_token: Paren(at),
            args: [items, Expr::Closure(closure)].into_iter().collect(),
        })
    }

    /// [`taken`](Self::taken) before an act, which must not run after a fault.
    pub(crate) fn taken_or(&self, operand: &Expr, place: Place, missed: &TokenStream) -> Expr {
        let noted = self.note(operand, place);
        self.unless_doomed(&Expr::Verbatim(noted), place, missed)
    }

    /// [`taken`](Self::taken) before an `unwrap`: it must not panic in a run that
    /// the plain one would have left before.
    pub(crate) fn unwrapped(&self, operand: &Expr, place: Place, missed: &TokenStream) -> Expr {
        let noted = Expr::Verbatim(self.note(operand, place));
        let runtime = self.runtime_at(place.start);
        let panics = quote_spanned!(place.glue()=> && #runtime::Taken(&__probed_value).panics());
        self.unless_doomed_and(&noted, &panics, place, missed)
    }

    /// [`asked`](Self::asked) for a result on which there is no `?`; `tie` tells
    /// its type.
    pub(crate) fn noted(&self, result: &Expr, tie: Option<&Ident>, at: Span) -> TokenStream {
        let mut noted = Expr::Verbatim(self.note(result, Place { start: at, end: at }));
        if let Some(tie) = tie {
            noted = self.operand_of_type(tie, &noted);
        }
        quote_spanned!(glue(at)=> let _ = #noted;)
    }

    fn note(&self, operand: &Expr, place: Place) -> TokenStream {
        self.takes.set(true);
        let runtime = self.runtime_at(place.start);
        let prober = self.prober_at(place.start);
        let note = if gives_what_is_held(operand) {
            "note_result"
        } else {
            "note"
        };
        let note = Ident::new(note, place.glue());
        quote_spanned!(place.glue()=> #runtime::Taken(#operand).#note(#prober))
    }
}

/// Whether a method gives what an `Option` or a list holds, as far as its name
/// tells: the type of that may not be known yet.
fn gives_what_is_held(operand: &Expr) -> bool {
    let Expr::MethodCall(call) = operand else {
        return false;
    };
    let collects = call.method == "and_then" && call.args.iter().any(collects);
    collects
        || matches!(
            call.method.to_string().as_str(),
            "cloned"
                | "copied"
                | "insert"
                | "pop"
                | "pop_back"
                | "pop_front"
                | "remove"
                | "replace"
                | "take"
        )
}

/// Whether a closure gives what it collects, of a type that is told later.
fn collects(function: &Expr) -> bool {
    let mut value = match function {
        Expr::Closure(closure) => &*closure.body,
        _ => return false,
    };
    while let Expr::Block(block) = value {
        match block.block.stmts.last() {
            Some(Stmt::Expr(last, None)) => value = last,
            _ => return false,
        }
    }
    matches!(value, Expr::MethodCall(call) if call.method == "collect" && call.turbofish.is_none())
}
