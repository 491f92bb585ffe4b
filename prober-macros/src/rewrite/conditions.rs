//! The conditions of loops: whether a loop ends where data is missing.
//!
//! Evaluates a condition with one probe missing at a time, as far as its value
//! can be known.

use quote::ToTokens;
use syn::{
    BinOp, Expr, ExprClosure, ExprLit, ExprMacro, ExprMethodCall, Lit, Pat, UnOp,
    visit::{self, Visit},
};

use super::{
    hazards::{keeps_result, takes_none, takes_ok_none},
    rewriter::Rewriter,
};
use crate::{macro_arguments, vocabulary};

/// Refuses loops that go on where data is missing.
pub(super) fn check(rewriter: &mut Rewriter<'_>, condition: &Expr) {
    if let Some(pat) = takes_any_result(rewriter, condition) {
        rewriter.errors.on(
            pat,
            "this loop goes on where data is missing, because a probe that faulted is `Ok(None)`; \
             write `while let Some(..) = ..?`",
        );
        return;
    }
    let mut probes = Probes {
        rewriter,
        found: Vec::new(),
    };
    probes.visit_expr(condition);
    let found = probes.found;
    let goes_on = found.into_iter().find(|probe| {
        let missing = Missing {
            rewriter,
            probe: text(probe),
        };
        !missing.value(condition).ends()
    });
    if let Some(probe) = goes_on {
        rewriter.errors.on(
            probe,
            "this loop may go on where data is missing, with addresses that were not read from the guest; \
             need the value (`??`), or bind it (`while let Some(..) = ..?`)",
        );
    }
}

/// The pattern of a `let` in a condition that matches a probe which faulted.
fn takes_any_result<'c>(rewriter: &Rewriter<'_>, condition: &'c Expr) -> Option<&'c Pat> {
    match condition {
        Expr::Binary(both) if matches!(both.op, BinOp::And(_)) => {
            takes_any_result(rewriter, &both.left)
                .or_else(|| takes_any_result(rewriter, &both.right))
        }
        Expr::Let(binding) if rewriter.is_probe(&binding.expr) => {
            takes_ok_none(&binding.pat).then_some(&*binding.pat)
        }
        _ => None,
    }
}

fn text(probe: &Expr) -> String {
    probe.to_token_stream().to_string()
}

/// Finds the probes in a condition.
struct Probes<'a, 'b> {
    rewriter: &'a Rewriter<'b>,
    found: Vec<Expr>,
}

impl<'ast> Visit<'ast> for Probes<'_, '_> {
    fn visit_expr(&mut self, expr: &'ast Expr) {
        match expr {
            Expr::Paren(_) | Expr::Group(_) => visit::visit_expr(self, expr),
            expr if self.rewriter.is_probe(expr) => self.found.push(expr.clone()),
            expr => visit::visit_expr(self, expr),
        }
    }

    fn visit_expr_macro(&mut self, expr: &'ast ExprMacro) {
        for expr in macro_arguments::parse(&expr.mac).exprs() {
            self.visit_expr(expr);
        }
    }

    fn visit_expr_closure(&mut self, _: &'ast ExprClosure) {}
    fn visit_item(&mut self, _: &'ast syn::Item) {}
}

/// The value of an expression, as far as it can be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Value {
    Unknown,
    /// It leaves the function.
    Leaves,
    /// `Ok(None)`, as a probe that missed.
    OkNone,
    None,
    Some,
    Err,
    Bool(bool),
    Number(u128),
    /// `Default::default()`.
    Default,
}

impl Value {
    /// Whether a loop with this condition ends.
    fn ends(self) -> bool {
        matches!(self, Self::Leaves | Self::Bool(false) | Self::Default)
    }

    /// As a condition.
    fn bool(self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(value),
            Self::Default => Some(false),
            _ => None,
        }
    }

    fn number(self) -> Option<u128> {
        match self {
            Self::Number(value) => Some(value),
            Self::Default => Some(0),
            _ => None,
        }
    }
}

/// Works out expressions, with one probe missing.
struct Missing<'a, 'b> {
    rewriter: &'a Rewriter<'b>,
    probe: String,
}

impl Missing<'_, '_> {
    fn value(&self, expr: &Expr) -> Value {
        match expr {
            Expr::Paren(paren) => self.value(&paren.expr),
            Expr::Group(group) => self.value(&group.expr),
            Expr::Reference(reference) => self.value(&reference.expr),
            expr if self.rewriter.is_probe(expr) => {
                if text(expr) == self.probe {
                    Value::OkNone
                } else {
                    Value::Unknown
                }
            }
            Expr::Try(question) => match self.value(&question.expr) {
                Value::OkNone => Value::None,
                Value::None | Value::Err | Value::Leaves => Value::Leaves,
                _ => Value::Unknown,
            },
            Expr::MethodCall(call) => self.method(call),
            Expr::Unary(unary) => match (unary.op, self.value(&unary.expr)) {
                (_, Value::Leaves) => Value::Leaves,
                (UnOp::Deref(_), value) => value,
                (UnOp::Not(_), value) => value
                    .bool()
                    .map_or(Value::Unknown, |value| Value::Bool(!value)),
                _ => Value::Unknown,
            },
            Expr::Binary(both) => self.operator(&both.op, &both.left, &both.right),
            Expr::Let(binding) => self.matches(&binding.pat, &binding.expr),
            Expr::Macro(call) if vocabulary::name(&call.mac) == "matches" => {
                self.matches_macro(&call.mac)
            }
            Expr::Lit(ExprLit { lit, .. }) => match lit {
                Lit::Bool(value) => Value::Bool(value.value),
                Lit::Int(number) => number.base10_parse().map_or(Value::Unknown, Value::Number),
                Lit::Byte(byte) => Value::Number(byte.value().into()),
                _ => Value::Unknown,
            },
            Expr::Path(path) if path.path.is_ident("None") => Value::None,
            Expr::Call(call) => {
                let leaves = call.args.iter().any(|arg| self.value(arg) == Value::Leaves);
                match &*call.func {
                    _ if leaves => Value::Leaves,
                    Expr::Path(path) if path.path.is_ident("Some") => Value::Some,
                    _ => Value::Unknown,
                }
            }
            _ => Value::Unknown,
        }
    }

