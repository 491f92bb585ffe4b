//! Calls that change the guest.

use syn::{Expr, visit_mut};

use super::{Context, Rewriter, take_attrs, with_attrs};
use crate::emit::Place;

impl Rewriter<'_> {
    /// Makes a call that changes the guest settle first: after its arguments,
    /// before the call.
    ///
    /// ```text
    /// vmi.write_u64(a, b)                                                       // Input
    /// vmi.write_u64(a, __probed::settled(b, __probed::settle(__probed_run)?)) // Output
    /// ```
    pub(super) fn settle_first(&mut self, expr: &mut Expr) {
        let Expr::MethodCall(call) = expr else { return };
        let method = &call.method;
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
        visit_mut::visit_expr_method_call_mut(self, call);
        if self.context == Context::Function {
            let place = Place::of(expr);
            let Expr::MethodCall(call) = expr else { return };
            // A closure must stay an argument of the call, which tells its type.
            let mut args = call.args.iter_mut().rev();
            if let Some(last) = args.find(|arg| !matches!(arg, Expr::Closure(_))) {
                *last = self.names.settled(last, place);
            } else {
                let attrs = take_attrs(expr);
                *expr = with_attrs(&attrs, self.names.settle_then(expr, place));
            }
        }
    }
}
