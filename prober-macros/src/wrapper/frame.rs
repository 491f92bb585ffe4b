//! The code that a body is in.

use syn::{Expr, ExprClosure, ReturnType, Token, Type};

/// The code that a body is in.
pub(crate) struct Frame {
    /// Its `async`.
    pub(crate) asyncness: Option<Token![async]>,

    /// Whether it owns what it mentions.
    pub(crate) moves: bool,

    /// What it gives, where that is written.
    pub(crate) output: Option<Type>,
}

/// The code that the body of a wrapper is in.
pub(super) fn frame(wrapper: &Expr) -> Option<Frame> {
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

pub(super) fn frame_of(closure: &ExprClosure) -> Frame {
    Frame {
        asyncness: None,
        moves: closure.capture.is_some(),
        output: match &closure.output {
            ReturnType::Type(_, ty) => Some((**ty).clone()),
            ReturnType::Default => None,
        },
    }
}
