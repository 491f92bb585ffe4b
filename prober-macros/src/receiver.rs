//! The receivers whose reads are probed, and those among them that read through
//! `&mut self`.

use proc_macro2::Ident;
use syn::{Expr, ExprMethodCall, FnArg, Local, Member, Pat, PatIdent, Path, Signature, Type, UnOp};

use crate::{tokens::unraw, vocabulary};

/// A receiver that the attribute knows: a path of names, such as `self.vmi`.
///
/// Compared by text, ignoring parentheses, groups, `&` and `*`: in code that a
/// macro made, the same name may have different hygiene marks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Receiver(Vec<String>);

impl Receiver {
    /// The receiver that is always known.
    pub(crate) fn vmi() -> Self {
        Self(vec!["vmi".to_owned()])
    }

    /// A variable.
    pub(crate) fn named(name: &Ident) -> Self {
        Self(vec![unraw(name)])
    }

    /// As a name: `vmi`, `self.vmi`.
    pub(crate) fn text(&self) -> String {
        self.0.join(".")
    }

    /// The receiver that an expression is, if it can be one: a variable, a
    /// field, or a method without arguments of one.
    pub(crate) fn of(expr: &Expr) -> Option<Self> {
        let mut names = Vec::new();
        collect(expr, &mut names).then_some(Self(names))
    }
}

/// The name of a variable. `#[async_trait]` calls `self` so.
pub(crate) fn variable(ident: &Ident) -> String {
    let name = unraw(ident);
    if name == "__self" {
        return "self".to_owned();
    }
    name
}

/// Collects the names of a receiver, from the left.
fn collect(expr: &Expr, names: &mut Vec<String>) -> bool {
    match peel(expr) {
        Expr::Path(path) => {
            let Some(ident) = path.path.get_ident() else {
                return false;
            };
            names.push(variable(ident));
            path.qself.is_none()
        }
        Expr::Field(field) => {
            let name = match &field.member {
                Member::Named(ident) => unraw(ident),
                Member::Unnamed(index) => index.index.to_string(),
            };
            collect(&field.base, names) && {
                names.push(name);
                true
            }
        }
        Expr::MethodCall(call) if call.args.is_empty() && call.turbofish.is_none() => {
            collect(&call.receiver, names) && {
                names.push(format!("{}()", unraw(&call.method)));
                true
            }
        }
        _ => false,
    }
}

/// Removes what does not change which receiver an expression is.
pub(crate) fn peel(mut expr: &Expr) -> &Expr {
    loop {
        expr = match expr {
            Expr::Paren(paren) => &paren.expr,
            Expr::Group(group) => &group.expr,
            Expr::Reference(reference) => &reference.expr,
            Expr::Unary(unary) if matches!(unary.op, UnOp::Deref(_)) => &unary.expr,
            expr => return expr,
        }
    }
}

/// Whether a call is made on one of the receivers.
pub(crate) fn is_on(call: &ExprMethodCall, receivers: &[Receiver]) -> bool {
    // A list of names is made only of what is no variable: most calls are on one.
    match peel(&call.receiver) {
        Expr::Path(path) => path.path.get_ident().is_some_and(|ident| {
            let ident = unraw(ident);
            receivers
                .iter()
                .any(|receiver| matches!(&*receiver.0, [name] if ident == *name))
        }),
        Expr::Field(_) | Expr::MethodCall(_) if receivers.len() > 1 => {
            Receiver::of(&call.receiver).is_some_and(|receiver| receivers.contains(&receiver))
        }
        _ => false,
    }
}

/// The parameters that are mutable readers: receivers that are read through
/// `&mut`. No type of vmi-core is, so the runtime cannot serve their reads. It
/// must not borrow them, either.
pub(crate) fn mutable_parameters(sig: &Signature) -> Vec<Receiver> {
    let mut mutable_readers = Vec::new();
    for input in &sig.inputs {
        if let FnArg::Typed(param) = input
            && let Pat::Ident(name) = &*param.pat
            && is_mutable(name, &param.ty)
        {
            mutable_readers.push(Receiver::named(&name.ident));
        }
    }
    mutable_readers
}

/// Notes a `let`: what it binds is a mutable reader for the rest of the block,
/// or no longer one.
pub(crate) fn note_binding(mutable_readers: &mut Vec<Receiver>, local: &Local) {
    let (name, mutable) = match (&local.pat, local.init.as_ref().map(|init| &*init.expr)) {
        (Pat::Ident(name), Some(Expr::Reference(reference))) => {
            (name, reference.mutability.is_some())
        }
        (Pat::Ident(name), value) => (
            name,
            name.mutability.is_some() && value.is_some_and(makes_another),
        ),
        (Pat::Type(typed), _) => {
            let Pat::Ident(name) = &*typed.pat else {
                return;
            };
            (name, is_mutable(name, &typed.ty))
        }
        _ => return,
    };
    if !mutable && mutable_readers.is_empty() {
        return;
    }
    let receiver = Receiver::named(&name.ident);
    mutable_readers.retain(|other| *other != receiver);
    if mutable {
        mutable_readers.push(receiver);
    }
}

/// `name: &mut Reader`, or `mut name: Reader`.
fn is_mutable(name: &PatIdent, ty: &Type) -> bool {
    let (mutable, ty) = match ty {
        Type::Reference(reference) => (reference.mutability.is_some(), &*reference.elem),
        ty => (name.mutability.is_some(), ty),
    };
    mutable && !matches!(ty, Type::Path(path) if is_in_vmi_core(&path.path))
}

/// Whether an expression makes a value of a type that it names, and that is not
/// of vmi-core: `Reader { .. }`, `Reader(..)`, `Reader::new(..)`.
fn makes_another(value: &Expr) -> bool {
    let path = match value {
        Expr::Struct(value) => &value.path,
        Expr::Call(call) => match &*call.func {
            Expr::Path(function) => &function.path,
            _ => return false,
        },
        _ => return false,
    };
    let names_type = |name: &Ident| name.to_string().starts_with(char::is_uppercase);
    path.segments
        .iter()
        .any(|segment| names_type(&segment.ident))
        && !is_in_vmi_core(path)
}

/// Whether a path leads through a type of vmi-core.
fn is_in_vmi_core(path: &Path) -> bool {
    path.segments
        .iter()
        .any(|segment| vocabulary::is_of_vmi_core(&segment.ident))
}
