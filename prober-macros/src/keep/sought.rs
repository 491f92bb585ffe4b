//! Questions of a search, whose answers nobody needs.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{Expr, ExprTry, Token, token::Brace};

use super::{asking::Asking, flow::Flow, names::Names, results::waits, scope::Scope};
use crate::emit::start;

/// A question whose answer nobody needs.
pub(super) enum Sought {
    /// A condition under which the search ends.
    Ends(Asking),
    Code(TokenStream),
}

/// Questions whose answers nobody needs, one after the other.
#[derive(Default)]
pub(super) struct Asked {
    out: TokenStream,
    /// Whether it ends in the condition of an `if`.
    in_condition: bool,
}

impl Asked {
    pub(super) fn add(&mut self, sought: Sought, flow: &Flow<'_>) {
        match sought {
            Sought::Ends(condition) => {
                let at = Span::call_site();
                if self.in_condition {
                    Token![||](at).to_tokens(&mut self.out);
                } else {
                    Token![if](at).to_tokens(&mut self.out);
                }
                self.in_condition = true;
                condition.with(|question| flow.emit.sought(question, &mut self.out));
            }
            Sought::Code(code) => self.out(flow).extend([code]),
        }
    }

    /// What is written behind them.
    pub(super) fn out(&mut self, flow: &Flow<'_>) -> &mut TokenStream {
        if std::mem::take(&mut self.in_condition) {
            let braces = Brace(Span::call_site());
            braces.surround(&mut self.out, |tokens| flow.leave().to_tokens(tokens));
        }
        &mut self.out
    }

    pub(super) fn written(mut self, flow: &Flow<'_>) -> TokenStream {
        std::mem::take(self.out(flow))
    }
}

impl Flow<'_> {
    /// A question whose answer nobody needs.
    pub(super) fn sibling(&self, expr: &Expr, scope: &Scope, taint: &Names) -> Sought {
        let asked = match expr {
            Expr::Try(question) => &question.expr,
            taken => taken,
        };
        self.tie_operand(asked);
        if let Some(question) = waits(expr) {
            return self.seek(question, true, scope, taint);
        }
        let block = self.target("ask");
        let rewritten = self.ask(expr, block.end(), true, true, true, scope, taint);
        let asked = if matches!(expr, Expr::Try(_)) {
            self.emit.asked(&rewritten, start(expr))
        } else {
            let tie = self.operand_tie(expr);
            self.emit.noted(&rewritten, tie.as_ref(), start(expr))
        };
        let label = block.label();
        Sought::Code(quote!(#label { #asked }))
    }

    /// A question of a search, whose answer nobody needs.
    pub(super) fn seek(
        &self,
        question: &ExprTry,
        strict: bool,
        scope: &Scope,
        taint: &Names,
    ) -> Sought {
        let block = self.target("ask");
        let mut asker = self.asker(block.end(), strict, true, true, scope, taint);
        let sought = Sought::Ends(asker.asked(question.clone()));
        match block.label() {
            Some(label) => {
                let mut all = Asked::default();
                all.add(sought, self);
                let all = all.written(self);
                Sought::Code(quote!(#label { #all }))
            }
            None => sought,
        }
    }
}
