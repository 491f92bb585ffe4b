//! Calls that change the guest.

use quote::quote_spanned;
use syn::{Expr, visit_mut};

use super::{Context, Rewriter, take_attrs, with_attrs};
use crate::{names::Names, spans::Place};

impl Rewriter<'_> {
    /// Lets a call that changes the guest wait for the data: when its
    /// arguments are there, and before it is made.
    ///
    /// ```text
    /// vmi.write_u64(a, b)                                    // Input
    /// vmi.write_u64(a, __probed::settled(b, settle(prober)?)) // Output
    /// ```
    pub(super) fn act(&mut self, expr: &mut Expr) {
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
            let glue = place.glue();
            let prober = self.names.prober_at(place.start);
            let runtime = &self.names.runtime;
            let settle = quote_spanned!(glue=> #runtime::settle(#prober)?);
            let Expr::MethodCall(call) = expr else { return };
            // A closure must stay an argument of the call, which tells its type.
            let mut args = call.args.iter_mut().rev();
            if let Some(last) = args.find(|arg| !matches!(arg, Expr::Closure(_))) {
                let place = Place::of(last);
                let args = quote_spanned!(glue=> #last, #settle);
                *last = Names::call("settled", place, args);
            } else {
                let attrs = take_attrs(expr);
                let args = quote_spanned!(glue=> #settle, #expr);
                *expr = with_attrs(&attrs, Names::call("then", place, args));
            }
        }
    }
}
