//! Each `EXPR?`.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Expr, ExprMethodCall, ExprTry, visit_mut::VisitMut};

use super::asker::Asker;
use crate::{
    emit::Place,
    keep::{
        asking::Asking,
        inner::core,
        results::{hides_error, looks_at_fault},
    },
};

impl Asker<'_, '_> {
    /// `EXPR?`, its operand rewritten.
    pub(crate) fn asked(&mut self, mut question: ExprTry) -> Asking {
        let tie = self.flow.operand_tie(&question.expr);
        let adapter = take_adapter(&mut question);
        if let Expr::MethodCall(call) = &mut *question.expr
            && looks_at_fault(call)
        {
            self.take(&mut call.receiver, false);
        }
        let place = Place::of(&question.expr);
        self.serve(&mut question.expr);
        let is_probe = matches!(core(&question.expr), Expr::Verbatim(_));
        self.visit_expr_mut(&mut question.expr);
        self.flow.tied_operand(tie.as_ref(), &mut question.expr);
        Asking {
            question,
            place,
            adapter,
            is_probe,
        }
    }

    pub(super) fn question(&mut self, expr: &mut Expr) {
        let Expr::Try(question) = std::mem::replace(expr, Expr::PLACEHOLDER) else {
            unreachable!("only `EXPR?` is a question")
        };
        let mut asking = self.asked(question);
        let attrs = std::mem::take(&mut asking.question.attrs);
        let emit = self.flow.emit;
        let value = asking.with(|question| {
            if self.leaves() && !question.is_probe {
                emit.question_or_leave(question)
            } else {
                emit.question(question, &self.missed())
            }
        });
        *expr = if attrs.is_empty() {
            value
        } else {
            Expr::Verbatim(quote!(#(#attrs)* #value))
        };
    }

    /// Lets the runtime serve a read on a type of vmi-core.
    pub(super) fn serve(&self, operand: &mut Expr) {
        if let Expr::MethodCall(call) = operand
            && self.flow.is_served(call)
        {
            let flow = self.flow;
            *call.receiver = flow.emit.served_or_bound(&call.receiver, flow.beside);
        }
    }
}

/// Takes `.map_err(..)` and its like from an operand, so that a fault is found
/// before they are called.
fn take_adapter(question: &mut ExprTry) -> Option<TokenStream> {
    let Expr::MethodCall(call) = &mut *question.expr else {
        return None;
    };
    let pure = |arg: &Expr| matches!(arg, Expr::Closure(_) | Expr::Lit(_) | Expr::Path(_));
    if !hides_error(call) || call.args.len() != 1 || !pure(&call.args[0]) || looks_at_fault(call) {
        return None;
    }
    let ExprMethodCall {
        dot_token,
        method,
        turbofish,
        paren_token,
        args,
        ..
    } = &*call;
    let mut adapter = quote!(#dot_token #method #turbofish);
    paren_token.surround(&mut adapter, |tokens| args.to_tokens(tokens));
    let receiver = std::mem::replace(&mut *call.receiver, Expr::PLACEHOLDER);
    *question.expr = receiver;
    Some(adapter)
}
