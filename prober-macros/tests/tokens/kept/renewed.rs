//! Variables that are moved and get another value: a run that misses between the
//! two does not go on with the next item.

use super::{SIGNATURE, Said, case, check};

/// How a body uses its variable `t`, and whether a run that misses before goes
/// on.
#[test]
fn what_moves_a_variable() {
    for (body, goes_on) in [
        ("t = add(t);", false),
        ("t = t.add(1);", false),
        ("t = t + 1;", false),
        ("t = (t, 1);", false),
        ("t = vec![t];", false),
        ("let e = anyhow!(t); t = 1;", false),
        ("t = { let u = t; u };", false),
        ("t = match t { u => u };", false),
        ("t = add(t.f);", false),
        ("t.f = add(t.f);", false),
        ("t = add(&g(t));", false),
        ("t[add(t)] = 1; t = 1;", false),
        ("t = [1, 2][add(t)];", false),
        ("t = format!(\"{}\", add(t));", false),
        ("t = if t.is_some_and(g) { 1 } else { 2 };", false),
        ("t = t.count();", false),
        ("let f = move || t.len(); t = 1;", false),
        ("let f = async move { t.len() }; t = 1;", false),
        ("t = add(t); let t = 1;", false),
        // By reference.
        ("t = 1;", true),
        ("t += 1;", true),
        ("t = add(&t);", true),
        ("t = add(&t.f);", true),
        ("t = t[0];", true),
        ("t = t.len();", true),
        ("t = t.is_empty();", true),
        ("t = if t > 1 { 1 } else { 2 };", true),
        ("t = format!(\"{}\", t);", true),
        ("let f = || t.len(); t = 1;", true),
        // It is another variable.
        ("let mut t = 1; t = add(t);", true),
        ("{ let mut t = make(); t = add(t); }", true),
    ] {
        let body = format!(
            "let mut t = x.t()?; for k in x.k()? {{ let a = k.a()?; act(a); {body} }} Ok(x.c()?)"
        );
        let events = if goes_on {
            "t k k.0.a! k.1.a c"
        } else {
            "t k k.0.a! c"
        };
        case(SIGNATURE, &body, "k.0.a", Said::Is(events.to_owned()));
    }
    check(
        r#"
        let mut t = x.t()?; for k in x.k()? { let b = k.b()?; let s = add!(t, b); let a = k.a()?; act(a); t = s; } Ok(x.c()?) // k.0.a: t k k.0.b [add(t,k.0.b)] k.0.a!
    "#,
    );
}

/// A number is not moved. How a variable `t` is declared, and whether a run
/// that misses before `t = add(t)` goes on.
#[test]
fn what_is_copied() {
    for (signature, declared, goes_on) in [
        ("", "let mut t = 1;", true),
        ("", "let mut t = -1;", true),
        ("", "let mut t = (1);", true),
        ("", "let mut t = @(1);", true),
        ("", "let mut t = 1 as u64;", true),
        ("", "let mut t = u64::MAX;", true),
        ("", "let mut t = 1 > 2;", true),
        ("", "let mut t = &1;", true),
        ("", "let mut t: u64 = make();", true),
        ("", "let mut t: &Row = make();", true),
        ("", "let mut t: (u8, &str) = make();", true),
        ("mut t: u64", "", true),
        ("", "let mut t = make();", false),
        ("", "let mut t = 1 + 2;", false),
        ("", "let mut t = 1 as T;", false),
        ("", "let mut t = Kind::Start;", false),
        ("", "let mut t = &mut 1;", false),
        ("", "let mut t: Row = make();", false),
        ("", "let mut t: [u8; 2] = make();", false),
        ("", "let mut t: &mut Row = make();", false),
        ("", "let mut t: (u8, Row) = make();", false),
        ("mut t: Row", "", false),
        // Another variable of that name is a number.
        ("t: u64", "let (mut t, _) = (x, 1);", false),
        (
            "t: u64",
            "let Some(mut t) = Some(x) else { return Ok(1) };",
            false,
        ),
    ] {
        let body = format!(
            "{declared} for k in x.k()? {{ let a = k.a()?; act(a); t = add(t); }} Ok(x.c()?)"
        );
        let end = if goes_on {
            "k k.0.a! k.1.a c"
        } else {
            "k k.0.a! c"
        };
        let signature = format!("fn f(x: &X, {signature})");
        case(&signature, &body, "k.0.a", Said::EndsWith(end));
    }
    // Elsewhere, too.
    let body = "let t = 1; act(t); match x.t()? { mut t => { for k in x.k()? { \
        let a = k.a()?; act(a); t = add(t); } } } Ok(x.c()?)";
    let events = "[act(1)] t k k.0.a! c".to_owned();
    case(SIGNATURE, body, "k.0.a", Said::Is(events));
}

/// A value during which a variable is moved and renewed does not wait: behind it
/// the variable may have no value.
#[test]
fn renewed_within_a_value() {
    check(
        r#"
        let mut t = x.t()?; let q = { let s = t; let a = x.a()?; t = s; a }; let b = x.b()?; Ok(q + b) // a: t a! b
        let mut t = x.t()?; let q = { let s = t; let a = x.a()?; t = s; a }; let d = x.d(t)?; Ok(q + d) // a: t a!
        let c = x.c()?; let mut t = x.t()?; let q = { let s = t; let a = x.a()?; t = s; a }; let d = x.d(t)?; Ok(q + d) // c a: c! t a!
    "#,
    );
}

/// What is moved in a search is moved there for each item.
#[test]
fn renewed_in_a_search() {
    check(
        r#"
        let c = x.c()?; act(c); let mut t = x.t()?; for k in x.k()? { let a = k.a()?; act(a); t = (t, a); } Ok(x.b()?) // c: c! t k k.0.a k.1.a b
        let c = x.c()?; act(c); let mut t = x.t()?; for k in x.k()? { let s = t; let q = match k.a()? { a => { t = s; a } }; act(q); } Ok(x.b()?) // c: c! t k k.0.a b
        let c = x.c()?; act(c); let mut t = [1]; for k in x.k()? { let mut s = t; vmi.read(k, &mut s)?; t = s; } Ok(x.b()?) // c: c! k read(k.0) b
    "#,
    );
}
