//! Reads in what a function returns to be called later: by then it has returned
//! its faults.

use syn::{
    Block, Expr, ExprMacro, ExprMethodCall, Path,
    visit::{self, Visit},
};

use crate::{classify, error::Errors, marker::Marker, receiver::Receiver, returned};

/// Reports a read in a closure that the body returns. Returns whether there is
/// one.
///
/// Where a closure is not certain to be returned, rustc says that something is
/// dropped too early.
pub(crate) fn report(
    body: &mut Block,
    receivers: &[Receiver],
    krate: &Path,
    errors: &mut Errors,
) -> bool {
    let mut find = Find {
        receivers,
        krate,
        found: None,
    };
    returned::visit_closures(body, &mut |closure| find.visit_expr(closure));
    let Some(read) = find.found else {
        return false;
    };
    errors.on(
        read,
        "a closure that the function returns cannot probe: it is called when the function has \
         returned its faults; collect the values here, or leave this as it is with `unprobed!(..)`",
    );
    true
}

/// Finds the first probe.
struct Find<'a> {
    receivers: &'a [Receiver],
    krate: &'a Path,
    found: Option<Expr>,
}

impl<'ast> Visit<'ast> for Find<'_> {
    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        if classify::is_read(call, self.receivers) {
            self.found
                .get_or_insert_with(|| Expr::MethodCall(call.clone()));
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_macro(&mut self, call: &'ast ExprMacro) {
        if Marker::of(&call.mac.path, self.krate) == Some(Marker::Probe) {
            self.found.get_or_insert_with(|| Expr::Macro(call.clone()));
        }
    }
}
