//! Calls that change the guest.

use syn::{Expr, ExprCall, punctuated::Punctuated, visit_mut};

use super::{
    attributes::{take_attrs, with_attrs},
    context::Context,
    rewriter::Rewriter,
};
use crate::{aliases, emit::Place, vocabulary};

impl Rewriter<'_> {
    /// Whether what a method is called on leads to the guest: a receiver, or
    /// something of one, such as `vmi.core()`.
    pub(super) fn leads_to_guest(&self, expr: &Expr) -> bool {
        self.aliases.lead_to(expr, self.settings.receivers)
    }

    /// Whether a function changes the guest: `VmiState::write_u8(vmi, ..)`.
    pub(super) fn changes_guest(&self, call: &ExprCall) -> bool {
        aliases::function(call).is_some_and(vocabulary::changes_guest)
            && call
                .args
                .first()
                .is_some_and(|first| self.leads_to_guest(first))
    }

    /// Makes a call that changes the guest settle first: after its arguments,
    /// before the call.
    ///
    /// ```text
    /// vmi.write_u64(a, b)                                                       // Input
    /// vmi.write_u64(a, __probed::settled(b, __probed::settle(__probed_run)?)) // Output
    /// ```
    pub(super) fn settle_first(&mut self, expr: &mut Expr) {
        let method = match expr {
            Expr::MethodCall(call) => &call.method,
            Expr::Call(call) => match aliases::function(call) {
                Some(function) => function,
                None => return,
            },
            _ => return,
        };
        let advice = match self.context {
            Context::Function => None,
            Context::Closure => Some(
                "in a closure or an async block it cannot wait for the data; \
                 write `settle!();` before, and `unprobed!(..)` around the call",
            ),
            Context::Probe { .. } | Context::ClosureInProbe => {
                Some("in a probe it cannot wait for the data; make the call outside")
            }
        };
        if let Some(advice) = advice {
            let message = format!("`{method}` changes the guest, and {advice}");
            self.errors.at(method.span(), message);
        }
        match expr {
            Expr::MethodCall(call) => visit_mut::visit_expr_method_call_mut(self, call),
            Expr::Call(call) => visit_mut::visit_expr_call_mut(self, call),
            _ => {}
        }
        if self.context == Context::Function {
            let place = Place::of(expr);
            let args = match expr {
                Expr::MethodCall(call) => &mut call.args,
                // The first is the receiver.
                Expr::Call(call) if call.args.len() > 1 => &mut call.args,
                _ => &mut Punctuated::new(),
            };
            // A closure must stay an argument of the call, which infers its type.
            let mut args = args.iter_mut().rev();
            if let Some(last) = args.find(|arg| !matches!(arg, Expr::Closure(_))) {
                *last = self.settings.emit.settled(last, place);
            } else {
                let attrs = take_attrs(expr);
                *expr = with_attrs(&attrs, self.settings.emit.settle_then(expr, place));
            }
        }
    }
}
