//! What macros do, by their names, and what their arguments hold.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::Macro;

use crate::{
    tokens::any_word,
    vocabulary::{self, name},
};

/// Macros that neither leave the function nor panic.
const STAY: &[&str] = &[
    "addr_of",
    "addr_of_mut",
    "anyhow",
    "cfg",
    "column",
    "concat",
    "dbg",
    "debug",
    "debug_span",
    "env",
    "eprint",
    "eprintln",
    "error",
    "error_span",
    "event",
    "file",
    "format",
    "format_args",
    "include_bytes",
    "include_str",
    "info",
    "info_span",
    "line",
    "matches",
    "module_path",
    "offset_of",
    "print",
    "println",
    "span",
    "stringify",
    "trace",
    "trace_span",
    "vec",
    "warn",
    "warn_span",
    "write",
    "writeln",
];

/// Whether a macro may leave the function, or panic.
pub(super) fn may_leave(mac: &Macro) -> bool {
    !STAY.contains(&name(mac).as_str())
}

/// Whether a macro takes its arguments as text, or may.
pub(super) fn takes_text(mac: &Macro) -> bool {
    vocabulary::holds_text(mac) || vocabulary::may_hold_text(mac)
}

/// Whether a macro may change what it is handed: all but those that are known
/// not to.
pub(super) fn may_change(mac: &Macro) -> bool {
    let name = name(mac);
    !vocabulary::LOOPLESS.contains(&name.as_str()) && !takes_text(mac)
        || matches!(name.as_str(), "write" | "writeln")
}

/// Whether what a macro gives may hold what it is handed.
pub(super) fn may_hold(mac: &Macro) -> bool {
    may_change(mac) || matches!(name(mac).as_str(), "dbg" | "vec")
}

/// How many of a macro's arguments are evaluated in any case.
pub(super) fn evaluates(mac: &Macro) -> usize {
    match name(mac).as_str() {
        "assert" | "ensure" | "matches" => 1,
        "assert_eq" | "assert_ne" => 2,
        "anyhow" | "bail" | "dbg" | "eprint" | "eprintln" | "format" | "format_args" | "panic"
        | "print" | "println" | "todo" | "unimplemented" | "unreachable" | "vec" | "write"
        | "writeln" => usize::MAX,
        _ => 0,
    }
}

/// Whether something is left from within a macro's arguments: how is seen only
/// where that runs.
pub(super) fn holds_exit(mac: &Macro) -> bool {
    !takes_text(mac)
        && any_word(&mac.tokens, &|word| {
            word == "return" || word == "break" || word == "continue"
        })
}

/// Whether tokens hold a block.
pub(super) fn holds_block(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Group(group) => {
            group.delimiter() == Delimiter::Brace && holds_statement(group.stream())
                || holds_block(group.stream())
        }
        _ => false,
    })
}

/// Whether there is a `;` in tokens.
pub(super) fn holds_statement(tokens: TokenStream) -> bool {
    tokens
        .into_iter()
        .any(|token| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ';'))
}
