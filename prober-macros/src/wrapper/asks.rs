//! Whether something asks outside of wrappers.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{
    Block, Expr, Local, Macro,
    visit::{self, Visit},
};

use super::{
    frame::frame,
    shapes::{body_of, type_of_future, wrapped},
};
use crate::{macro_arguments, marker::Marker, signature::SUPPRESSED, vocabulary};

/// Whether something asks in a block outside of one within.
pub(super) fn asks_outside(block: &Block, inner: &Block) -> bool {
    let mut look = Look {
        inner: Some(inner),
        ..Look::default()
    };
    look.visit_block(block);
    look.asks || look.wrappers > 0
}

/// Looks at what stands outside of wrappers.
#[derive(Default)]
pub(super) struct Look<'a> {
    /// The block that is not looked into.
    inner: Option<&'a Block>,

    /// How many wrappers there are in which something asks.
    pub(super) wrappers: usize,

    /// Whether something asks outside.
    pub(super) asks: bool,

    /// Whether the type of what a wrapper gives is written.
    pub(super) declared: bool,
}

impl<'ast> Visit<'ast> for Look<'_> {
    fn visit_expr(&mut self, expr: &'ast Expr) {
        match expr {
            Expr::Try(_) => self.asks = true,
            Expr::Closure(closure)
                if self.inner.is_some()
                    && body_of(closure).is_some_and(|body| self.is_inner(body)) => {}
            Expr::Closure(closure) => self.asks |= asks(closure.to_token_stream()),
            expr => match wrapped(expr) {
                Some(inner) if asks(inner.to_token_stream()) => {
                    self.wrappers += 1;
                    self.declared |= frame(expr).is_some_and(|frame| frame.output.is_some());
                }
                _ => visit::visit_expr(self, expr),
            },
        }
    }

    fn visit_block(&mut self, block: &'ast Block) {
        if !self.is_inner(block) {
            visit::visit_block(self, block);
        }
    }

    fn visit_local(&mut self, local: &'ast Local) {
        let before = self.wrappers;
        visit::visit_local(self, local);
        self.declared |= self.wrappers > before && type_of_future(local).is_some();
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        self.asks |= vocabulary::is_read(&call.method) || vocabulary::changes_guest(&call.method);
        visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_path(&mut self, path: &'ast syn::ExprPath) {
        self.asks |= path.path.is_ident(SUPPRESSED);
    }

    fn visit_macro(&mut self, mac: &'ast Macro) {
        let last = mac.path.segments.last();
        self.asks |= last.is_some_and(|last| Marker::by_name(&last.ident).is_some());
        let arguments = macro_arguments::parse(mac);
        arguments.exprs().for_each(|expr| self.visit_expr(expr));
        self.asks |= !arguments.all_exprs() && asks(mac.tokens.clone());
    }

    fn visit_item(&mut self, _: &'ast syn::Item) {}
}

impl Look<'_> {
    fn is_inner(&self, block: &Block) -> bool {
        self.inner.is_some_and(|inner| std::ptr::eq(inner, block))
    }
}

/// Whether something may ask in tokens.
pub(super) fn asks(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Punct(punct) => punct.as_char() == '?',
        TokenTree::Ident(word) => {
            word == SUPPRESSED
                || vocabulary::is_read(&word)
                || vocabulary::changes_guest(&word)
                || Marker::by_name(&word).is_some()
        }
        TokenTree::Group(group) => asks(group.stream()),
        TokenTree::Literal(_) => false,
    })
}
