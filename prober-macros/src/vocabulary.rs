//! The words that the attribute knows: methods and types of vmi-core, and
//! well-known macros.

use proc_macro2::{Ident, TokenTree};
use syn::{BinOp, Macro};

use crate::tokens::unraw;

/// Whether a name is that of a type in vmi-core that reads guest memory.
pub(crate) fn is_of_vmi_core(name: &Ident) -> bool {
    matches!(
        name.to_string().as_str(),
        "VmiContext" | "VmiCore" | "VmiSession" | "VmiState"
    )
}

/// Whether a method by this name is probed.
pub(crate) fn is_read(method: &Ident) -> bool {
    let name = unraw(method);
    name == "read"
        || name.starts_with("read_") && name != "read_page" && name != "read_string_length_limit"
}

/// Whether the runtime serves a read by this name (makes it page by page, and
/// reports all pages that it misses) if its receiver is a type of vmi-core.
pub(crate) fn is_served(method: &Ident) -> bool {
    let name = unraw(method);
    // Not `read_u8`: it touches one page, so vmi-core does as well.
    matches!(
        name.strip_suffix("_in").unwrap_or(&name),
        "read"
            | "read_struct"
            | "read_u16"
            | "read_u32"
            | "read_u64"
            | "read_uint"
            | "read_field"
            | "read_address"
            | "read_address_native"
            | "read_address32"
            | "read_address64"
            | "read_va"
            | "read_va_native"
            | "read_va32"
            | "read_va64"
    ) || name.starts_with("read_string")
}

/// Whether the name of a read tells the type of its value.
pub(crate) fn tells_type(method: &Ident) -> bool {
    reads_number(method) || unraw(method).starts_with("read_string")
}

/// Whether a read by this name gives a number or an address.
pub(crate) fn reads_number(method: &Ident) -> bool {
    let name = unraw(method);
    ["read_u", "read_va", "read_address"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
}

/// Whether a method by this name acts on the guest: its memory, registers,
/// views, frames, or the events it raises.
///
/// Not `pause` and `resume`: a function that leaves before its `resume` would
/// leave the guest paused.
pub(crate) fn changes_guest(method: &Ident) -> bool {
    let name = unraw(method);
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
                | "reset_state"
                | "wait_for_event"
        )
}

/// Whether a macro takes its arguments as they are: as text or tokens, as
/// functions of their own, or because it is a probe by itself. The name alone
/// does not decide it where the user may have a macro of the same name.
pub(crate) fn holds_text(mac: &Macro) -> bool {
    match name(mac).as_str() {
        "stringify" => is_of(mac, &["core", "std"]),
        "macro_rules" | "vmi_probe" => true,
        // They make statics, which cannot see a receiver.
        "lazy_static" | "thread_local" => mac
            .tokens
            .clone()
            .into_iter()
            .any(|token| matches!(token, TokenTree::Ident(word) if word == "static")),
        "parse_quote" | "quote" | "quote_spanned" => {
            mac.path.segments.len() > 1 && is_of(mac, &["quote", "syn"])
        }
        _ => false,
    }
}

/// Whether a macro may take its arguments as tokens: a well-known one of this
/// name does.
pub(crate) fn may_hold_text(mac: &Macro) -> bool {
    mac.path.segments.len() == 1
        && matches!(
            name(mac).as_str(),
            "parse_quote" | "quote" | "quote_spanned"
        )
}

/// Whether the path of a macro begins with one of these names, or is only the
/// macro's name.
fn is_of(mac: &Macro, crates: &[&str]) -> bool {
    let first = &mac.path.segments[0].ident;
    mac.path.segments.len() == 1 || crates.iter().any(|name| first == name)
}

/// Whether a macro by this name takes text, wherever it is.
pub(crate) fn is_text(name: &str) -> bool {
    matches!(
        name,
        "quote" | "quote_spanned" | "parse_quote" | "stringify" | "vmi_probe"
    )
}

/// The last name of a macro's path.
pub(crate) fn name(mac: &Macro) -> String {
    let last = mac.path.segments.last();
    last.map(|last| last.ident.to_string()).unwrap_or_default()
}

/// Well-known macros that do not put their arguments into a loop.
pub(crate) const LOOPLESS: &[&str] = &[
    "anyhow",
    "assert",
    "assert_eq",
    "assert_ne",
    "bail",
    "dbg",
    "debug",
    "debug_assert",
    "debug_assert_eq",
    "debug_assert_ne",
    "ensure",
    "eprint",
    "eprintln",
    "error",
    "event",
    "format",
    "format_args",
    "info",
    "matches",
    "panic",
    "print",
    "println",
    "todo",
    "trace",
    "unimplemented",
    "unreachable",
    "vec",
    "warn",
    "write",
    "writeln",
];

/// Whether an operator assigns.
pub(crate) fn assigns(op: &BinOp) -> bool {
    matches!(
        op,
        BinOp::AddAssign(_)
            | BinOp::SubAssign(_)
            | BinOp::MulAssign(_)
            | BinOp::DivAssign(_)
            | BinOp::RemAssign(_)
            | BinOp::BitXorAssign(_)
            | BinOp::BitAndAssign(_)
            | BinOp::BitOrAssign(_)
            | BinOp::ShlAssign(_)
            | BinOp::ShrAssign(_)
    )
}
