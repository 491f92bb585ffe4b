//! What a call only writes to: the buffer of a read, and the collection that a
//! probed function is handed to add to.
//!
//! No address follows from it, so it may be missing where the call asks: a
//! buffer is overwritten, and a function that begins doomed reads nothing from
//! the collections that it is handed.

use syn::{Expr, ExprMethodCall, Token, punctuated::Punctuated};

use super::{calls::is_suppressed, collections::variable_of, facts::Facts, names::Names};
use crate::{
    receiver::{self, Receiver},
    vocabulary,
};

/// What calls only write to.
pub(super) struct Writes<'a> {
    pub(super) facts: &'a Facts,
    pub(super) receivers: &'a [Receiver],
    pub(super) names: Names,
}

impl Writes<'_> {
    /// A collection, as an argument of a function that is handed the suppressed
    /// set.
    pub(super) fn of_call<'e>(
        &self,
        args: &Punctuated<Expr, Token![,]>,
        arg: &'e Expr,
    ) -> Option<&'e Expr> {
        let is_output = args.iter().any(is_suppressed)
            && variable_of(arg).is_some_and(|name| self.facts.collections.contains(&name));
        is_output.then_some(arg)
    }

    /// The same for a method; and the buffer of a read.
    pub(super) fn of_method<'e>(
        &self,
        call: &'e ExprMethodCall,
        arg: &'e Expr,
    ) -> Option<&'e Expr> {
        if call.args.iter().any(is_suppressed) {
            return self.of_call(&call.args, arg);
        }
        let is_last = call.args.last().is_some_and(|last| std::ptr::eq(last, arg));
        match arg {
            Expr::Reference(buffer)
                if is_last
                    && buffer.mutability.is_some()
                    && vocabulary::is_read(&call.method)
                    && receiver::is_on(call, self.receivers) =>
            {
                match &*buffer.expr {
                    expr @ Expr::Path(_) => Some(expr),
                    Expr::Index(part) => matches!(*part.expr, Expr::Path(_)).then_some(&*part.expr),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}
