//! Variables that are moved, and those that get another value then:
//! `all = add(all, x.f()?)`.
//!
//! A run that misses between the two has no value in such a variable. rustc does
//! not know that a doomed run uses it no more, so it must not seem to go on
//! where the variable is used: not with the next item, and not behind a branch.

use syn::{
    BinOp, Block, Expr, ExprAsync, ExprClosure, ExprPath, Local, Macro, Pat, Signature, Stmt, Type,
    visit::{self, Visit},
};

use super::{
    calls::only_shows,
    facts::Facts,
    inner::{places, root},
    mentions::{Code, mentions},
    names::{Names, bound},
};
use crate::{
    macro_arguments,
    receiver::variable,
    vocabulary::{self, LOOPLESS, name},
};

/// The variables that a block moves and gives another value, without its own.
pub(super) fn renewed(block: &Block, facts: &Facts) -> Names {
    if facts.unset.is_empty() {
        return Names::default();
    }
    find(block, facts, false)
}

/// All such variables of a function.
pub(super) fn all_renewed(body: &Block, facts: &Facts) -> Names {
    find(body, facts, true)
}

/// The variables that a statement moves, as far as can be seen: not by a method
/// that may take `self`, unless its name says that it does.
pub(super) fn moved(stmt: &Stmt, facts: &Facts) -> Names {
    let mut find = Find {
        into_only: true,
        ..Find::new(facts, false)
    };
    find.visit_stmt(stmt);
    let mut found = find.moved;
    found.retain(|name| facts.locals.contains(name) && !facts.copies.contains(name));
    found
}

fn find(block: &Block, facts: &Facts, with_own: bool) -> Names {
    let mut find = Find::new(facts, with_own);
    find.visit_block(block);
    let mut found = find.assigned;
    found.retain(|name| find.moved.holds(name) && !facts.copies.contains(name));
    found
}

struct Find<'a> {
    facts: &'a Facts,
    /// Whether the variables of a block count outside of it.
    with_own: bool,
    /// Whether only those methods take `self` whose names say so.
    into_only: bool,
    /// The variables of the blocks around, if they do not count.
    own: Names,
    /// What may be moved: it is used by its value.
    moved: Names,
    assigned: Names,
}

impl<'a> Find<'a> {
    fn new(facts: &'a Facts, with_own: bool) -> Self {
        Self {
            facts,
            with_own,
            into_only: false,
            own: Names::default(),
            moved: Names::default(),
            assigned: Names::default(),
        }
    }

    /// What is handed over with all that it mentions.
    fn taken(&mut self, code: &(impl Code + ?Sized)) {
        self.moved.extend(&mentions(code, &self.facts.locals));
    }

    /// What is used by reference, and so is not moved.
    fn lent(&mut self, place: &Expr) {
        match place {
            Expr::Path(_) => {}
            Expr::Field(field) => self.lent(&field.base),
            Expr::Paren(paren) => self.lent(&paren.expr),
            Expr::Group(group) => self.lent(&group.expr),
            Expr::Index(index) => {
                self.lent(&index.expr);
                self.visit_expr(&index.index);
            }
            place => self.visit_expr(place),
        }
    }
}

