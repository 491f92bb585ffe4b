//! Which calls are reads: on which receivers, and by which names.

use proc_macro2::Ident;
use syn::{Expr, ExprMethodCall, Member, UnOp, ext::IdentExt};

/// A receiver that the attribute knows: a path of names, such as `self.vmi`.
///
/// Compared by text, seen through parentheses, groups, `&` and `*`: in code
/// that a macro made the same name may have several hygiene marks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Receiver(Vec<String>);

impl Receiver {
    /// The receiver that is known without being named.
    pub(crate) fn vmi() -> Self {
        Self(vec!["vmi".to_owned()])
    }

    /// A variable.
    pub(crate) fn named(name: &Ident) -> Self {
        Self(vec![name.unraw().to_string()])
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

/// Collects the names of a receiver, from the left.
fn collect(expr: &Expr, names: &mut Vec<String>) -> bool {
    match peel(expr) {
        Expr::Path(path) => {
            let Some(ident) = path.path.get_ident() else {
                return false;
            };
            names.push(ident.unraw().to_string());
            path.qself.is_none()
        }
        Expr::Field(field) => {
            let name = match &field.member {
                Member::Named(ident) => ident.unraw().to_string(),
                Member::Unnamed(index) => index.index.to_string(),
            };
            collect(&field.base, names) && {
                names.push(name);
                true
            }
        }
        Expr::MethodCall(call) if call.args.is_empty() && call.turbofish.is_none() => {
            collect(&call.receiver, names) && {
                names.push(format!("{}()", call.method.unraw()));
                true
            }
        }
        _ => false,
    }
}

/// Sees through what does not change which receiver an expression is.
fn peel(mut expr: &Expr) -> &Expr {
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
    // Most calls are on something else: that is seen without an allocation.
    match peel(&call.receiver) {
        Expr::Path(path) => path.path.get_ident().is_some_and(|ident| {
            receivers
                .iter()
                .any(|receiver| matches!(&*receiver.0, [name] if ident.unraw() == name))
        }),
        Expr::Field(_) | Expr::MethodCall(_) if receivers.len() > 1 => {
            Receiver::of(&call.receiver).is_some_and(|receiver| receivers.contains(&receiver))
        }
        _ => false,
    }
}

/// Whether a name is that of a type of vmi-core's that reads guest memory.
pub(crate) fn is_of_vmi_core(name: &Ident) -> bool {
    matches!(
        name.to_string().as_str(),
        "VmiContext" | "VmiCore" | "VmiSession" | "VmiState"
    )
}

/// Whether a method by this name is probed.
pub(crate) fn is_read(method: &Ident) -> bool {
    let name = method.unraw().to_string();
    name == "read"
        || name.starts_with("read_") && name != "read_page" && name != "read_string_length_limit"
}

/// Whether a read by this name is served by the runtime where it is made on a
/// type of vmi-core's.
pub(crate) fn is_served(method: &Ident) -> bool {
    let name = method.unraw().to_string();
    matches!(
        name.as_str(),
        "read" | "read_in" | "read_struct" | "read_struct_in"
    ) || name.starts_with("read_string")
}

/// Whether a method by this name acts on the guest: its memory, registers,
/// views, frames, or the events it raises.
///
/// Not `pause` and `resume`: a function that leaves before its `resume` would
/// leave the guest paused.
pub(crate) fn acts_on_guest(method: &Ident) -> bool {
    let name = method.unraw().to_string();
    ["write_", "set_", "inject_"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
        || matches!(
            name.as_str(),
            "write"
                | "switch_to_view"
                | "create_view"
                | "destroy_view"
                | "change_view_gfn"
                | "reset_view_gfn"
                | "allocate_gfn"
                | "allocate_gfn_at"
                | "free_gfn"
                | "monitor_enable"
                | "monitor_disable"
        )
}
