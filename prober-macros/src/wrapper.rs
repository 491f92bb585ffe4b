//! Bodies that another attribute has wrapped: `#[instrument(err)]` or
//! `#[context]` above put the body into a closure that they call at once, or
//! into an async block.

mod asks;
mod frame;
mod shapes;

use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{
    Block, Expr, Local, Stmt, Token, Type,
    visit::Visit,
    visit_mut::{self, VisitMut},
};

pub(crate) use self::frame::Frame;
use self::{
    asks::{Look, asks, asks_outside},
    frame::{frame, frame_of},
    shapes::{hands_on, holds_wrapper, type_of_future, value, value_mut, wrapped_mut},
};
use crate::invisible;

/// Calls `within` with the body as it was written, and with what it is in: the
/// function, or the innermost wrapper outside of which nothing asks.
pub(crate) fn with_body<R>(
    block: &mut Block,
    asyncness: Option<Token![async]>,
    within: impl FnOnce(&mut Block, Frame) -> R,
) -> R {
    let mut within = Some(within);
    let mut result = None;
    let frame = Frame {
        asyncness,
        moves: true,
        output: None,
    };
    descend(block, frame, &mut |block, frame| {
        result = within.take().map(|within| within(block, frame));
    });
    result.expect("the body is found, whatever is around it")
}

/// An expression as it is to be written in a body for which `#[async_trait]`
/// has moved `self` into a variable.
pub(crate) fn with_own_self(expr: &Expr, body: &TokenStream) -> Expr {
    fn find(tokens: TokenStream) -> Option<Ident> {
        tokens.into_iter().find_map(|token| match token {
            TokenTree::Ident(word) if word == "__self" => Some(word),
            TokenTree::Group(group) => find(group.stream()),
            _ => None,
        })
    }
    fn replace(tokens: TokenStream, name: &Ident) -> TokenStream {
        let tokens = tokens.into_iter().map(|token| match token {
            TokenTree::Ident(word) if word == "self" => {
                Ident::new("__self", name.span().located_at(word.span())).into()
            }
            TokenTree::Group(group) => {
                let mut inner = Group::new(group.delimiter(), replace(group.stream(), name));
                inner.set_span(group.span());
                inner.into()
            }
            token => token,
        });
        tokens.collect()
    }
    find(body.clone())
        .and_then(|name| syn::parse2(replace(expr.to_token_stream(), &name)).ok())
        .unwrap_or_else(|| expr.clone())
}

/// Whether a body is in a wrapper.
pub(crate) fn is_wrapped(block: &Block) -> bool {
    value(block).is_some_and(|(inner, _)| !asks_outside(block, inner)) || is_wrapper(block)
}

type Within<'w> = &'w mut dyn FnMut(&mut Block, Frame);

fn descend(block: &mut Block, frame: Frame, within: Within<'_>) {
    if let Some((inner, closure)) = value(block)
        && !asks_outside(block, inner)
    {
        let frame = closure.map_or(frame, frame_of);
        if let Some(inner) = value_mut(block) {
            descend(inner, frame, within);
        }
    } else if is_wrapper(block) {
        invisible::Show.visit_block_mut(block);
        Descend {
            within: Some(within),
            declared: None,
        }
        .visit_block_mut(block);
    } else {
        within(block, frame);
    }
}

/// Whether all that asks in a block stands in one wrapper.
fn is_wrapper(block: &Block) -> bool {
    // Most bodies are no wrapper, and that is quick to see.
    let may_be = block.stmts.iter().any(|stmt| match stmt {
        Stmt::Local(local) => local
            .init
            .as_ref()
            .is_some_and(|init| holds_wrapper(&init.expr)),
        Stmt::Expr(expr, _) => holds_wrapper(expr),
        _ => false,
    });
    if !may_be {
        return false;
    }
    let mut look = Look::default();
    look.visit_block(block);
    look.wrappers == 1 && !look.asks && (look.declared || hands_on(block))
}

/// Goes into the wrapper.
struct Descend<'w> {
    /// What to do there; gone when it is done.
    within: Option<Within<'w>>,

    /// The type of the `let` around.
    declared: Option<Type>,
}

impl VisitMut for Descend<'_> {
    fn visit_local_mut(&mut self, local: &mut Local) {
        let outer = std::mem::replace(&mut self.declared, type_of_future(local).cloned());
        visit_mut::visit_local_mut(self, local);
        self.declared = outer;
    }

    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        if self.within.is_none() {
            return;
        }
        let frame = frame(expr).map(|frame| Frame {
            output: frame.output.or_else(|| self.declared.clone()),
            ..frame
        });
        match (wrapped_mut(expr), frame) {
            (Some(inner), Some(frame)) if asks(inner.to_token_stream()) => {
                if let Some(within) = self.within.take() {
                    descend(inner, frame, within);
                }
            }
            _ => visit_mut::visit_expr_mut(self, expr),
        }
    }

    fn visit_item_mut(&mut self, _: &mut syn::Item) {}
}