impl<'ast> Visit<'ast> for Find<'_> {
    fn visit_block(&mut self, block: &'ast Block) {
        let outer = self.own.clone();
        for stmt in &block.stmts {
            self.visit_stmt(stmt);
            if let (Stmt::Local(local), false) = (stmt, self.with_own) {
                self.own.extend(&bound(&local.pat));
            }
        }
        self.own = outer;
    }

    fn visit_expr_path(&mut self, path: &'ast ExprPath) {
        if let Some(name) = path.path.get_ident() {
            self.moved.insert(variable(name));
        }
    }

    fn visit_expr_field(&mut self, field: &'ast syn::ExprField) {
        // Nothing is moved out of a reference.
        if !root(&field.base).is_some_and(|name| self.facts.outlives(&name)) {
            self.visit_expr(&field.base);
        }
    }

    fn visit_expr_reference(&mut self, reference: &'ast syn::ExprReference) {
        self.lent(&reference.expr);
    }

    fn visit_expr_index(&mut self, index: &'ast syn::ExprIndex) {
        self.lent(&index.expr);
        self.visit_expr(&index.index);
    }

    fn visit_expr_assign(&mut self, assign: &'ast syn::ExprAssign) {
        for place in places(&assign.left) {
            match place {
                Expr::Path(_) | Expr::Field(_) => {
                    let root = root(place).filter(|name| !self.own.contains(name));
                    self.assigned.extend(&root.into_iter().collect());
                }
                place => self.lent(place),
            }
        }
        self.visit_expr(&assign.right);
    }

    fn visit_expr_binary(&mut self, binary: &'ast syn::ExprBinary) {
        if vocabulary::assigns(&binary.op) {
            self.lent(&binary.left);
            self.visit_expr(&binary.right);
        } else if compares(&binary.op) {
            self.lent(&binary.left);
            self.lent(&binary.right);
        } else {
            visit::visit_expr_binary(self, binary);
        }
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        let method = call.method.to_string();
        if only_borrows(&method) || self.into_only && !method.starts_with("into_") {
            self.lent(&call.receiver);
        } else {
            self.visit_expr(&call.receiver);
        }
        call.args.iter().for_each(|arg| self.visit_expr(arg));
    }

    fn visit_expr_closure(&mut self, closure: &'ast ExprClosure) {
        if closure.capture.is_some() {
            self.taken(&closure.body);
        }
        visit::visit_expr_closure(self, closure);
    }

    fn visit_expr_async(&mut self, block: &'ast ExprAsync) {
        if block.capture.is_some() {
            self.taken(&block.block);
        }
        visit::visit_expr_async(self, block);
    }

    fn visit_macro(&mut self, mac: &'ast Macro) {
        match name(mac).as_str() {
            "anyhow" | "dbg" | "matches" | "vec" => {
                let arguments = macro_arguments::parse(mac);
                arguments
                    .exprs()
                    .for_each(|argument| self.visit_expr(argument));
            }
            // Text is made of references.
            name if LOOPLESS.contains(&name) => {
                let arguments = macro_arguments::parse(mac);
                arguments.exprs().for_each(|argument| self.lent(argument));
            }
            _ => self.taken(&mac.tokens),
        }
    }

    fn visit_item(&mut self, _: &'ast syn::Item) {}
    fn visit_type(&mut self, _: &'ast Type) {}
}

/// Whether a method takes its receiver by reference. Those of an iterator or of
/// an `Option` may take it by its value.
fn only_borrows(method: &str) -> bool {
    only_shows(method)
        && !method.ends_with("_and")
        && !method.ends_with("_or")
        && !matches!(
            method,
            "bytes" | "cloned" | "copied" | "count" | "last" | "lines" | "sum"
        )
}

/// The variables whose values are copied: numbers and shared references, as far
/// as their declarations say.
pub(super) fn copies(sig: &Signature, body: &Block) -> Names {
    #[derive(Default)]
    struct Declared {
        copies: Names,
        others: Names,
    }
    impl Declared {
        fn declares(&mut self, pat: &Pat, copies: bool) {
            let all = if copies {
                &mut self.copies
            } else {
                &mut self.others
            };
            all.extend(&bound(pat));
        }
    }
    impl<'ast> Visit<'ast> for Declared {
        fn visit_pat_type(&mut self, typed: &'ast syn::PatType) {
            self.declares(&typed.pat, is_copied(&typed.ty));
        }
        fn visit_local(&mut self, local: &'ast Local) {
            match (&local.pat, &local.init) {
                (Pat::Type(typed), _) => self.visit_pat_type(typed),
                (pat @ Pat::Ident(_), Some(init)) => {
                    self.declares(pat, gives_copy(&init.expr));
                }
                (pat, _) => self.declares(pat, false),
            }
            if let Some(init) = &local.init {
                visit::visit_local_init(self, init);
            }
        }
        // Any other.
        fn visit_pat(&mut self, pat: &'ast Pat) {
            self.declares(pat, false);
        }
        fn visit_item(&mut self, _: &'ast syn::Item) {}
    }
    let mut declared = Declared::default();
    for input in &sig.inputs {
        if let syn::FnArg::Typed(param) = input {
            declared.visit_pat_type(param);
        }
    }
    declared.visit_block(body);
    declared.copies.remove_all(&declared.others);
    declared.copies
}

/// Whether values of a type are copied.
fn is_copied(ty: &Type) -> bool {
    match ty {
        Type::Reference(reference) => reference.mutability.is_none(),
        Type::Path(path) => path.path.get_ident().is_some_and(is_number),
        Type::Tuple(tuple) => tuple.elems.iter().all(is_copied),
        _ => false,
    }
}

/// Whether an initializer gives a value that is copied.
fn gives_copy(init: &Expr) -> bool {
    match init {
        Expr::Lit(_) => true,
        Expr::Unary(unary) => gives_copy(&unary.expr),
        Expr::Paren(paren) => gives_copy(&paren.expr),
        Expr::Group(group) => gives_copy(&group.expr),
        Expr::Cast(cast) => is_copied(&cast.ty),
        Expr::Reference(reference) => reference.mutability.is_none(),
        Expr::Binary(binary) => compares(&binary.op),
        // `u64::MAX`
        Expr::Path(path) => is_number(&path.path.segments[0].ident),
        _ => false,
    }
}

fn compares(op: &BinOp) -> bool {
    use BinOp::{Eq, Ge, Gt, Le, Lt, Ne};
    matches!(op, Eq(_) | Ne(_) | Lt(_) | Le(_) | Gt(_) | Ge(_))
}

/// Whether a type is one of the language whose values are copied.
fn is_number(ty: &syn::Ident) -> bool {
    matches!(
        ty.to_string().as_str(),
        "bool"
            | "char"
            | "f32"
            | "f64"
            | "i8"
            | "i16"
            | "i32"
            | "i64"
            | "i128"
            | "isize"
            | "u8"
            | "u16"
            | "u32"
            | "u64"
            | "u128"
            | "usize"
    )
}
