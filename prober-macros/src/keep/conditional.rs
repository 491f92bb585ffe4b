//! Code under a `#[cfg]`, which may be left out: nothing that is written elsewhere
//! may take it to be there.

use syn::{
    Attribute, Expr, Stmt,
    visit::{self, Visit},
};

use super::{calls::key, inner::core};

/// Calls in such code, each with its conditions, from outside in.
pub(super) type Conditional = Vec<(String, Vec<Attribute>)>;

/// Whether attributes may leave out what they stand on.
pub(super) fn is_conditional(attrs: &[Attribute]) -> bool {
    attrs
        .iter()
        .any(|attr| attr.path().is_ident("cfg") || attr.path().is_ident("cfg_attr"))
}

/// The conditions among attributes.
pub(crate) fn conditions(attrs: &[Attribute]) -> impl Iterator<Item = Attribute> {
    let conditions = attrs.iter().filter(|attr| attr.path().is_ident("cfg"));
    conditions.cloned()
}

/// Notes the calls of a statement that is there under conditions.
pub(super) fn note_calls(stmt: &Stmt, under: &[Attribute], calls: &mut Conditional) {
    struct Note<'a>(&'a [Attribute], &'a mut Conditional);
    impl<'ast> Visit<'ast> for Note<'_> {
        fn visit_expr(&mut self, expr: &'ast Expr) {
            if matches!(core(expr), Expr::Call(_) | Expr::MethodCall(_)) {
                self.1.push((key(expr), self.0.to_vec()));
            }
            visit::visit_expr(self, expr);
        }
        fn visit_item(&mut self, _: &'ast syn::Item) {}
    }
    if !under.is_empty() {
        Note(under, calls).visit_stmt(stmt);
    }
}

/// The attributes of a statement.
pub(super) fn attributes(stmt: &Stmt) -> &[Attribute] {
    match stmt {
        Stmt::Local(local) => &local.attrs,
        Stmt::Macro(call) => &call.attrs,
        Stmt::Expr(expr, _) => attributes_of(expr),
        Stmt::Item(_) => &[],
    }
}

/// The attributes of an expression. rustc allows none on an assignment or on an
/// operator between two operands.
pub(super) fn attributes_of(expr: &Expr) -> &[Attribute] {
    match expr {
        Expr::Array(expr) => &expr.attrs,
        Expr::Await(expr) => &expr.attrs,
        Expr::Block(expr) => &expr.attrs,
        Expr::Break(expr) => &expr.attrs,
        Expr::Call(expr) => &expr.attrs,
        Expr::Field(expr) => &expr.attrs,
        Expr::ForLoop(expr) => &expr.attrs,
        Expr::If(expr) => &expr.attrs,
        Expr::Index(expr) => &expr.attrs,
        Expr::Loop(expr) => &expr.attrs,
        Expr::Macro(expr) => &expr.attrs,
        Expr::Match(expr) => &expr.attrs,
        Expr::MethodCall(expr) => &expr.attrs,
        Expr::Paren(expr) => &expr.attrs,
        Expr::Reference(expr) => &expr.attrs,
        Expr::Return(expr) => &expr.attrs,
        Expr::Struct(expr) => &expr.attrs,
        Expr::Try(expr) => &expr.attrs,
        Expr::Tuple(expr) => &expr.attrs,
        Expr::Unary(expr) => &expr.attrs,
        Expr::While(expr) => &expr.attrs,
        _ => &[],
    }
}
