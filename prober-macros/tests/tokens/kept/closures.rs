//! Closures that a variable holds, or that are called at once.

use super::{Function, SIGNATURE, Said, case, check, check_in, memory};

/// Where one that only asks misses, others are still asked.
#[test]
fn closures_that_ask() {
    check(
        r#"
        let f = |k| x.d(k); let a = f(1)?; let b = f(2)?; act(a, b); Ok(x.c()?) // d(1): d(1)! d(2) c
        let f = |k| x.d(k); act(f(1)?); let b = f(2)?; act(b); Ok(x.c()?) // d(1): d(1)! d(2) c
        let f = |k| x.d(k); Ok(Row { a: f(1)?, b: f(2)? }) // d(1): d(1)! d(2)
        let f = |k| Ok(x.d(k)? + x.e()?); let a = f(1)?; let b = f(2)?; act(a, b); Ok(x.c()?) // d(1): d(1)! d(2) e c
        let a = x.a()?; act(a); let items = [1, 2].iter().map(|i| i); for i in items { let b = x.b(i)?; } Ok(1) // a: a! b(1) b(2)
        let g = 5; let r = |o| vmi.read_u8(g, o); let a = r(1)?; let b = r(2)?; act(a, b); Ok(x.c()?) // read_u8(5,1): read_u8(5,1)! read_u8(5,2) c
        let g = x.b()?; let r = |o| vmi.read_u8(g, o); let a = r(1)?; let b = r(2)?; Ok(a + b) // b: b!
        let mut g = 5; let r = |o| vmi.read_u8(g, o); let a = x.a()?; g = a; let b = r(2)?; Ok(b) // a: a!
    "#,
    );
}

/// What they could have changed is missing.
#[test]
fn closures_that_change_something() {
    check(
        r#"
        let t = y.g()?; let f = |n| t.add(n); let a = x.a()?; f(a); let e = x.e(t)?; Ok(x.c()?) // a: g a! c
        let t = y.g()?; let f = |n| t.add(n); let a = x.a()?; f(a)?; let e = x.e(t)?; Ok(x.c()?) // a: g a! c
        let t = y.g()?; let f = |n| t.add(n); let a = x.a()?; act(&f, a); let e = x.e(t)?; Ok(x.c()?) // a: g a! c
        let t = y.g()?; let f = |n| t.add(n); let a = x.a()?; y.act(f, a); let e = x.e(t)?; Ok(x.c()?) // a: g a! c
        let t = y.g()?; let f = |n| { t.add(n); 1 }; let a = x.a()?; let u = f(a); let e = x.e(t)?; Ok(x.c()?) // a: g a! c
        let t = y.g()?; let f = |n| t.fetch_add(n); let a = x.a()?; let u = f(a); let e = x.e(t)?; Ok(x.c()?) // a: g a! c
        let t = Cell::new(0); let f = |n| t.replace(n); let a = x.a()?; let u = f(a); let e = x.e(t.get())?; Ok(x.c()?) // a: a! c
        let mut t = 0; let mut f = |n| { t += n; t }; let a = x.a()?; let u = f(a); let e = x.e(t)?; Ok(x.c()?) // a: a! c
        let mut t = 0; let r = &mut t; let mut f = |n| fill(r, n); let a = x.a()?; let u = f(a); let e = x.e(t)?; Ok(x.c()?) // a: a! c
    "#,
    );
}

/// A call of one that takes a fault apart dooms the run: nothing acts behind it.
#[test]
fn closures_that_take_apart() {
    for closure in [
        "|k| k.a().is_ok()",
        "|k| k.a().unwrap_or(1)",
        "|k| if let Ok(v) = k.a() { v } else { 1 }",
        "|k| Ok(k.a()? + 1)",
        "|k| Some(k.a().ok()?)",
        "|k| format!(\"{}\", k.a().is_ok())",
        "|k| { let g = |q| q.a().is_ok(); g(k) }",
    ] {
        for use_it in [
            "let n = f(x); act(n);",
            "let n = (1, f(x)); act(n);",
            "let n = f(x); let e = y.e()?; act(n, e);",
            "let g = |q| f(q); let n = g(x); act(n);",
            "let g = f; let n = g(x); act(n);",
            "let g = &f; let n = g(x); act(n);",
            "let n = [x].map(f).count(); act(n);",
            "let n = [x].map(|k| f(k)).count(); act(n);",
            "if f(x) { act(2); } act(3);",
            "match f(x) { _ => { act(2); } } act(3);",
            "for i in [f(x)] { act(i); }",
            "while f(x) { act(1); break; } act(2);",
            "act(f(x));",
            "act((1, f(x)));",
            "act(*f(x));",
            "act(y.e()?, f(x));",
            "println!(\"{}\", f(x));",
            "let n = vec![f(x)]; act(n);",
            "let mut n = 1; n = f(x); act(n);",
            "let mut t = Row { n: 1 }; t.n = f(x); act(t);",
            "let n = { f(x) }; act(n);",
            "let n = if 1 { f(x) } else { 2 }; act(n);",
        ] {
            let is_value = !["Ok(k", "Some(k", "format"]
                .iter()
                .any(|of| closure.contains(of));
            if !is_value && (use_it.starts_with("if") || use_it.starts_with("while")) {
                continue;
            }
            let body = format!("let f = {closure}; act(0); {use_it} Ok(x.c()?)");
            let events = Function::new(SIGNATURE, &body).events(&memory("a"));
            let acts = events.rsplit("a!").next().expect("what is behind");
            assert!(!acts.contains('['), "{body}: {events}");
            assert!(acts.ends_with(" c"), "{body}: {events}");
        }
    }
}

