//! What a doomed run does not do with a value that the plain run would have
//! refused before.

use super::{SIGNATURE, Said, case, check};

/// What an expression is asked for when `a` is missing, and a statement about
/// `m` was skipped.
#[track_caller]
fn behind(skipped: &str, asked_for: &str, is_asked: bool) {
    let body = format!(
        "let m = 1; let t = [1, 2]; let a = x.a()?; {skipped} let d = x.d({asked_for})?; let b = x.b()?; Ok(a)"
    );
    let asked = Said::Has("d(", is_asked);
    case(SIGNATURE, &body, "a", asked);
    case(SIGNATURE, &body, "a", Said::EndsWith(" b"));
}

/// An index that was to be checked.
#[test]
fn statements_that_check() {
    for (skipped, is_asked) in [
        ("check(m)?;", false),
        ("(check(m))?;", false),
        ("y.check(m)?;", false),
        ("check(m).await?;", false),
        ("{ check(m)?; }", false),
        ("if m > 2 { check(1)?; }", false),
        ("if 1 { check(m)?; }", false),
        ("match m { 1 => { check(1)?; } _ => {} }", false),
        ("match 1 { 1 => check(m)?, _ => 1 };", false),
        ("for i in t { check(m)?; }", false),
        ("check(1)?;", true),
        ("check(m);", true),
        ("y.g(m)?;", false),
        // What reads refuses nothing.
        ("vmi.read_u8(m)?;", true),
        ("inner(m, suppressed)?;", true),
        ("vmi.check(vmi, 1)?;", true),
        // Those that are not called here.
        ("act(|| { check(m)?; });", true),
        ("fn f() { check(m)?; }", true),
    ] {
        behind(skipped, "t[m]", is_asked);
    }
}

/// Where a wrong value does harm.
#[test]
fn uses_that_do_harm() {
    for (asked_for, is_asked) in [
        ("m", true),
        ("(m, 1)", true),
        ("Some(m)", true),
        ("t[m]", false),
        ("t[m..2]", false),
        ("t[..m]", false),
        ("m..2", false),
        ("m + 1", false),
        ("1 - m", false),
        ("m * 2", false),
        ("2 / m", false),
        ("2 % m", false),
        ("2 << m", false),
        ("2 >> m", false),
        ("m == 1", true),
        ("m > 0", true),
        ("g(m)", false),
        ("y.g(m)", false),
        // What can fail says so by itself.
        ("y.g(m)?", true),
        ("Vec::with_capacity(m)", false),
        ("vec![0; m]", false),
        ("vec![m, m]", true),
        ("vec![m + 1]", false),
        ("m.unwrap()", false),
        ("m.expect(1)", false),
    ] {
        behind("check(m)?;", asked_for, is_asked);
    }
}

/// What a `let` may refuse is no index or size while that is missing, but may
/// be a part of an address.
#[test]
fn what_is_in_doubt() {
    for (question, asked_for, is_asked) in [
        ("y.g(m)?", "t[m]", false),
        ("g(m)?", "t[m]", false),
        ("y.g(1)?", "t[m]", true),
        ("vmi.read_u8(m)?", "t[m]", true),
        ("inner(m, suppressed)?", "t[m]", true),
        ("y.g(m)?", "m..2", false),
        ("y.g(m)?", "2 / m", false),
        ("y.g(m)?", "m / 2", true),
        ("y.g(m)?", "m + 1", true),
        ("y.g(m)?", "m - 1", true),
        ("y.g(m)?", "m * 2", true),
        ("y.g(m)?", "vec![0; m]", false),
        ("y.g(m)?", "Vec::with_capacity(m)", false),
        ("y.g(m)?", "m.unwrap()", false),
        ("y.g(m)?", "t.swap_remove(m)", false),
        ("y.g(m)?", "t.windows(m)", false),
        ("y.g(m)?", "y.g(m)", true),
    ] {
        let body = format!(
            "let m = 1; let t = [1, 2]; let c = {question}; act(1); let d = x.d({asked_for})?; let b = x.b()?; Ok(c)"
        );
        let missing = "g g(1) read_u8(1) read_u8 inner inner(1)";
        case(SIGNATURE, &body, missing, Said::Has("d(", is_asked));
        case(SIGNATURE, &body, missing, Said::EndsWith(" b"));
    }
}

/// The plain function does the same with what was checked.
#[test]
fn values_that_were_checked() {
    check(
        r#"
        let m = 1; let t = [1, 2]; act(m)?; let d = x.d(t[m])?; Ok(d) // d(2): [act(1)] d(2)!
        let m = 1; let t = [1, 2]; let a = x.a()?; act(m)?; let d = x.d(t[m])?; Ok(a + d) // a: a!
        let m = 1; let t = [1, 2]; let a = x.a()?; act(1)?; let d = x.d(t[m])?; Ok(a + d) // a: a! d(2)
        let m = 1; let a = x.a()?; act(m)?; let d = x.d(m)?; Ok(a + d) // a: a! d(1)
        let m = 1; let t = [1, 2]; let c = x.c(m)?; let d = x.d(t[m])?; Ok(c + d) // c(1): c(1)!
        let m = 1; let t = [1, 2]; let c = x.c()?; let d = x.d(t[m])?; Ok(c + d) // c: c! d(2)
        let m = 1; let t = [1, 2]; Ok(x.c(m)? + x.d(t[m])?) // c(1): c(1)!
        let m = 1; let t = [1, 2]; let a = x.a()?; check(m)?; let d = d(m)?; let b = x.b()?; Ok(a) // a: a! d(1) b
        let m = 1; let t = [1, 2]; let a = x.a()?; check(m)?; let d = x.d([t[m]; 1])?; let b = x.b()?; Ok(a) // a: a! b
        let t = [1, 2, 3]; for k in [1, 2] { if x.e(k)? > 0 { let d = x.d(t[k])?; } y.check(k)?; } Ok(x.c()?) // e(1): e(1)! e(2) d(3) c
        let m = 1; let t = [1, 2]; check(x.a()?, m)?; let d = x.d(t[m])?; act(d); Ok(x.b()?) // a: a! b
    "#,
    );
}

/// A slot that is empty leaves what its call mentions in doubt, as a search does.
#[test]
fn slots_that_are_in_doubt() {
    check(
        r#"
        let m = 1; let t = [1, 2]; let a = x.a()?; let e = x.e(m)?; let d = x.d(t[m])?; Ok(d) // e(1): a e(1)!
        let m = 1; let t = [1, 2]; let a = x.a()?; let e = x.e(m)?; let d = x.d(t[m])?; Ok(d) // a: a! e(1) d(2)
        let m = 1; let t = [1, 2]; let a = x.a()?; let e = x.e(m)?; let c = x.c()?; let d = x.d(t[m])?; Ok(d) // e(1): a e(1)! c
    "#,
    );
}
