//! Macros that the function defines, and what the text of a macro mentions.

use super::{SIGNATURE, Said, case, check};

/// A macro sees the variables that its text mentions, as a closure does: with them
/// it is missing.
#[test]
fn what_a_macro_sees() {
    for (text, question, is_asked) in [
        ("t", "x.d(now!())?", false),
        ("k", "x.d(now!())?", true),
        ("$t", "x.d(now!())?", true),
        ("t", "x.d(vec![now!()])?", false),
        ("t", "x.d(m::now!())?", true),
        ("t", "x.d(vec![m::now!()])?", true),
        (
            "t",
            "{ macro_rules! two { () => { now!() } } x.d(two!())? }",
            false,
        ),
        (
            "k",
            "{ macro_rules! two { () => { t } } x.d(two!())? }",
            false,
        ),
        (
            "k",
            "{ macro_rules! two { () => { k } } x.d(two!())? }",
            true,
        ),
    ] {
        let body = format!(
            "let k = 1; let mut t = 0; macro_rules! now {{ () => {{ {text} }} }} \
             let a = x.a()?; t += a; let d = {question}; Ok(d)"
        );
        case(SIGNATURE, &body, "a", Said::Has(" d(", is_asked));
    }
}

/// One that mentions what is missing is defined where that is bound.
#[test]
fn macros_of_what_is_missing() {
    check(
        r#"
        let n = x.a()?; macro_rules! now { () => { n } } let v = now!(); let b = x.b(v)?; act(v); Ok(x.c()?) // a: a!
    "#,
    );
}

/// No doomed run calls one that changes what outlives the function.
#[test]
fn macros_that_act() {
    for (text, is_asked) in [("list.pop()", false), ("k.pop()", true)] {
        let body = format!(
            "act(0); let k = 1; macro_rules! next {{ () => {{ {text} }} }} \
             let a = x.a()?; let n = next!(); let d = x.d(n)?; Ok(d)"
        );
        let signature = "fn f(x: &X, list: &mut Vec<u8>)";
        case(signature, &body, "a", Said::Has(" d(", is_asked));
    }
}

/// In the text of a macro a name is that of a variable, but not behind a `.`, in a
/// path, or before a `:`.
#[test]
fn names_in_text() {
    check(
        r#"
        let mut t = 0; let a = x.a()?; t += a; let d = x.d(vec![Row { g: t }])?; Ok(x.b()?) // a: a! b
        let mut t = 0; let a = x.a()?; t += a; let d = x.d(vec![Row { g: -t }])?; Ok(x.b()?) // a: a! b
        let mut t = 0; let a = x.a()?; t += a; let d = x.d(vec![t, ::k::Max])?; Ok(x.b()?) // a: a! b
        let mut t = 0; let a = x.a()?; t += a; let d = x.d(vec![Row { t: 1 }])?; Ok(x.b()?) // a: a! d([t:1 ]) b
        let mut t = 0; let a = x.a()?; t += a; let d = x.d(vec![t::Max])?; Ok(x.b()?) // a: a! d([Max]) b
        let mut t = 0; let a = x.a()?; t += a; let d = x.d("{t}")?; Ok(x.b()?) // a: a! d("{t}") b
        let mut t = 0; let a = x.a()?; t += a; let d = x.d(format!("{t}"))?; Ok(x.b()?) // a: a! b
        let a = x.a()?; COUNT.set(a); let d = x.d(vec![crate::COUNT])?; Ok(x.b()?) // a: a! b
        let a = x.a()?; COUNT.set(a); let d = x.d(vec![COUNT::Max])?; Ok(x.b()?) // a: a! d([Max]) b
        let a = x.a()?; COUNT.set(a); let d = x.d(vec![crate::COUNT::Max])?; Ok(x.b()?) // a: a! d([Max]) b
    "#,
    );
}

/// What is handed to a macro as text is not evaluated.
#[test]
fn text() {
    let body = "act(0); let a = x.a()?; let n = stringify!(t.pop()); let d = x.d(n)?; Ok(d)";
    case(
        "fn f(x: &X, t: &mut Vec<u8>)",
        body,
        "a",
        Said::Has(" d(", true),
    );
}
