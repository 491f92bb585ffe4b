//! Questions of a search, whose answers nobody needs.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Expr, ExprTry};

use super::{flow::Flow, names::Names, results::waits, scope::Scope};
use crate::emit::start;

/// A question whose answer nobody needs, as it is written.
pub(super) enum Sought {
    /// A condition under which the search ends.
    Ends(Expr),
    Code(TokenStream),
}

/// Questions whose answers nobody needs, one after the other.
#[derive(Default)]
pub(super) struct Asked {
    out: TokenStream,
    ends: Vec<Expr>,
}

impl Asked {
    pub(super) fn add(&mut self, sought: Sought, flow: &Flow<'_>) {
        match sought {
            Sought::Ends(condition) => self.ends.push(condition),
            Sought::Code(code) => self.out(flow).extend(code),
        }
    }

    /// What is written behind them.
    pub(super) fn out(&mut self, flow: &Flow<'_>) -> &mut TokenStream {
        let ends = std::mem::take(&mut self.ends);
        if !ends.is_empty() {
            let leave = flow.leave();
            self.out.extend(quote!(if #(#ends)||* { #leave }));
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
        let mut rewritten = self.ask(expr, block.end(), true, true, true, scope, taint);
        let asked = if matches!(expr, Expr::Try(_)) {
            self.emit.asked(&rewritten, start(expr))
        } else {
            self.tied_operand(self.operand_tie(expr).as_ref(), &mut rewritten);
            self.emit.noted(&rewritten, start(expr))
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
        let asker = self.asker(block.end(), strict, true, true, scope, taint);
        let ends = asker.sought(question);
        match block.label() {
            Some(label) => {
                let leave = self.leave();
                Sought::Code(quote!(#label { if #ends { #leave } }))
            }
            None => Sought::Ends(ends),
        }
    }
}
