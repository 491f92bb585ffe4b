//! Each `?` of a function that keeps its types: a question.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{Expr, Token};

use super::{
    emitter::{Emitter, call, write_call},
    place::{Place, glue},
};

/// `OPERAND?` of an ordinary function.
#[derive(Clone, Copy)]
pub(crate) struct Question<'a> {
    pub(crate) operand: &'a Expr,

    /// Where the operand stood.
    pub(crate) place: Place,

    pub(crate) mark: Token![?],

    /// `.map_err(..)` and its like.
    pub(crate) adapter: Option<&'a TokenStream>,

    /// Whether it is the `?` of a `probe!(..)`.
    pub(crate) is_probe: bool,
}

impl Emitter {
    /// `OPERAND?` that keeps its type: `as_operand(match ask(OPERAND, prober)? { .. })`.
    ///
    /// What fails leaves by rustc's own `?`, through the adapter (`.map_err(..)`)
    /// that stands before it.
    pub(crate) fn question(&self, question: Question<'_>, missed: &TokenStream) -> Expr {
        let Question { place, mark, .. } = question;
        let at = glue(mark.span);
        let runtime = self.runtime_at(mark.span);
        let name = match question.adapter {
            Some(_) => "ask_before",
            None if question.is_probe => "ask_probe",
            None => "ask",
        };
        let mut ask = TokenStream::new();
        self.left_by_mark(name, question, &mut ask);
        // rustc takes the span of `value.0` from the one to the other, so it
        // blames the user's whole expression for a wrong type.
        let value = Ident::new("probed_value", place.start);
        // At the operand itself rustc would say to write `ref` before it.
        let bound = Ident::new("probed_value", mark.span.resolved_at(place.start));
        let mut field = Literal::usize_unsuffixed(0);
        field.set_span(mark.span);
        let outcome = quote_spanned! {at=>
            match #ask {
                #runtime::Some(#bound) => #value.#field,
                #runtime::None => #missed,
            }
        };
        call("as_operand", place.to(mark.span), outcome)
    }

    /// A question that leaves the function where the data is missing:
    /// `ask_or_leave(OPERAND, prober)?`.
    pub(crate) fn question_or_leave(&self, question: Question<'_>) -> Expr {
        let name = match question.adapter {
            Some(_) => "ask_or_leave_before",
            None => "ask_or_leave",
        };
        let mut tokens = TokenStream::new();
        self.left_by_mark(name, question, &mut tokens);
        Expr::Verbatim(tokens)
    }

    /// A question whose value waits: `wait(OPERAND, prober)?`.
    pub(crate) fn question_that_waits(&self, question: Question<'_>, tokens: &mut TokenStream) {
        let name = match question.adapter {
            Some(_) => "wait_before",
            None => "wait",
        };
        self.left_by_mark(name, question, tokens);
    }

    /// A question of a search, whose answer nobody needs, as a condition under
    /// which the search ends: `sought(OPERAND, prober)`. What an adapter makes of
    /// an error is never seen.
    pub(crate) fn sought(&self, question: Question<'_>, tokens: &mut TokenStream) {
        self.of_operand("sought", question, tokens);
    }

    /// `NAME(OPERAND, prober)ADAPTER?`
    fn left_by_mark(&self, name: &str, question: Question<'_>, tokens: &mut TokenStream) {
        self.of_operand(name, question, tokens);
        question.adapter.to_tokens(tokens);
        question.mark.to_tokens(tokens);
    }

    /// `NAME(OPERAND, prober)`
    fn of_operand(&self, name: &str, question: Question<'_>, tokens: &mut TokenStream) {
        let Question {
            operand,
            place,
            mark,
            ..
        } = question;
        let prober = self.prober_at(place.start);
        let name = format!("ResultOrOption::{name}");
        let args = quote_spanned!(glue(mark.span)=> #operand, #prober);
        write_call(&name, place.around(operand), args, tokens);
    }

    /// A question whose answer is discarded: `asked(QUESTION);`
    pub(crate) fn asked(&self, question: &Expr, at: Span) -> TokenStream {
        let runtime = &self.runtime;
        quote_spanned!(glue(at)=> #runtime::asked(#question);)
    }
}
