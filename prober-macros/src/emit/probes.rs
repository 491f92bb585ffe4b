//! Probes, and each `?` beside them, in a function whose reads give an
//! `Option`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Expr, Lifetime};

use super::{
    emitter::{Emitter, call},
    place::{Place, glue},
};

/// What the call of a probe does besides looking at the result.
#[derive(Clone, Copy, Default)]
pub(crate) struct ProbeForm {
    /// Whether a `?` in it may end it early.
    pub(crate) ends_early: bool,

    /// Whether its value is needed: `PROBE??`.
    pub(crate) needed: bool,
}

impl ProbeForm {
    fn name(self) -> &'static str {
        match (self.needed, self.ends_early) {
            (false, false) => "read",
            (false, true) => "read_if",
            (true, false) => "need",
            (true, true) => "need_if",
        }
    }
}

impl Emitter {
    /// A probe: `read`, `read_if`, `need` or `need_if`.
    pub(crate) fn probe(&self, expr: &TokenStream, form: ProbeForm, place: Place) -> Expr {
        let glue = place.glue();
        let prober = self.prober_at(place.start);
        let runtime = self.runtime_at(place.start);
        let block = Lifetime::new("'__probed", glue);
        let value = if form.ends_early {
            quote_spanned!(glue=> #block: { #runtime::Some(#expr) }, #prober)
        } else {
            quote_spanned!(glue=> #expr, #prober)
        };
        call(form.name(), place, value)
    }

    /// A probe that misses where a name has no value: `read_if(match NAME {
    /// Some(value) => Some(EXPR), _ => None }, prober)`.
    pub(crate) fn probe_that_needs(
        &self,
        names: &[Ident],
        values: &[Ident],
        expr: &Expr,
        form: ProbeForm,
        place: Place,
    ) -> Expr {
        let prober = self.prober_at(place.start);
        let runtime = self.runtime_at(place.start);
        let (names, values) = match (names, values) {
            ([name], [value]) => (quote!(#name), quote!(#runtime::Some(#value))),
            _ => (
                quote!((#(#names),*)),
                quote!((#(#runtime::Some(#values)),*)),
            ),
        };
        let args = quote_spanned! {place.glue()=>
            match #names { #values => #runtime::Some(#expr), _ => #runtime::None }, #prober
        };
        call(form.name(), place, args)
    }

    /// What `probe!` takes, which must be a `Result`: `can_be_probed(EXPR)`.
    ///
    /// Where the expression ends with `?`, another error says so.
    pub(crate) fn can_be_probed(expr: &Expr, place: Place, answered: bool) -> Expr {
        let name = if answered {
            "AnswerCanBeProbed::can_be_probed"
        } else {
            "CanBeProbed::can_be_probed"
        };
        call(name, place.around(expr), quote!(#expr))
    }

    /// The operand of a `?` outside a probe: `question_mark(OPERAND, prober)`.
    pub(crate) fn value(&self, operand: &Expr, place: Place, question: Span) -> Expr {
        let prober = self.prober_at(place.start);
        let args = quote_spanned!(glue(question)=> #operand, #prober);
        call("OptionOrResult::question_mark", place.around(operand), args)
    }

    /// `OPERAND?` inside a probe: `as_operand(match
    /// question_mark_in_probe(OPERAND, prober) { .. })`.
    pub(crate) fn value_or_exit(&self, operand: &Expr, place: Place, question: Span) -> Expr {
        let glue = glue(question);
        let prober = self.prober_at(place.start);
        let runtime = self.runtime_at(question);
        let block = &self.block;
        let mark = Place {
            start: question,
            end: question,
        };
        // With the user's span, as the call: else rustc blames the attribute.
        let error = Ident::new("probed_error", question);
        let leave = call("LeaveWith::leave_with", mark, quote!(#error));
        let part = call(
            "OptionOrResult::question_mark_in_probe",
            place.around(operand),
            quote_spanned!(glue=> #operand, #prober),
        );
        let part = quote_spanned! {glue=>
            match #part {
                #runtime::Part::Value(__probed_value) => __probed_value,
                #runtime::Part::Missing => break #block #runtime::None,
                #runtime::Part::Failed(#error) => return #leave,
            }
        };
        call("as_operand", place.to(question), part)
    }

    /// [`value_or_exit`](Self::value_or_exit) of a name that holds an `Option`:
    /// `as_operand(match NAME { .. })`.
    pub(crate) fn some_or_exit(&self, name: &Expr, place: Place, question: Span) -> Expr {
        let glue = glue(question);
        let runtime = self.runtime_at(question);
        let block = &self.block;
        let value = quote_spanned! {glue=>
            match #name {
                #runtime::Some(__probed_value) => __probed_value,
                #runtime::None => break #block #runtime::None,
            }
        };
        call("as_operand", place.to(question), value)
    }

    /// `value_of_a_probe(VALUE)`: warns that a statement discards it.
    pub(crate) fn value_of_a_probe(value: &Expr, place: Place) -> Expr {
        call("value_of_a_probe", place, quote!(#value))
    }
}
