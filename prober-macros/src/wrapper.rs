//! Bodies that another attribute has wrapped: `#[instrument(err)]` or
//! `#[context]` above put the body into a closure that they call at once, or
//! into an async block.

use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{
    Arm, Block, Expr, ExprClosure, Local, Macro, Pat, ReturnType, Stmt, Token, Type,
    visit::{self, Visit},
    visit_mut::{self, VisitMut},
};

use crate::{invisible, macro_arguments, marker::Marker, signature::SUPPRESSED, vocabulary};

/// The code that a body is in.
pub(crate) struct Frame {
    /// Its `async`.
    pub(crate) asyncness: Option<Token![async]>,

    /// Whether it owns what it mentions.
    pub(crate) moves: bool,

    /// What it gives, where that is written.
    pub(crate) output: Option<Type>,
}

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
        Descend(Some(within), None).visit_block_mut(block);
    } else {
        within(block, frame);
    }
}

/// The code that the body of a wrapper is in.
fn frame(wrapper: &Expr) -> Option<Frame> {
    match wrapper {
        Expr::Async(future) => Some(Frame {
            asyncness: Some(future.async_token),
            moves: future.capture.is_some(),
            output: None,
        }),
        Expr::Call(call) => match &*call.func {
            Expr::Paren(paren) => match &*paren.expr {
                Expr::Closure(closure) => Some(frame_of(closure)),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    }
}

fn frame_of(closure: &ExprClosure) -> Frame {
    Frame {
        asyncness: None,
        moves: closure.capture.is_some(),
        output: match &closure.output {
            ReturnType::Type(_, ty) => Some((**ty).clone()),
            ReturnType::Default => None,
        },
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

/// Whether a block gives what a wrapper in it gives, so that both are of the
/// same type.
fn hands_on(block: &Block) -> bool {
    fn is_same(expr: &Expr) -> bool {
        match expr {
            Expr::Async(_) | Expr::Path(_) => true,
            Expr::Await(future) => is_same(&future.base),
            Expr::Block(block) => hands_on(&block.block),
            expr @ Expr::Call(call) => {
                wrapped(expr).is_some()
                    || matches!(&*call.func, Expr::Path(_)) && call.args.iter().any(is_same)
            }
            Expr::If(branch) => {
                hands_on(&branch.then_branch)
                    && branch
                        .else_branch
                        .as_ref()
                        .is_some_and(|(_, other)| is_same(other))
            }
            Expr::Match(matched) => is_same(&matched.expr) && matched.arms.iter().any(is_same_arm),
            Expr::MethodCall(call) => call.method == "instrument" && is_same(&call.receiver),
            Expr::Paren(paren) => is_same(&paren.expr),
            _ => false,
        }
    }
    // `Ok(x) => Ok(x)`, `x @ Ok(_) => { ..; x }`.
    fn is_same_arm(arm: &Arm) -> bool {
        let body = match &*arm.body {
            Expr::Block(block) => match block.block.stmts.last() {
                Some(Stmt::Expr(tail, None)) => tail.to_token_stream(),
                _ => return false,
            },
            body => body.to_token_stream(),
        };
        let pat = match &arm.pat {
            Pat::Ident(name) => name.ident.to_token_stream(),
            pat => pat.to_token_stream(),
        };
        body.to_string() == pat.to_string()
    }
    matches!(block.stmts.last(), Some(Stmt::Expr(tail, None)) if is_same(tail))
}

/// The block whose value a block gives: `let ret: T = { .. }; ret`, or
/// `serially(|| { .. })`.
fn value(block: &Block) -> Option<(&Block, Option<&ExprClosure>)> {
    match &block.stmts[..] {
        [.., Stmt::Local(local), Stmt::Expr(Expr::Path(tail), None)] => {
            let name = match &local.pat {
                Pat::Type(typed) => &*typed.pat,
                pat => pat,
            };
            let is_tail = matches!(name, Pat::Ident(name) if tail.path.is_ident(&name.ident));
            match &*local.init.as_ref()?.expr {
                Expr::Block(init) if is_tail && init.label.is_none() => Some((&init.block, None)),
                _ => None,
            }
        }
        [.., Stmt::Expr(Expr::Call(call), None)] if matches!(&*call.func, Expr::Path(_)) => {
            match call.args.last() {
                Some(Expr::Closure(closure)) => Some((body_of(closure)?, Some(closure))),
                _ => None,
            }
        }
        _ => None,
    }
}

fn value_mut(block: &mut Block) -> Option<&mut Block> {
    let is_tail = matches!(block.stmts.last(), Some(Stmt::Expr(Expr::Call(_), None)));
    let (last, others) = block.stmts.split_last_mut()?;
    match (last, others.last_mut()) {
        (Stmt::Expr(Expr::Call(call), None), _) if is_tail => match call.args.last_mut() {
            Some(Expr::Closure(closure)) => body_of_mut(closure),
            _ => None,
        },
        (_, Some(Stmt::Local(local))) => match &mut *local.init.as_mut()?.expr {
            Expr::Block(init) => Some(&mut init.block),
            _ => None,
        },
        _ => None,
    }
}

/// Whether something asks in a block outside of one within.
fn asks_outside(block: &Block, inner: &Block) -> bool {
    let mut look = Look {
        inner: Some(inner),
        ..Look::default()
    };
    look.visit_block(block);
    look.asks || look.wrappers > 0
}

/// Whether there is a wrapper in the head of an expression.
fn holds_wrapper(expr: &Expr) -> bool {
    if wrapped(expr).is_some() {
        return true;
    }
    match expr {
        Expr::Await(future) => holds_wrapper(&future.base),
        Expr::Paren(paren) => holds_wrapper(&paren.expr),
        Expr::MethodCall(call) => {
            holds_wrapper(&call.receiver) || call.args.iter().any(holds_wrapper)
        }
        Expr::Call(call) => call.args.iter().any(holds_wrapper),
        Expr::Match(matched) => holds_wrapper(&matched.expr),
        Expr::Block(block) => {
            matches!(block.block.stmts.last(), Some(Stmt::Expr(tail, None)) if holds_wrapper(tail))
        }
        _ => false,
    }
}

/// The block in a wrapper: an async block, or that of a closure which is called
/// at once.
fn wrapped(expr: &Expr) -> Option<&Block> {
    match expr {
        Expr::Async(future) => Some(&future.block),
        Expr::Call(call) if call.args.is_empty() => match &*call.func {
            Expr::Paren(paren) => match &*paren.expr {
                Expr::Closure(closure) => body_of(closure),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    }
}

fn wrapped_mut(expr: &mut Expr) -> Option<&mut Block> {
    wrapped(expr)?;
    match expr {
        Expr::Async(future) => Some(&mut future.block),
        Expr::Call(call) => match &mut *call.func {
            Expr::Paren(paren) => match &mut *paren.expr {
                Expr::Closure(closure) => body_of_mut(closure),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    }
}

/// The body of a closure that may stand for the body of a function.
fn body_of(closure: &ExprClosure) -> Option<&Block> {
    match &*closure.body {
        Expr::Block(body) if closure.inputs.is_empty() && !gives_option(closure) => {
            Some(&body.block)
        }
        _ => None,
    }
}

fn body_of_mut(closure: &mut ExprClosure) -> Option<&mut Block> {
    body_of(closure)?;
    match &mut *closure.body {
        Expr::Block(body) => Some(&mut body.block),
        _ => None,
    }
}

/// Whether a closure shows that it gives an `Option`: there `?` is its own.
fn gives_option(closure: &ExprClosure) -> bool {
    fn is_option(expr: &Expr) -> bool {
        match expr {
            Expr::Block(block) => tail_is_option(&block.block),
            // `Ok::<_, E>(..)` may be any type.
            Expr::Call(call) => matches!(&*call.func, Expr::Path(path)
                if path.path.is_ident("Some")
                    || path.path.segments.iter().any(|segment| !segment.arguments.is_none())),
            Expr::If(branch) => tail_is_option(&branch.then_branch),
            Expr::Match(matched) => matched.arms.iter().any(|arm| is_option(&arm.body)),
            Expr::Path(path) => path.path.is_ident("None"),
            _ => false,
        }
    }
    fn tail_is_option(block: &Block) -> bool {
        matches!(block.stmts.last(), Some(Stmt::Expr(tail, None)) if is_option(tail))
    }
    match &closure.output {
        ReturnType::Default => is_option(&closure.body),
        ReturnType::Type(_, ty) => matches!(&**ty, Type::Path(path)
            if path.path.segments.last().is_some_and(|last| last.ident == "Option")),
    }
}

/// Looks at what stands outside of wrappers.
#[derive(Default)]
struct Look<'a> {
    /// The block that is not looked into.
    inner: Option<&'a Block>,

    /// How many wrappers there are in which something asks.
    wrappers: usize,
    /// Whether something asks outside.
    asks: bool,
    /// Whether the type of what a wrapper gives is written.
    declared: bool,
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

/// The type in `let name: T = async { .. }.await`.
fn type_of_future(local: &Local) -> Option<&Type> {
    match (&local.pat, local.init.as_ref().map(|init| &*init.expr)) {
        (Pat::Type(typed), Some(Expr::Await(future))) if wrapped(&future.base).is_some() => {
            Some(&typed.ty)
        }
        _ => None,
    }
}

/// Whether something may ask in tokens.
fn asks(tokens: TokenStream) -> bool {
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

/// Goes into the wrapper.
struct Descend<'w>(Option<Within<'w>>, Option<Type>);

impl VisitMut for Descend<'_> {
    fn visit_local_mut(&mut self, local: &mut Local) {
        let outer = std::mem::replace(&mut self.1, type_of_future(local).cloned());
        visit_mut::visit_local_mut(self, local);
        self.1 = outer;
    }

    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        if self.0.is_none() {
            return;
        }
        let frame = frame(expr).map(|frame| Frame {
            output: frame.output.or_else(|| self.1.clone()),
            ..frame
        });
        match (wrapped_mut(expr), frame) {
            (Some(inner), Some(frame)) if asks(inner.to_token_stream()) => {
                if let Some(within) = self.0.take() {
                    descend(inner, frame, within);
                }
            }
            _ => visit_mut::visit_expr_mut(self, expr),
        }
    }

    fn visit_item_mut(&mut self, _: &mut syn::Item) {}
}
