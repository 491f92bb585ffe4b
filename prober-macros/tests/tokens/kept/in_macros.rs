//! What stands in the arguments of a macro counts as it does elsewhere.

use super::{SIGNATURE, Said, case, check, check_in};

/// What outlives the function: no doomed run may change it.
#[test]
fn effects() {
    for value in [
        "vec![t.pop(), x.b()?]",
        "format!(1, t.pop(), x.b()?)",
        "vec![(t.pop(), x.b()?)]",
        "vec![vec![t.pop()], x.b()?]",
        "vec![fill(&mut t), x.b()?]",
        "vec![fill(t), x.b()?]",
        "vec![(t.f = 2), x.b()?]",
        "vec![(n = 2), x.b()?]",
        "vec![vmi.write_u8(1), x.b()?]",
        "vec![|| t.pop(), x.b()?]",
        "matches!((t.pop(), x.b()?), (1, _))",
        "m!(t.pop(), x.b()?)",
        "m!(t => x.b()?)",
    ] {
        let asked = if value.starts_with("m!") {
            "a!"
        } else {
            "a! b"
        };
        let body = format!("let mut n = 1; let a = x.a()?; let v = {value}; Ok(a)");
        let signature = "fn f(x: &X, vmi: &Vmi, t: &mut Vec<u8>)";
        case(signature, &body, "a", Said::Is(asked.to_owned()));
    }
    check_in(
        "fn f(x: &X, t: &mut Vec<u8>)",
        r#"
        let a = x.a()?; for i in vec![t.pop()] { let b = x.b()?; } Ok(x.c()?) // a: a! c
        let a = x.a()?; if matches!(t.pop(), Some(_)) { let b = x.b()?; } Ok(x.c()?) // a: a! c
        let a = x.a()?; let n = vec![t.pop()]; let e = x.e(n)?; Ok(a) // a: a!
        # Nothing of the caller's.
        let a = x.a()?; let n = vec![1]; let e = x.e(n)?; Ok(a) // a: a! e([1])
        let a = x.a()?; let n = vec![t.len()]; let e = x.b()?; Ok(a) // a: a! b
        let a = x.a()?; let n = stringify!(t.pop()); let b = x.b()?; Ok(a) // a: a! b
    "#,
    );
}

/// What an operand changes, those behind it do not ask with.
#[test]
fn changes_between_operands() {
    check(
        r#"
        let k = Cell::new(1); let v = (x.a()?, vec![k.set(2)], x.d(k.get())?); Ok(v) // a: a!
        let mut t = vec![1, 2]; let v = (x.a()?, vec![t.pop()], x.d(t.len())?); Ok(v) // a: a!
        let mut t = vec![1, 2]; let v = (x.a()?, vec![t.len()], x.d(t.len())?); Ok(v) // a: a! d(2)
    "#,
    );
}

/// What a macro gives may be a reference to what it is handed.
#[test]
fn links() {
    for (link, act) in [
        ("let r = vec![&mut t];", "act(r);"),
        ("let r = y.g(vec![&mut t]);", "act(r);"),
        ("let q = &mut t; let r = vec![q];", "act(r);"),
        ("let q = &mut t; let r = vec![Some(q)];", "act(r);"),
        ("let q = &mut t; let r = dbg!(q);", "act(r);"),
        ("let r = m!(&mut t);", "act(r);"),
        ("let r = m!(t);", "act(r);"),
        ("let r = vec![|v| t = v];", "act(r);"),
        ("let r = t.slot(3);", "m!(r);"),
        ("let r = t.slot(3);", "write!(r, 1)?;"),
    ] {
        let body = format!(
            "let mut t = 0; {link} let a = x.a()?; {act} let e = x.e(t)?; let b = x.b()?; Ok(b)"
        );
        case(SIGNATURE, &body, "a", Said::Has(" e", false));
    }
    for link in [
        "let r = format!(1, &mut t);",
        "let q = &mut t; let r = format!(1, q);",
        "let r = vec![t];",
        "let r = stringify!(&mut t);",
    ] {
        let body = format!(
            "let mut t = 0; {link} let a = x.a()?; act(r); let e = x.e(t)?; let b = x.b()?; Ok(b)"
        );
        case(SIGNATURE, &body, "a", Said::Has(" e(0)", true));
    }
    for view in ["vec![&t]", "vec![(&t, 1)]", "m!(t)"] {
        let body = format!(
            "let mut t = 0; let r = {view}; let a = x.a()?; t += a; let e = x.e(r)?; let b = x.b()?; Ok(b)"
        );
        case(SIGNATURE, &body, "a", Said::Has(" e", false));
    }
}

/// What a macro writes to.
#[test]
fn cells() {
    check(
        r#"
        let t = RefCell::new(0); let a = x.a()?; write!(t.borrow_mut(), a)?; let e = x.e(t.get())?; Ok(x.b()?) // a: a! b
        let t = RefCell::new(0); let a = x.a()?; write!(&t, a)?; let e = x.e(t.get())?; Ok(x.b()?) // a: a! b
        let t = RefCell::new(0); let a = x.a()?; println!(&t, a); let e = x.e(t.get())?; Ok(x.b()?) // a: a! e(0) b
        let t = RefCell::new(0); let a = x.a()?; { write! {&t, a} } let e = x.e(t.get())?; Ok(x.b()?) // a: a! b
        let t = Cell::new(0); let a = x.a()?; println!("{}", t.replace(a)); let e = x.e(t.get())?; Ok(x.b()?) // a: a! b
    "#,
    );
}

/// An index that a call might have refused.
#[test]
fn risks() {
    for (question, is_asked) in [
        ("vec![y.g(m)?]", false),
        ("format!(1, y.g(m)?)", false),
        ("vec![y.g(1)?]", true),
    ] {
        let body = format!(
            "let m = 1; let t = [1, 2]; let c = {question}; act(1); let d = x.d(t[m])?; let b = x.b()?; Ok(c)"
        );
        case(SIGNATURE, &body, "g g(1)", Said::Has("d(", is_asked));
        case(SIGNATURE, &body, "g g(1)", Said::EndsWith(" b"));
    }
}
