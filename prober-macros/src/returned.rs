//! Closures in what a function returns, which are called when it has ended: none
//! of them can record a fault.

use proc_macro2::Ident;
use syn::{
    Block, Expr, ExprAsync, ExprClosure, ExprReturn, Item, Local, Pat, PatIdent, Path, Stmt,
    visit::{self, Visit},
    visit_mut::VisitMut,
};

/// Methods that give an iterator, whatever they are called on.
const ITERATORS: &[&str] = &[
    "bytes",
    "chars",
    "drain",
    "into_iter",
    "iter",
    "iter_mut",
    "lines",
];

/// Methods by which an iterator gives another one.
const ADAPTERS: &[&str] = &[
    "chain",
    "cloned",
    "copied",
    "enumerate",
    "filter",
    "filter_map",
    "flat_map",
    "flatten",
    "fuse",
    "inspect",
    "map",
    "map_while",
    "peekable",
    "rev",
    "scan",
    "skip",
    "skip_while",
    "step_by",
    "take",
    "take_while",
    "zip",
];

/// Visits the closures that the value of a body certainly holds. There are others,
/// which cannot be told from those that are called before.
pub(crate) fn visit_closures(body: &mut Block, visit: &mut dyn FnMut(&mut Expr)) {
    let mut held = Held {
        visit,
        names: Vec::new(),
        iterators: Vec::new(),
    };
    held.visit_block_mut(body);
    held.names.clear();
    held.iterators.clear();
    held.block(body);
}

/// Whether a method makes another iterator of one.
pub(crate) fn is_adapter(method: &Ident) -> bool {
    ADAPTERS.contains(&&*method.to_string())
}

/// Takes names out. Returns whether there were any.
fn take(names: &mut Vec<Ident>, out: &[Ident]) -> bool {
    let count = names.len();
    names.retain(|name| !out.contains(name));
    names.len() < count
}

/// Visits the closures that values hold.
struct Held<'v> {
    visit: &'v mut dyn FnMut(&mut Expr),

    /// The variables that they hold.
    names: Vec<Ident>,

    /// Those that they hold if they are iterators.
    iterators: Vec<Ident>,
}

/// Finds each `return`.
impl VisitMut for Held<'_> {
    fn visit_expr_return_mut(&mut self, exit: &mut ExprReturn) {
        if let Some(value) = &mut exit.expr {
            self.value(value);
        }
    }

    // Their `return` is their own.
    fn visit_expr_closure_mut(&mut self, _: &mut ExprClosure) {}
    fn visit_expr_async_mut(&mut self, _: &mut ExprAsync) {}
    fn visit_item_mut(&mut self, _: &mut Item) {}
}

impl Held<'_> {
    /// The value of a block.
    fn block(&mut self, block: &mut Block) {
        let Some((Stmt::Expr(tail, None), before)) = block.stmts.split_last_mut() else {
            return;
        };
        self.value(tail);
        for stmt in before.iter_mut().rev() {
            let Stmt::Local(local) = stmt else { continue };
            let bound = names_of(&local.pat);
            let is_held = take(&mut self.names, &bound);
            let is_adapted = take(&mut self.iterators, &bound);
            if is_name(local)
                && let Some(init) = &mut local.init
                && (is_held || is_adapted && is_lazy(&init.expr))
            {
                self.value(&mut init.expr);
            }
        }
    }

    fn value(&mut self, value: &mut Expr) {
        match value {
            Expr::Closure(_) => (self.visit)(value),
            Expr::Path(path) => self.names.extend(path.path.get_ident().cloned()),
            Expr::Group(group) => self.value(&mut group.expr),
            Expr::Paren(paren) => self.value(&mut paren.expr),
            Expr::Block(block) => self.block(&mut block.block),
            Expr::If(branch) => {
                self.block(&mut branch.then_branch);
                if let Some((_, other)) = &mut branch.else_branch {
                    self.value(other);
                }
            }
            Expr::Match(matched) => {
                let arms = matched.arms.iter_mut();
                arms.for_each(|arm| self.value(&mut arm.body));
            }
            Expr::Tuple(tuple) => tuple.elems.iter_mut().for_each(|value| self.value(value)),
            Expr::Struct(value) => {
                let fields = value.fields.iter_mut();
                fields.for_each(|field| self.value(&mut field.expr));
            }
            Expr::Call(call) => {
                if matches!(&*call.func, Expr::Path(path) if constructs(&path.path)) {
                    call.args.iter_mut().for_each(|value| self.value(value));
                }
            }
            Expr::MethodCall(_) if is_lazy(value) => self.iterator(value),
            Expr::MethodCall(_) => self.iterators.extend(adapted(value)),
            _ => {}
        }
    }

    fn iterator(&mut self, value: &mut Expr) {
        if let Expr::MethodCall(call) = value
            && is_adapter(&call.method)
        {
            self.iterator(&mut call.receiver);
            for argument in &mut call.args {
                if let Expr::Closure(_) = argument {
                    (self.visit)(argument);
                }
            }
        }
    }
}

/// Whether a `let` binds one name.
fn is_name(local: &Local) -> bool {
    match &local.pat {
        Pat::Type(typed) => matches!(*typed.pat, Pat::Ident(_)),
        pat => matches!(pat, Pat::Ident(_)),
    }
}

fn names_of(pat: &Pat) -> Vec<Ident> {
    struct Find(Vec<Ident>);
    impl<'ast> Visit<'ast> for Find {
        fn visit_pat_ident(&mut self, name: &'ast PatIdent) {
            self.0.push(name.ident.clone());
            visit::visit_pat_ident(self, name);
        }
    }
    let mut find = Find(Vec::new());
    find.visit_pat(pat);
    find.0
}

/// Whether a path is that of a tuple struct, of a variant, or of `Box::new`.
pub(crate) fn constructs(path: &Path) -> bool {
    let mut names = path.segments.iter().rev().map(|segment| &segment.ident);
    let is_type = |name: &Ident| name.to_string().starts_with(char::is_uppercase);
    match (names.next(), names.next()) {
        (Some(new), Some(of)) if new == "new" || new == "pin" => {
            of == "Box" || of == "Rc" || of == "Arc"
        }
        (Some(name), _) => is_type(name),
        _ => false,
    }
}

/// Whether an expression is certainly an iterator that calls its closures later.
/// (`map` alone may be that of an `Option` or an array.)
fn is_lazy(value: &Expr) -> bool {
    match value {
        Expr::MethodCall(call) => {
            ITERATORS.iter().any(|name| call.method == name)
                || is_adapter(&call.method) && is_lazy(&call.receiver)
        }
        Expr::Paren(paren) => matches!(*paren.expr, Expr::Range(_)),
        _ => false,
    }
}

/// The variable whose value is adapted, if it is an iterator.
fn adapted(value: &Expr) -> Option<Ident> {
    match value {
        Expr::MethodCall(call) if is_adapter(&call.method) => adapted(&call.receiver),
        Expr::Path(path) => path.path.get_ident().cloned(),
        _ => None,
    }
}
