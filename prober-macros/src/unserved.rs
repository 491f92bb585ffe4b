//! Receivers that are read through `&mut`: none of vmi-core's types is, so the
//! runtime has nothing to do with them, and must not stand in the way.

use syn::{Expr, FnArg, Local, Pat, PatIdent, Path, Signature, Type};

use crate::receiver::{self, Receiver};

/// The receivers of which the signature says so.
pub(crate) fn parameters(sig: &Signature) -> Vec<Receiver> {
    let mut unserved = Vec::new();
    for input in &sig.inputs {
        if let FnArg::Typed(param) = input
            && let Pat::Ident(name) = &*param.pat
            && is_mutable(name, &param.ty)
        {
            unserved.push(Receiver::named(&name.ident));
        }
    }
    unserved
}

/// Takes note of a `let`: what it binds is such a receiver for the rest of the
/// block, or is none any more.
pub(crate) fn bind(unserved: &mut Vec<Receiver>, local: &Local) {
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
    if !mutable && unserved.is_empty() {
        return;
    }
    let receiver = Receiver::named(&name.ident);
    unserved.retain(|other| *other != receiver);
    if mutable {
        unserved.push(receiver);
    }
}

/// `name: &mut Reader`, or `mut name: Reader`.
fn is_mutable(name: &PatIdent, ty: &Type) -> bool {
    let (mutable, ty) = match ty {
        Type::Reference(reference) => (reference.mutability.is_some(), &*reference.elem),
        ty => (name.mutability.is_some(), ty),
    };
    mutable && !matches!(ty, Type::Path(path) if is_of_vmi_core(&path.path))
}

/// Whether an expression names the type of what it makes, and that is none of
/// vmi-core's: `Reader { .. }`, `Reader(..)`, `Reader::new(..)`.
fn makes_another(value: &Expr) -> bool {
    let path = match value {
        Expr::Struct(value) => &value.path,
        Expr::Call(call) => match &*call.func {
            Expr::Path(function) => &function.path,
            _ => return false,
        },
        _ => return false,
    };
    let names_type = |name: &syn::Ident| name.to_string().starts_with(char::is_uppercase);
    path.segments
        .iter()
        .any(|segment| names_type(&segment.ident))
        && !is_of_vmi_core(path)
}

fn is_of_vmi_core(path: &Path) -> bool {
    path.segments
        .iter()
        .any(|segment| receiver::is_of_vmi_core(&segment.ident))
}
