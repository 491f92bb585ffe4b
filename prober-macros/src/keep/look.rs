//! Looks through a statement: whether it asks, what it may leave, and what it
//! changes.

use syn::{
    Block, Expr, ExprBreak, ExprContinue, Lifetime, Macro, Stmt,
    visit::{self, Visit},
};

use super::{
    calls::is_suppressed,
    cells::{changed_by_function, changes, changes_behind_reference, changes_place},
    facts::Facts,
    inner::{core, gives_value, is_static, places, root},
    macros::{may_change, may_leave, takes_text},
    mentions::{Code, mentions},
    names::Names,
    plan::Exit,
    results::{
        has_faults_of_its_own, is_err, is_result_pattern, may_ask, operand_of_takes, takes_apart,
    },
};
use crate::{
    classify, macro_arguments,
    marker::Marker,
    receiver::{Receiver, variable},
    vocabulary,
};

/// Looks through a statement.
pub(super) struct Look<'a> {
    facts: &'a Facts,
    receivers: &'a [Receiver],
    krate: &'a syn::Path,
    pub(super) asks: bool,
    pub(super) takes: bool,
    pub(super) exits: Vec<Exit>,
    pub(super) roots: Vec<String>,
    /// The loops around, with their labels.
    loops: Vec<Option<Lifetime>>,
    /// Whether the statement is the value of its block, and that is needed.
    is_value: bool,
    /// Labelled blocks around.
    labels: Vec<Lifetime>,
}

impl<'a> Look<'a> {
    pub(super) fn new(
        facts: &'a Facts,
        receivers: &'a [Receiver],
        krate: &'a syn::Path,
        is_value: bool,
    ) -> Self {
        Self {
            is_value,
            facts,
            receivers,
            krate,
            asks: false,
            takes: false,
            exits: Vec::new(),
            roots: Vec::new(),
            loops: Vec::new(),
            labels: Vec::new(),
        }
    }

    /// Notes that faults may be recorded: that asks, and does not leave.
    fn take(&mut self) {
        self.takes = true;
        self.asks = true;
    }

    fn exit(&mut self, exit: Exit) {
        if !self.exits.contains(&exit) {
            self.exits.push(exit);
        }
    }

    /// What changes with a place: also what the variable borrows, where it
    /// changes behind a shared reference.
    fn acts_on(&mut self, place: &Expr) {
        if let Some(name) = root(place) {
            if changes_behind_reference(place) {
                self.roots.extend(self.facts.seen_from(&name));
            } else {
                self.roots.push(name);
            }
        }
    }

    /// A method that stands as a statement, and what changes behind the
    /// references that a call is handed.
    fn statement(&mut self, expr: &Expr) {
        match core(expr) {
            Expr::MethodCall(call) => {
                self.handed(&call.args);
                call.args.iter().for_each(|arg| self.called(arg));
                if !self.is_value && !classify::is_read(call, self.receivers) {
                    self.acts_on(expr);
                }
            }
            Expr::Call(call) => {
                self.handed(&call.args);
                self.called(&call.func);
                call.args.iter().for_each(|arg| self.called(arg));
            }
            Expr::Macro(call) => self.statement_macro(&call.mac),
            _ => {}
        }
    }

    fn statement_macro(&mut self, mac: &Macro) {
        if may_change(mac) {
            self.handed(&mac.tokens);
        }
    }

    /// What is captured by a closure that a statement calls, or hands on.
    fn called(&mut self, closure: &Expr) {
        match closure {
            Expr::Path(path) => {
                let name = path.path.get_ident().map(variable);
                let captured = name.and_then(|name| self.facts.captures.get(&name));
                let captured = captured.into_iter().flat_map(Names::iter);
                self.roots.extend(captured.map(str::to_owned));
            }
            Expr::Reference(reference) => self.called(&reference.expr),
            _ => {}
        }
    }

    /// Notes what may call a closure in which faults are recorded.
    fn may_call(&mut self, code: &impl Code) {
        if mentions(code, &self.facts.locals).meets(&self.facts.recording) {
            self.take();
        }
    }

    /// Cells that a statement hands on.
    fn handed(&mut self, code: &impl Code) {
        let names = mentions(code, &self.facts.locals);
        let cells = names.iter().filter(|name| self.facts.cells.contains(name));
        self.roots.extend(cells.map(str::to_owned));
    }

    fn within(&self, label: Option<&Lifetime>) -> bool {
        match label {
            None => !self.loops.is_empty(),
            Some(label) => {
                self.loops.iter().flatten().any(|known| known == label)
                    || self.labels.contains(label)
            }
        }
    }

    fn in_loop(&mut self, label: Option<&syn::Label>, visit: impl FnOnce(&mut Self)) {
        self.loops.push(label.map(|label| label.name.clone()));
        let is_value = std::mem::replace(&mut self.is_value, false);
        visit(self);
        self.is_value = is_value;
        self.loops.pop();
    }
}

