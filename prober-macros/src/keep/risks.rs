//! What could panic, or never end, with a value that was not checked.
//!
//! `check(size)?;` acts, so a doomed run skips it. The plain run does not reach
//! `&list[..size]` with a value that `check` refuses. So what such a statement
//! mentions is *unchecked* from then on: it may be handed to what asks, but not
//! be used where a wrong value does harm.
//!
//! `let entry = table.entry(handle, index)?;` may refuse an index as well. Where
//! it is missing, what it mentions is *in doubt*, and is no index or size.

use syn::{
    BinOp, Expr, Macro, Stmt,
    visit::{self, Visit},
};

use super::{
    calls::{constructs, handed_suppressed},
    facts::Facts,
    inner::core,
    macros::{holds_statement, may_leave},
    mentions::{Code, mentions},
    names::Names,
    results::panics,
};
use crate::{classify, macro_arguments, receiver::Receiver, vocabulary::name};

/// What is unchecked where a statement is skipped: what those of its calls
/// mention that may fail and bind nothing.
pub(super) fn unchecked(stmt: &Stmt, facts: &Facts, receivers: &[Receiver]) -> Names {
    struct Find<'a> {
        facts: &'a Facts,
        receivers: &'a [Receiver],
        names: Names,
        /// What the conditions around mention: they decide whether a call fails.
        heads: Vec<Names>,
    }
    impl<'ast> Visit<'ast> for Find<'_> {
        fn visit_stmt(&mut self, stmt: &'ast Stmt) {
            if let Stmt::Expr(expr, _) = stmt {
                self.check(expr);
            }
            visit::visit_stmt(self, stmt);
        }
        fn visit_arm(&mut self, arm: &'ast syn::Arm) {
            self.check(&arm.body);
            visit::visit_arm(self, arm);
        }
        fn visit_expr_if(&mut self, branch: &'ast syn::ExprIf) {
            self.within(&branch.cond, |this| visit::visit_expr_if(this, branch));
        }
        fn visit_expr_match(&mut self, matched: &'ast syn::ExprMatch) {
            self.within(&matched.expr, |this| {
                visit::visit_expr_match(this, matched);
            });
        }
        fn visit_expr_closure(&mut self, _: &'ast syn::ExprClosure) {}
        fn visit_expr_async(&mut self, _: &'ast syn::ExprAsync) {}
        fn visit_item(&mut self, _: &'ast syn::Item) {}
    }
    impl Find<'_> {
        fn check(&mut self, expr: &Expr) {
            let call = core(expr);
            if matches!(expr, Expr::Try(_))
                && matches!(call, Expr::Call(_) | Expr::MethodCall(_))
                && !classify::is_read_expr(call, self.receivers)
                && !handed_suppressed(call)
            {
                self.add(&mentions(call, &self.facts.locals));
                for head in self.heads.clone() {
                    self.add(&head);
                }
            }
        }

        fn add(&mut self, names: &Names) {
            let names = names.iter().filter(|name| !self.facts.is_receiver(name));
            self.names.extend(&names.map(str::to_owned).collect());
        }

        fn within(&mut self, head: &Expr, visit: impl FnOnce(&mut Self)) {
            self.heads.push(mentions(head, &self.facts.locals));
            visit(self);
            self.heads.pop();
        }
    }
    let mut find = Find {
        facts,
        receivers,
        names: Names::default(),
        heads: Vec::new(),
    };
    find.visit_stmt(stmt);
    find.names.unchecked()
}

