//! Closures in which no fault can be recorded: those that become function
//! pointers, which capture nothing, those that the function returns, and those
//! that run on another thread.

use quote::ToTokens;
use syn::{
    Block, Expr, ExprCall, ExprCast, ExprMethodCall, Ident, Local, Pat, Path, Type,
    parse_quote_spanned,
    spanned::Spanned,
    visit::Visit,
    visit_mut::{self, VisitMut},
};

use crate::{returned, tokens::any_word};

/// Leaves such closures as they are written.
pub(super) fn leave(body: &mut Block, krate: &Path) {
    // Most bodies have none.
    if !has_closures(body) {
        return;
    }
    Pointers.visit_block_mut(body);
    Spawned(krate).visit_block_mut(body);
    returned::visit_closures(body, &mut |closure| unprobed(closure, krate));
}

fn has_closures(body: &Block) -> bool {
    struct Find(bool);
    impl<'ast> Visit<'ast> for Find {
        fn visit_expr_closure(&mut self, _: &'ast syn::ExprClosure) {
            self.0 = true;
        }
    }
    let mut find = Find(false);
    find.visit_block(body);
    find.0
}

/// Puts the body of a closure into `unprobed!`.
fn unprobed(closure: &mut Expr, krate: &Path) {
    if let Expr::Closure(closure) = closure {
        let body = &closure.body;
        // A block, for there may be a type before it.
        *closure.body = parse_quote_spanned!(body.span()=> { #krate::unprobed!(@probed #body) });
    }
}

/// Finds where a type that is written says that a closure becomes a pointer.
struct Pointers;

impl VisitMut for Pointers {
    fn visit_local_mut(&mut self, local: &mut Local) {
        if let (Pat::Type(typed), Some(init)) = (&local.pat, &mut local.init)
            && holds_pointer(&typed.ty)
        {
            Closures.visit_expr_mut(&mut init.expr);
        }
        visit_mut::visit_local_mut(self, local);
    }

    fn visit_expr_cast_mut(&mut self, cast: &mut ExprCast) {
        if holds_pointer(&cast.ty) {
            Closures.visit_expr_mut(&mut cast.expr);
        }
        visit_mut::visit_expr_cast_mut(self, cast);
    }

    fn visit_item_mut(&mut self, _: &mut syn::Item) {}
}

/// Makes closures code that nothing looks into.
struct Closures;

impl VisitMut for Closures {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        match expr {
            Expr::Closure(closure) => *expr = Expr::Verbatim(closure.to_token_stream()),
            Expr::Array(_) | Expr::Tuple(_) | Expr::Paren(_) | Expr::Reference(_) => {
                visit_mut::visit_expr_mut(self, expr);
            }
            _ => {}
        }
    }
}

/// Finds the calls that run a closure on another thread or in another task.
struct Spawned<'a>(&'a Path);

impl VisitMut for Spawned<'_> {
    fn visit_expr_call_mut(&mut self, call: &mut ExprCall) {
        if let Expr::Path(path) = &*call.func
            && path
                .path
                .segments
                .last()
                .is_some_and(|last| spawns(&last.ident))
        {
            call.args
                .iter_mut()
                .for_each(|argument| unprobed(argument, self.0));
        }
        visit_mut::visit_expr_call_mut(self, call);
    }

    fn visit_expr_method_call_mut(&mut self, call: &mut ExprMethodCall) {
        if spawns(&call.method) || is_parallel(&call.receiver) {
            call.args
                .iter_mut()
                .for_each(|argument| unprobed(argument, self.0));
        }
        visit_mut::visit_expr_method_call_mut(self, call);
    }

    fn visit_item_mut(&mut self, _: &mut syn::Item) {}
}

/// `spawn`, `spawn_blocking`, `maybe_spawn_blocking`.
fn spawns(name: &Ident) -> bool {
    name.to_string().contains("spawn")
}

/// Whether an iterator is one of rayon's, as far as the names in its chain tell.
fn is_parallel(items: &Expr) -> bool {
    let Expr::MethodCall(call) = items else {
        return false;
    };
    let method = call.method.to_string();
    method.starts_with("par_") || method.starts_with("into_par_") || is_parallel(&call.receiver)
}

fn holds_pointer(ty: &Type) -> bool {
    any_word(&ty.to_token_stream(), &|word| word == "fn")
}
