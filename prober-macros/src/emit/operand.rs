//! The user's expressions as arguments.

use std::borrow::Cow;

use syn::{Expr, token::Brace};

use super::place::glue;

/// An expression as an argument, without the parentheses and braces that rustc
/// would report as unused there.
pub(crate) fn operand(expr: &Expr) -> Cow<'_, Expr> {
    match expr {
        Expr::Paren(paren) => operand(&paren.expr),
        Expr::Block(block) => {
            let mut block = block.clone();
            let place = block.block.brace_token.span.join();
            block.block.brace_token = Brace(glue(place));
            Cow::Owned(Expr::Block(block))
        }
        expr => Cow::Borrowed(expr),
    }
}