/// A doomed run calls none in which something acts.
#[test]
fn closures_that_act() {
    for (body, acts) in [
        ("act(k); x.d(k)", true),
        ("act(k)?; x.d(k)", true),
        ("println!(k); x.d(k)", true),
        ("if k { act(k); } x.d(k)", true),
        ("x.act(k); x.d(k)", true),
        ("vmi.read_u8(1)?; x.d(k)", false),
        ("inner(1, suppressed)?; x.d(k)", false),
        ("let q = x.e()?; x.d(k)", false),
        ("debug!(k); x.d(k)", false),
        ("k.act(1); x.d(k)", false),
        ("t.push(k); x.d(k)", false),
        ("drop(k); x.d(k)", false),
        ("swap(k, 1); x.d(k)", false),
        ("Some(k); x.d(k)", false),
    ] {
        for call in ["let b = f(2)?;", "let b = y.g(&f)?;", "let b = (f(2)?, 1);"] {
            let body = format!(
                "let mut t = vec![1]; let mut f = |k| {{ {body} }}; let a = x.a()?; {call} Ok(b)"
            );
            case(SIGNATURE, &body, "a", Said::Has("a! ", !acts));
        }
        let body = format!(
            "let mut t = vec![1]; let a = x.a()?; let n = [2].map(|k| {{ {body} }}).count(); let e = x.e(n)?; Ok(x.c()?)"
        );
        case(SIGNATURE, &body, "a", Said::Has(" e(", !acts));
        case(SIGNATURE, &body, "a", Said::EndsWith(" c"));
    }
    check(
        r#"
        let n = [1].map(|i| { act(i); 1 }).count(); let a = x.a()?; let e = x.e(n)?; Ok(x.c()?) // a: [act(1)] a! e(1) c
        let a = x.a()?; let n = async { act(1); 1 }; let e = x.e(n)?; Ok(x.c()?) // a: a! c
        let it = [1].map(|i| { act(i); 1 }); let a = x.a()?; for i in it { let e = x.e(i)?; } Ok(x.c()?) // a: a! c
        # Also where it is handed the set: the function that it calls does not act, but it does.
        let f = |s| { act(1); inner(s) }; let a = x.a()?; let v = f(suppressed)?; Ok(x.c()?) // a: a! c
        let f = |s| { println!(1); inner(s) }; let a = x.a()?; f(suppressed)?; Ok(x.c()?) // a: a! c
        let f = |s| inner(s); let a = x.a()?; let v = f(suppressed)?; Ok(x.c()?) // a: a! inner c
    "#,
    );
    check_in(
        "fn f(x: &X, t: &mut Vec<u8>)",
        r#"
        let mut f = |s| { t.push(1); inner(s) }; let a = x.a()?; let v = f(suppressed)?; Ok(x.c()?) // a: a! c
    "#,
    );
    check_in(
        "fn f(&self, x: &X)",
        r#"
        let a = x.a()?; let n = [1].map(|i| { self.log(i); 1 }).count(); let e = x.e(n)?; Ok(x.c()?) // a: a! c
        let a = x.a()?; let n = [1].map(|i| { self.log.add(i); 1 }).count(); let e = x.e(n)?; Ok(x.c()?) // a: a! c
    "#,
    );
}

/// What acts in an async block does so where that is awaited.
#[test]
fn async_blocks_that_act() {
    check(
        r#"
        let n = async { act(1); 1 }; let a = x.a()?; let e = x.e(n.await)?; Ok(x.c()?) // a: a! c
        let a = x.a()?; let e = x.e(async { act(1); 1 }.await)?; Ok(x.c()?) // a: a! c
        let a = x.a()?; if async { act(1); 1 }.await { let e = x.e()?; } Ok(x.c()?) // a: a! c
        let a = x.a()?; let e = x.e(async { 1 }.await)?; Ok(x.c()?) // a: a! e(1) c
    "#,
    );
}

/// A function that inherits the doom does not act, but may call what it is
/// handed.
#[test]
fn closures_that_are_handed_on() {
    check(
        r#"
        let f = |k| { act(k); 1 }; let a = x.a()?; let b = inner(&f, suppressed)?; Ok(x.c()?) // a: a! c
        let f = |k| { act(k); 1 }; let a = x.a()?; let b = y.inner(f, suppressed)?; Ok(x.c()?) // a: a! c
        let f = |k| k + 1; let a = x.a()?; let b = inner(&f, suppressed)?; Ok(x.c()?) // a: a! inner c
    "#,
    );
}

/// A call that is not copied may tell what a closure gives.
#[test]
fn closures_whose_type_is_told_later() {
    check(
        r#"
        let a = x.a()?; act(a); let e = || [1].iter().sum(); let d = x.d(e())?; Ok(x.c()?) // a: a! c
        let a = x.a()?; act(a); let e = || { [1].iter().sum() }; let d = x.d(e())?; Ok(x.c()?) // a: a! c
        let a = x.a()?; act(a); let e = || [1].iter().sum::<u8>(); let d = x.d(e())?; Ok(x.c()?) // a: a! d(1) c
        let a = x.a()?; act(a); let e = || [1].iter().count(); let d = x.d(e())?; Ok(x.c()?) // a: a! d(1) c
        let a = x.a()?; act(a); let e = || { [1].iter().sum(); 1 }; let d = x.d(e())?; Ok(x.c()?) // a: a! d(1) c
        let a = x.a()?; act(a); let e = || 1; let d = x.d(e())?; Ok(x.c()?) // a: a! d(1) c
    "#,
    );
}
