//! Receivers that are read through `&mut`: none of vmi-core's types is, so the
//! runtime has nothing to do with them, and must not stand in the way.

use syn::{
    Block, Expr, FnArg, Ident, Local, Pat, PatIdent, Path, Signature, Type,
    visit::{self, Visit},
};

use crate::receiver::{self, Receiver};

/// The receivers of which the signature, or a `let` in the body, says so.
pub(crate) fn receivers(sig: &Signature, body: &Block) -> Vec<Receiver> {
    let mut unserved = Unserved(Vec::new());
    for input in &sig.inputs {
        if let FnArg::Typed(param) = input
            && let Pat::Ident(name) = &*param.pat
        {
            unserved.typed(name, &param.ty);
        }
    }
    unserved.visit_block(body);
    unserved.0
}

struct Unserved(Vec<Receiver>);

impl Unserved {
    /// `name: &mut Reader`, or `mut name: Reader`.
    fn typed(&mut self, name: &PatIdent, ty: &Type) {
        let (mutable, ty) = match ty {
            Type::Reference(reference) => (reference.mutability.is_some(), &*reference.elem),
            ty => (name.mutability.is_some(), ty),
        };
        let of_vmi_core = matches!(ty, Type::Path(path) if is_of_vmi_core(&path.path));
        if mutable && !of_vmi_core {
            self.add(&name.ident);
        }
    }

    fn add(&mut self, name: &Ident) {
        self.0.extend(Receiver::of(&syn::parse_quote!(#name)));
    }
}

impl<'ast> Visit<'ast> for Unserved {
    fn visit_local(&mut self, local: &'ast Local) {
        match (&local.pat, local.init.as_ref().map(|init| &*init.expr)) {
            (Pat::Ident(name), Some(value)) => {
                let mutable = match value {
                    Expr::Reference(reference) => reference.mutability.is_some(),
                    value => name.mutability.is_some() && makes_another(value),
                };
                if mutable {
                    self.add(&name.ident);
                }
            }
            (Pat::Type(typed), _) => {
                if let Pat::Ident(name) = &*typed.pat {
                    self.typed(name, &typed.ty);
                }
            }
            _ => {}
        }
        visit::visit_local(self, local);
    }

    fn visit_item(&mut self, _: &'ast syn::Item) {}
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
    let names_type = |name: &Ident| name.to_string().starts_with(char::is_uppercase);
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
