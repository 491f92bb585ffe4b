//! Well-known macros, by what they do with their arguments.

use syn::Macro;

/// Whether a macro takes its arguments as they are.
pub(crate) fn holds_text(mac: &Macro) -> bool {
    TEXT.contains(&name(mac).as_str())
}

/// The last name of a macro's path.
pub(crate) fn name(mac: &Macro) -> String {
    let last = mac.path.segments.last();
    last.map(|last| last.ident.to_string()).unwrap_or_default()
}

/// Macros that take their arguments as text or tokens, hold functions of their
/// own, or are probes by themselves. Not `line!` and its like, which take none:
/// one with arguments is somebody's own.
pub(crate) const TEXT: &[&str] = &[
    "cfg",
    "compile_error",
    "concat",
    "env",
    "global_asm",
    "include",
    "include_bytes",
    "include_str",
    "lazy_static",
    "macro_rules",
    "option_env",
    "parse_quote",
    "quote",
    "quote_spanned",
    "stringify",
    "thread_local",
    "vmi_probe",
];

/// Well-known macros that put their arguments into no loop.
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
