//! Other names of a receiver, and what leads to one.

use syn::{
    Block, Expr, ExprCall, Ident, Local, Pat, PatIdent, Signature,
    visit::{self, Visit},
};

use crate::{
    receiver::{Receiver, peel},
    tokens::unraw,
};

/// The names that `let` gave to receivers.
#[derive(Debug, Default, Clone)]
pub(crate) struct Aliases {
    /// Those of a receiver itself: `let v = vmi;`
    pub(crate) whole: Vec<Receiver>,

    /// Those of what acts on the same guest: `let core = vmi.core();`
    handles: Vec<Receiver>,
}

impl Aliases {
    /// Notes a `let`: what it binds is another name of a receiver for
    /// the rest of the block, or no longer one.
    pub(crate) fn note(
        &mut self,
        local: &Local,
        receivers: &[Receiver],
        mutable_readers: &mut Vec<Receiver>,
    ) {
        for (name, value) in bindings(local) {
            let receiver = Receiver::named(name);
            let other = value
                .and_then(Receiver::of)
                .filter(|other| self.is_known(other, receivers));
            let is_handle =
                other.is_none() && value.is_some_and(|value| self.is_handle(value, receivers));
            self.whole.retain(|known| *known != receiver);
            self.handles.retain(|known| *known != receiver);
            if receivers.contains(&receiver) {
                continue;
            }
            if let Some(other) = other {
                if mutable_readers.contains(&other) {
                    mutable_readers.push(receiver.clone());
                }
                self.whole.push(receiver);
            } else if is_handle {
                self.handles.push(receiver);
            }
        }
    }

    fn is_known(&self, receiver: &Receiver, receivers: &[Receiver]) -> bool {
        receivers.contains(receiver) || self.whole.contains(receiver)
    }

    /// Whether an expression leads to a receiver: `vmi.core()`, `vmi.clone()`,
    /// `Rc::clone(&vmi)`.
    pub(crate) fn lead_to(&self, expr: &Expr, receivers: &[Receiver]) -> bool {
        let leads = |expr| self.lead_to(expr, receivers);
        let expr = peel(expr);
        match expr {
            Expr::Path(_) => Receiver::of(expr).is_some_and(|name| {
                self.is_known(&name, receivers) || self.handles.contains(&name)
            }),
            Expr::Field(field) => {
                leads(&field.base)
                    || Receiver::of(expr).is_some_and(|name| self.is_known(&name, receivers))
            }
            Expr::MethodCall(call) => {
                leads(&call.receiver)
                    || Receiver::of(expr).is_some_and(|name| self.is_known(&name, receivers))
            }
            Expr::Call(call) => is_of_a_type(call) && call.args.first().is_some_and(leads),
            Expr::Await(future) => leads(&future.base),
            Expr::Index(index) => leads(&index.expr),
            Expr::Try(question) => leads(&question.expr),
            Expr::Unary(unary) => leads(&unary.expr),
            _ => false,
        }
    }

    /// Whether an expression is a receiver in another form, and not something
    /// that was read through one.
    fn is_handle(&self, expr: &Expr, receivers: &[Receiver]) -> bool {
        let by_name = |method: &Ident| {
            matches!(
                unraw(method).as_str(),
                "as_ref"
                    | "borrow"
                    | "clone"
                    | "core"
                    | "deref"
                    | "driver"
                    | "from"
                    | "new"
                    | "session"
                    | "state"
                    | "to_owned"
                    | "with_registers"
                    | "without_os"
            )
        };
        match peel(expr) {
            expr @ Expr::Path(_) => self.lead_to(expr, receivers),
            expr @ Expr::Field(field) => {
                self.is_handle(&field.base, receivers) || self.lead_to(expr, receivers)
            }
            Expr::MethodCall(call) => {
                by_name(&call.method) && self.is_handle(&call.receiver, receivers)
            }
            Expr::Call(call) => {
                function(call).is_some_and(by_name)
                    && call
                        .args
                        .first()
                        .is_some_and(|first| self.is_handle(first, receivers))
            }
            _ => false,
        }
    }
}

/// The name of a function that is called by a path through its type or trait.
pub(crate) fn function(call: &ExprCall) -> Option<&Ident> {
    let Expr::Path(path) = &*call.func else {
        return None;
    };
    let segments = &path.path.segments;
    (segments.len() > 1 || path.qself.is_some())
        .then(|| segments.last())
        .flatten()
        .map(|last| &last.ident)
}

fn is_of_a_type(call: &ExprCall) -> bool {
    function(call).is_some()
}

/// The variables that a `let` binds, with the value of each, if it can be
/// seen.
fn bindings(local: &Local) -> Vec<(&Ident, Option<&Expr>)> {
    fn collect<'l>(
        pat: &'l Pat,
        value: Option<&'l Expr>,
        found: &mut Vec<(&'l Ident, Option<&'l Expr>)>,
    ) {
        match (pat, value) {
            (Pat::Ident(name), value) => found.push((&name.ident, value)),
            (Pat::Type(typed), value) => collect(&typed.pat, value, found),
            (Pat::Paren(pat), value) => collect(&pat.pat, value, found),
            (Pat::Reference(pat), value) => collect(&pat.pat, value, found),
            (pat, Some(Expr::Paren(value))) => collect(pat, Some(&value.expr), found),
            (Pat::Tuple(pats), Some(Expr::Tuple(values)))
                if pats.elems.len() == values.elems.len() =>
            {
                for (pat, value) in pats.elems.iter().zip(&values.elems) {
                    collect(pat, Some(value), found);
                }
            }
            (pat, _) => {
                let mut names = Names(Vec::new());
                names.visit_pat(pat);
                found.extend(names.0.into_iter().map(|name| (name, None)));
            }
        }
    }
    let mut found = Vec::new();
    let value = local.init.as_ref().map(|init| &*init.expr);
    collect(&local.pat, value, &mut found);
    found
}

/// The variables that patterns bind.
struct Names<'ast>(Vec<&'ast Ident>);

impl<'ast> Visit<'ast> for Names<'ast> {
    fn visit_pat_ident(&mut self, pat: &'ast PatIdent) {
        self.0.push(&pat.ident);
        visit::visit_pat_ident(self, pat);
    }

    fn visit_item(&mut self, _: &'ast syn::Item) {}
}

/// The names in a body that are those of receivers wherever they occur.
pub(crate) fn everywhere(sig: &Signature, block: &Block, receivers: &[Receiver]) -> Vec<Receiver> {
    struct Lets<'a> {
        receivers: &'a [Receiver],
        aliases: Vec<Receiver>,
    }
    impl<'ast> Visit<'ast> for Lets<'_> {
        fn visit_local(&mut self, local: &'ast Local) {
            let mut aliases = Aliases {
                whole: self.aliases.clone(),
                handles: Vec::new(),
            };
            let before = aliases.whole.len();
            aliases.note(local, self.receivers, &mut Vec::new());
            if aliases.whole.len() > before {
                self.aliases = aliases.whole;
            }
            visit::visit_local(self, local);
        }
        fn visit_item(&mut self, _: &'ast syn::Item) {}
    }
    let mut lets = Lets {
        receivers,
        aliases: Vec::new(),
    };
    lets.visit_block(block);
    if lets.aliases.is_empty() {
        return lets.aliases;
    }
    let mut names = Names(Vec::new());
    names.visit_signature(sig);
    names.visit_block(block);
    lets.aliases.retain(|alias| {
        let bound = names
            .0
            .iter()
            .filter(|name| Receiver::named(name) == *alias);
        bound.count() == 1
    });
    lets.aliases
}
