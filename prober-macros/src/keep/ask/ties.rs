//! Types of what a doomed run asks though nobody needs the answer: what runs
//! tells them. `Row { a: get(0)?, b: get(1)? }` says what `get(1)` gives only
//! where there is a `Row`.

use proc_macro2::{Ident, Span};
use quote::ToTokens;
use syn::{
    Expr,
    visit::{self, Visit},
};

use crate::{
    classify,
    emit::hygienic,
    keep::{
        calls::{is_variant, key},
        flow::Flow,
        inner::{bare, core},
    },
    tokens::any_word,
    vocabulary,
};

impl Flow<'_> {
    /// Ties the operands of a head that binds variables: a branch may say by what
    /// it does with those which types they have, and is not in the copy.
    pub(crate) fn tie_head(&self, head: &Expr) {
        struct Tie<'f, 'a>(&'f Flow<'a>);
        impl<'ast> Visit<'ast> for Tie<'_, '_> {
            fn visit_expr_try(&mut self, question: &'ast syn::ExprTry) {
                self.0.tie_operand(&question.expr);
                visit::visit_expr_try(self, question);
            }
            fn visit_expr_closure(&mut self, _: &'ast syn::ExprClosure) {}
            fn visit_block(&mut self, _: &'ast syn::Block) {}
        }
        Tie(self).visit_expr(head);
    }

    /// The same of a head that is taken apart by patterns. A function may itself give
    /// what they need.
    pub(crate) fn tie_matched(&self, head: &Expr) {
        if matches!(bare(head), Expr::Call(_)) {
            self.tie_operand(head);
        }
        self.tie_head(head);
    }

    /// The name by which a copy of an operand and the operand itself agree on
    /// their type, where the operand does not tell it.
    pub(crate) fn tie_operand(&self, operand: &Expr) {
        if !self.may_be_inferred(operand) {
            return;
        }
        let key = key(operand);
        let mut ties = self.operand_ties.borrow_mut();
        if !ties.iter().any(|(other, _)| *other == key) {
            let name = format!("__probed_type_{}", self.number());
            ties.push((key, hygienic(&name, Span::call_site())));
        }
    }

    /// That name, if there is a copy.
    pub(crate) fn operand_tie(&self, operand: &Expr) -> Option<Ident> {
        let ties = self.operand_ties.borrow();
        if ties.is_empty() {
            return None;
        }
        let key = key(operand);
        let (_, tie) = ties.iter().find(|(other, _)| *other == key)?;
        Some(tie.clone())
    }

    /// Ties an operand that is rewritten.
    pub(crate) fn tied_operand(&self, tie: Option<&Ident>, operand: &mut Expr) {
        if let Some(tie) = tie {
            *operand = self.emit.operand_of_type(tie, operand);
        }
    }

    /// Whether a call may give whatever is needed.
    pub(crate) fn may_be_inferred(&self, operand: &Expr) -> bool {
        match core(operand) {
            Expr::Call(call) => {
                let told = matches!(&*call.func, Expr::Path(path) if path.path.segments.iter()
                    .any(|segment| !segment.arguments.is_none() && !infers(&segment.arguments)));
                !told && !is_variant(&call.func)
            }
            Expr::MethodCall(call) => {
                let known =
                    vocabulary::tells_type(&call.method) && classify::is_read(call, self.receivers);
                let converts = may_convert(&call.method.to_string());
                let told = call.turbofish.as_ref().is_some_and(|types| !infers(types));
                !told && !known && (converts || !call.args.is_empty())
            }
            _ => false,
        }
    }
}

/// Whether a method without arguments may give whatever is needed, as far as
/// its name tells.
fn may_convert(method: &str) -> bool {
    matches!(
        method,
        "collect" | "get" | "into" | "next" | "product" | "sum" | "take" | "try_into"
    ) || matches!(
        method.split('_').next(),
        Some("cast" | "convert" | "decode" | "deserialize" | "extract" | "load" | "parse" | "read")
    ) || method.ends_with("_as")
}

/// Whether there is a `_` in types.
pub(crate) fn infers(types: &impl ToTokens) -> bool {
    any_word(&types.to_token_stream(), &|word| word == "_")
}