/// What is in doubt where questions are not answered: what their calls mention,
/// which may have refused it. It is no index or size then; but it may be a part
/// of an address or a count of levels: otherwise a run would find little.
pub(super) fn doubted(code: &impl Code, facts: &Facts, receivers: &[Receiver]) -> Names {
    struct Find<'a> {
        facts: &'a Facts,
        receivers: &'a [Receiver],
        names: Names,
    }
    impl<'ast> Visit<'ast> for Find<'_> {
        fn visit_expr_try(&mut self, question: &'ast syn::ExprTry) {
            let call = core(&question.expr);
            if matches!(call, Expr::Call(_) | Expr::MethodCall(_))
                && !classify::is_read_expr(call, self.receivers)
                && !handed_suppressed(call)
            {
                let names = mentions(call, &self.facts.locals);
                let names = names.iter().filter(|name| !self.facts.is_receiver(name));
                self.names.extend(&names.map(str::to_owned).collect());
            }
            visit::visit_expr_try(self, question);
        }
        fn visit_macro(&mut self, mac: &'ast Macro) {
            for argument in macro_arguments::parse(mac).exprs() {
                self.visit_expr(argument);
            }
        }
        fn visit_expr_closure(&mut self, _: &'ast syn::ExprClosure) {}
        fn visit_expr_async(&mut self, _: &'ast syn::ExprAsync) {}
        fn visit_item(&mut self, _: &'ast syn::Item) {}
    }
    let mut find = Find {
        facts,
        receivers,
        names: Names::default(),
    };
    code.visit(&mut find);
    find.names.doubted()
}

/// What code uses where a wrong value does harm: indices, arithmetic, ranges,
/// sizes, and arguments of calls that cannot fail. The names are marked as
/// unchecked, and those that are no addresses as in doubt, too.
pub(super) fn risks(code: &impl Code, locals: &Names) -> Names {
    let mut risks = Risks {
        locals,
        names: Names::default(),
        sizes: Names::default(),
    };
    code.visit(&mut risks);
    risks.names.unchecked().union(&risks.sizes.doubted())
}

struct Risks<'a> {
    locals: &'a Names,
    names: Names,
    /// Those that are indices, sizes or counts there.
    sizes: Names,
}

impl Risks<'_> {
    fn uses(&mut self, expr: &impl Code) {
        self.names.extend(&mentions(expr, self.locals));
    }

    fn measures(&mut self, expr: &impl Code) {
        let names = mentions(expr, self.locals);
        self.names.extend(&names);
        self.sizes.extend(&names);
    }
}

/// Methods that panic at an argument.
const PANIC_AT: &[&str] = &[
    "chunks",
    "chunks_exact",
    "copy_from_slice",
    "div_ceil",
    "drain",
    "insert",
    "pow",
    "remove",
    "repeat",
    "split_at",
    "split_at_mut",
    "split_off",
    "step_by",
    "swap",
    "swap_remove",
    "windows",
];

impl<'ast> Visit<'ast> for Risks<'_> {
    fn visit_expr_index(&mut self, index: &'ast syn::ExprIndex) {
        self.uses(index);
        self.measures(&*index.index);
        visit::visit_expr_index(self, index);
    }

    fn visit_expr_range(&mut self, range: &'ast syn::ExprRange) {
        self.measures(range);
        visit::visit_expr_range(self, range);
    }

    fn visit_expr_repeat(&mut self, repeat: &'ast syn::ExprRepeat) {
        self.visit_expr(&repeat.expr);
    }

    fn visit_expr_binary(&mut self, binary: &'ast syn::ExprBinary) {
        match binary.op {
            BinOp::Add(_) | BinOp::Sub(_) | BinOp::Mul(_) => self.uses(binary),
            BinOp::Div(_) | BinOp::Rem(_) | BinOp::Shl(_) | BinOp::Shr(_) => {
                self.uses(binary);
                self.measures(&*binary.right);
            }
            _ => {}
        }
        visit::visit_expr_binary(self, binary);
    }

    // What can fail says so by its result.
    fn visit_expr_try(&mut self, question: &'ast syn::ExprTry) {
        match core(&question.expr) {
            Expr::Call(call) => visit::visit_expr_call(self, call),
            Expr::MethodCall(call) => visit::visit_expr_method_call(self, call),
            _ => visit::visit_expr_try(self, question),
        }
    }

    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        if is_capacity(call) {
            self.measures(&call.args);
        } else if !constructs(&call.func) {
            self.uses(&call.args);
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        self.uses(&call.args);
        if panics(&call.method) {
            self.measures(&*call.receiver);
        } else if PANIC_AT.contains(&call.method.to_string().as_str()) {
            self.measures(&call.args);
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_macro(&mut self, mac: &'ast Macro) {
        let reserves = name(mac) == "vec" && holds_statement(mac.tokens.clone());
        if reserves {
            self.measures(&mac.tokens);
        } else if may_leave(mac) {
            self.uses(&mac.tokens);
        } else {
            for argument in macro_arguments::parse(mac).exprs() {
                self.visit_expr(argument);
            }
        }
    }

    fn visit_item(&mut self, _: &'ast syn::Item) {}
    fn visit_type(&mut self, _: &'ast syn::Type) {}
}

/// Whether memory is reserved: `Vec::with_capacity(size)`.
fn is_capacity(call: &syn::ExprCall) -> bool {
    matches!(&*call.func, Expr::Path(path)
        if path.path.segments.last().is_some_and(|last| last.ident == "with_capacity"))
}
