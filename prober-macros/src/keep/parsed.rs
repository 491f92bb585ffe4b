//! What there is in code that was parsed: names, and `?`.

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::{
    ExprTry,
    visit::{self, Visit},
};

use crate::tokens::any_word;

/// Whether there is such a name in code that was parsed.
pub(super) fn names_any(visit: impl FnOnce(&mut FindName<'_>), is: &dyn Fn(&str) -> bool) -> bool {
    let mut find = FindName { is, found: false };
    visit(&mut find);
    find.found
}

/// Looks for a name.
pub(super) struct FindName<'i> {
    is: &'i dyn Fn(&str) -> bool,
    found: bool,
}

impl<'ast> Visit<'ast> for FindName<'_> {
    fn visit_ident(&mut self, ident: &'ast Ident) {
        self.found = self.found || (self.is)(&ident.to_string());
    }

    // Those of macros.
    fn visit_token_stream(&mut self, tokens: &'ast TokenStream) {
        self.found |= any_word(tokens, &|word| (self.is)(&word.to_string()));
    }
}

/// How many `?` there are in code that was parsed.
pub(super) fn questions(visit: impl FnOnce(&mut CountQuestions)) -> usize {
    let mut count = CountQuestions(0);
    visit(&mut count);
    count.0
}

/// Counts the `?`.
pub(super) struct CountQuestions(usize);

impl CountQuestions {
    fn tokens(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Punct(punct) => self.0 += usize::from(punct.as_char() == '?'),
                TokenTree::Group(group) => self.tokens(group.stream()),
                _ => {}
            }
        }
    }
}

impl<'ast> Visit<'ast> for CountQuestions {
    fn visit_expr_try(&mut self, question: &'ast ExprTry) {
        self.0 += 1;
        visit::visit_expr_try(self, question);
    }

    // Those of macros.
    fn visit_token_stream(&mut self, tokens: &'ast TokenStream) {
        self.tokens(tokens.clone());
    }
}
