//! Questions on the way from `EXPR?` to what is written.

use proc_macro2::TokenStream;
use syn::ExprTry;

use crate::emit::{Place, Question, operand};

/// A question whose operand is rewritten.
pub(crate) struct Asking {
    pub(crate) question: ExprTry,

    /// Where the operand stood.
    pub(crate) place: Place,

    /// `.map_err(..)` and its like.
    pub(crate) adapter: Option<TokenStream>,

    /// Whether it is the `?` of a `probe!(..)`.
    pub(crate) is_probe: bool,
}

impl Asking {
    /// Writes it.
    pub(crate) fn with<R>(&self, write: impl FnOnce(Question<'_>) -> R) -> R {
        write(Question {
            operand: &operand(&self.question.expr),
            place: self.place,
            mark: self.question.question_token,
            adapter: self.adapter.as_ref(),
            is_probe: self.is_probe,
        })
    }
}