impl<'ast> Visit<'ast> for Look<'_> {
    fn visit_expr(&mut self, expr: &'ast Expr) {
        // A probe that is written already.
        if matches!(expr, Expr::Verbatim(_)) {
            self.take();
        }
        visit::visit_expr(self, expr);
    }

    fn visit_expr_path(&mut self, path: &'ast syn::ExprPath) {
        if self.facts.records(path) {
            self.take();
        }
    }

    fn visit_expr_try(&mut self, question: &'ast syn::ExprTry) {
        self.asks = true;
        if is_err(&question.expr) {
            self.exit(Exit::Function);
        }
        visit::visit_expr_try(self, question);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        self.takes |= operand_of_takes(call).is_some();
        self.asks |= self.takes;
        let method = call.method.to_string();
        if changes(&method, true)
            && let Some(name) = root(&call.receiver)
        {
            let seen = self.facts.seen_from(&name);
            let is_cell = is_static(&name)
                || name.starts_with("self.") && changes_place(call)
                || seen.iter().any(|name| self.facts.cells.contains(name));
            if changes(&method, is_cell) {
                self.roots.extend(seen);
            }
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_let(&mut self, condition: &'ast syn::ExprLet) {
        if is_result_pattern(&condition.pat) {
            self.take();
        }
        visit::visit_expr_let(self, condition);
    }

    fn visit_expr_match(&mut self, expr: &'ast syn::ExprMatch) {
        if expr.arms.iter().any(|arm| is_result_pattern(&arm.pat)) {
            self.take();
        }
        visit::visit_expr_match(self, expr);
    }

    fn visit_local(&mut self, local: &'ast syn::Local) {
        if local.init.is_some() && is_result_pattern(&local.pat) {
            self.take();
        }
        visit::visit_local(self, local);
    }

    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        self.asks |= call.args.iter().any(is_suppressed);
        if let Some(name) = changed_by_function(call).and_then(root) {
            self.roots.extend(self.facts.seen_from(&name));
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_expr_assign(&mut self, assign: &'ast syn::ExprAssign) {
        for place in places(&assign.left) {
            self.acts_on(place);
        }
        visit::visit_expr_assign(self, assign);
    }

    fn visit_expr_binary(&mut self, binary: &'ast syn::ExprBinary) {
        if vocabulary::assigns(&binary.op) {
            self.acts_on(&binary.left);
        }
        visit::visit_expr_binary(self, binary);
    }

    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        self.statement(&arm.body);
        visit::visit_arm(self, arm);
    }

    fn visit_stmt(&mut self, stmt: &'ast Stmt) {
        match stmt {
            Stmt::Expr(expr, _) => self.statement(expr),
            Stmt::Macro(call) => self.statement_macro(&call.mac),
            Stmt::Local(_) | Stmt::Item(_) => {}
        }
        self.is_value = gives_value(stmt, self.is_value);
        visit::visit_stmt(self, stmt);
    }

    fn visit_block(&mut self, block: &'ast Block) {
        let is_value = self.is_value;
        for (index, stmt) in block.stmts.iter().enumerate() {
            self.is_value = is_value && index + 1 == block.stmts.len();
            self.visit_stmt(stmt);
        }
        self.is_value = is_value;
    }

    fn visit_expr_return(&mut self, exit: &'ast syn::ExprReturn) {
        self.exit(Exit::Function);
        visit::visit_expr_return(self, exit);
    }

    fn visit_expr_break(&mut self, exit: &'ast ExprBreak) {
        if !self.within(exit.label.as_ref()) {
            self.exit(Exit::Break(exit.label.clone()));
        }
        visit::visit_expr_break(self, exit);
    }

    fn visit_expr_continue(&mut self, exit: &'ast ExprContinue) {
        if !self.within(exit.label.as_ref()) {
            self.exit(Exit::Continue(exit.label.clone()));
        }
    }

    fn visit_expr_for_loop(&mut self, expr: &'ast syn::ExprForLoop) {
        self.visit_expr(&expr.expr);
        self.in_loop(expr.label.as_ref(), |this| this.visit_block(&expr.body));
    }

    fn visit_expr_while(&mut self, expr: &'ast syn::ExprWhile) {
        self.in_loop(expr.label.as_ref(), |this| {
            this.visit_expr(&expr.cond);
            this.visit_block(&expr.body);
        });
    }

    fn visit_expr_loop(&mut self, expr: &'ast syn::ExprLoop) {
        self.in_loop(expr.label.as_ref(), |this| this.visit_block(&expr.body));
    }

    fn visit_expr_block(&mut self, expr: &'ast syn::ExprBlock) {
        let labels = self.labels.len();
        self.labels
            .extend(expr.label.as_ref().map(|label| label.name.clone()));
        self.visit_block(&expr.block);
        self.labels.truncate(labels);
    }

    fn visit_macro(&mut self, mac: &'ast Macro) {
        match Marker::of(&mac.path, self.krate) {
            Some(Marker::Probe) => {
                self.take();
            }
            Some(Marker::Settle) => self.exit(Exit::Function),
            Some(Marker::Unprobed) => {}
            None => {
                if may_leave(mac) {
                    self.exit(Exit::Function);
                }
                if takes_apart(mac) {
                    self.take();
                }
                if takes_text(mac) {
                    return;
                }
                let arguments = macro_arguments::parse(mac);
                for argument in arguments.exprs() {
                    self.visit_expr(argument);
                }
                // Faults are recorded in what has a syntax of its own.
                if !arguments.all_exprs() && may_ask(&mac.tokens) {
                    self.take();
                }
            }
        }
    }

    // Their `?` and `return` are their own; a fault in them is recorded.
    fn visit_expr_closure(&mut self, closure: &'ast syn::ExprClosure) {
        // One of ours looks at the items of a loop.
        if matches!(*closure.body, Expr::Verbatim(_)) || has_faults_of_its_own(&closure.body) {
            self.take();
        }
        self.may_call(&closure.body);
    }

    fn visit_expr_async(&mut self, block: &'ast syn::ExprAsync) {
        block
            .block
            .stmts
            .iter()
            .for_each(|stmt| self.may_call(stmt));
    }

    fn visit_expr_const(&mut self, _: &'ast syn::ExprConst) {}
    fn visit_item(&mut self, _: &'ast syn::Item) {}
    fn visit_type(&mut self, _: &'ast syn::Type) {}
}
