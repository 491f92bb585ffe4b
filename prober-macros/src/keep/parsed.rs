//! What there is in code that was parsed: names, and `?`.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{
    ExprTry, Macro,
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

impl FindName<'_> {
    fn tokens(&mut self, tokens: &TokenStream) {
        self.found |= any_word(tokens, &|word| (self.is)(&word.to_string()));
    }
}

impl<'ast> Visit<'ast> for FindName<'_> {
    fn visit_ident(&mut self, ident: &'ast Ident) {
        self.found = self.found || (self.is)(&ident.to_string());
    }

    fn visit_macro(&mut self, mac: &'ast Macro) {
        visit::visit_macro(self, mac);
        self.tokens(&mac.tokens);
    }

    fn visit_item(&mut self, item: &'ast syn::Item) {
        self.tokens(&item.to_token_stream());
    }

    fn visit_token_stream(&mut self, tokens: &'ast TokenStream) {
        self.tokens(tokens);
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

    fn visit_macro(&mut self, mac: &'ast Macro) {
        self.tokens(mac.tokens.clone());
    }

    fn visit_item(&mut self, item: &'ast syn::Item) {
        self.tokens(item.to_token_stream());
    }

    fn visit_token_stream(&mut self, tokens: &'ast TokenStream) {
        self.tokens(tokens.clone());
    }
}
