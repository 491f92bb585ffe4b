//! What wrappers look like, and what a block gives that holds one.

use quote::ToTokens;
use syn::{Arm, Block, Expr, ExprClosure, Local, Pat, ReturnType, Stmt, Type};

/// The block in a wrapper: an async block, or that of a closure which is called
/// at once.
pub(super) fn wrapped(expr: &Expr) -> Option<&Block> {
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

pub(super) fn wrapped_mut(expr: &mut Expr) -> Option<&mut Block> {
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

/// Whether there is a wrapper in the head of an expression.
pub(super) fn holds_wrapper(expr: &Expr) -> bool {
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

/// The block whose value a block gives: `let ret: T = { .. }; ret`, or
/// `serially(|| { .. })`.
pub(super) fn value(block: &Block) -> Option<(&Block, Option<&ExprClosure>)> {
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

pub(super) fn value_mut(block: &mut Block) -> Option<&mut Block> {
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

/// Whether a block gives what a wrapper in it gives, so that both are of the
/// same type.
pub(super) fn hands_on(block: &Block) -> bool {
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

/// The type in `let name: T = async { .. }.await`.
pub(super) fn type_of_future(local: &Local) -> Option<&Type> {
    match (&local.pat, local.init.as_ref().map(|init| &*init.expr)) {
        (Pat::Type(typed), Some(Expr::Await(future))) if wrapped(&future.base).is_some() => {
            Some(&typed.ty)
        }
        _ => None,
    }
}

/// The body of a closure that may stand for the body of a function.
pub(super) fn body_of(closure: &ExprClosure) -> Option<&Block> {
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