    fn method(&self, call: &ExprMethodCall) -> Value {
        let receiver = self.value(&call.receiver);
        let argument = |index: usize| match call.args.get(index) {
            Some(Expr::Closure(closure)) => self.value(&closure.body),
            Some(argument) => self.value(argument),
            None => Value::Unknown,
        };
        let method = call.method.to_string();
        match (receiver, method.as_str()) {
            (Value::Leaves, _) => Value::Leaves,
            (
                Value::None,
                "and" | "and_then" | "as_deref" | "as_deref_mut" | "as_mut" | "as_ref" | "cloned"
                | "copied" | "filter" | "flatten" | "inspect" | "map" | "take" | "zip",
            )
            | (Value::OkNone, "unwrap_or_default" | "transpose" | "unwrap" | "expect") => {
                Value::None
            }
            (Value::None, "is_some" | "is_some_and") | (Value::OkNone, "is_err" | "is_err_and") => {
                Value::Bool(false)
            }
            (Value::None, "is_none" | "is_none_or") | (Value::OkNone, "is_ok") => Value::Bool(true),
            (
                Value::None,
                "map_or" | "map_or_else" | "unwrap_or" | "unwrap_or_else" | "or" | "or_else",
            ) => argument(0),
            (Value::None, "unwrap_or_default" | "map_or_default") => Value::Default,
            (Value::None, "ok_or" | "ok_or_else" | "context" | "with_context") => Value::Err,
            (Value::OkNone, method) if keeps_result(method) => Value::OkNone,
            (Value::OkNone, "ok") => Value::Some,
            // `other.zip(PROBE?)`.
            (_, "zip" | "and") if argument(0) == Value::None => Value::None,
            _ if call.args.iter().any(|arg| self.value(arg) == Value::Leaves) => Value::Leaves,
            _ => Value::Unknown,
        }
    }

    fn operator(&self, op: &BinOp, left: &Expr, right: &Expr) -> Value {
        let asks_left = text(left).contains(&self.probe);
        let (left, right) = (self.value(left), self.value(right));
        match op {
            BinOp::And(_) if left.ends() => left,
            // Where it is not reached, the probe in it has not missed.
            BinOp::And(_) if right.ends() => right,
            BinOp::And(_) => match (left.bool(), right.bool()) {
                (Some(true), Some(true)) => Value::Bool(true),
                _ => Value::Unknown,
            },
            BinOp::Or(_) if left == Value::Leaves => left,
            BinOp::Or(_) if left.bool() == Some(true) => left,
            BinOp::Or(_) if left.ends() => right,
            // Where the left side holds, the probe on the right is not asked.
            BinOp::Or(_) if right.ends() && !asks_left => right,
            BinOp::Or(_) => Value::Unknown,
            _ if left == Value::Leaves || right == Value::Leaves => Value::Leaves,
            op => {
                let order = match (left, right) {
                    (Value::None, Value::None) => Some(std::cmp::Ordering::Equal),
                    (Value::None, Value::Some) => Some(std::cmp::Ordering::Less),
                    (Value::Some, Value::None) => Some(std::cmp::Ordering::Greater),
                    (left, right) => match (left.number(), right.number()) {
                        (Some(left), Some(right)) => Some(left.cmp(&right)),
                        _ => match (left.bool(), right.bool()) {
                            (Some(left), Some(right)) => Some(left.cmp(&right)),
                            _ => None,
                        },
                    },
                };
                let holds = order.and_then(|order| {
                    Some(match op {
                        BinOp::Eq(_) => order.is_eq(),
                        BinOp::Ne(_) => order.is_ne(),
                        BinOp::Lt(_) => order.is_lt(),
                        BinOp::Le(_) => order.is_le(),
                        BinOp::Gt(_) => order.is_gt(),
                        BinOp::Ge(_) => order.is_ge(),
                        _ => return None,
                    })
                });
                holds.map_or(Value::Unknown, Value::Bool)
            }
        }
    }

    /// Whether a pattern matches.
    fn matches(&self, pat: &Pat, expr: &Expr) -> Value {
        match (pat, expr) {
            (Pat::Paren(pat), expr) => return self.matches(&pat.pat, expr),
            (pat, Expr::Paren(expr)) => return self.matches(pat, &expr.expr),
            (Pat::Tuple(pats), Expr::Tuple(exprs)) if pats.elems.len() == exprs.elems.len() => {
                let elems = pats.elems.iter().zip(&exprs.elems);
                let mut values = elems.map(|(pat, expr)| self.matches(pat, expr));
                return values.find(|value| value.ends()).unwrap_or(Value::Unknown);
            }
            _ => {}
        }
        match self.value(expr) {
            Value::Leaves => Value::Leaves,
            Value::None if !takes_none(pat) => Value::Bool(false),
            Value::OkNone if !takes_ok_none(pat) => Value::Bool(false),
            _ => Value::Unknown,
        }
    }

    fn matches_macro(&self, mac: &syn::Macro) -> Value {
        let Some((scrutinee, pat)) = macro_arguments::of_matches(mac) else {
            return Value::Unknown;
        };
        self.matches(&pat, &scrutinee)
    }
}
