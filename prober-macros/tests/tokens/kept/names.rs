//! What is missing with a name that is missing.

use super::{SIGNATURE, Said, case, check, check_in, check_one};

/// A pattern mentions nothing: it binds another variable of the name.
#[test]
fn names_in_patterns() {
    check(
        r#"
        let a = x.a()?; let v = match 1 { a => 2 }; let b = x.b(v)?; Ok(b) // a: a! b(2)
        let a = x.a()?; let v = match 1 { a => a }; let b = x.b(v)?; Ok(b) // a: a!
        let mut n = 1; act(x.a()?); n = x.c()?; let v = if let n = 3 { 2 } else { 4 }; Ok(x.b(v)?) // c: a [act(a)] c! b(2)
    "#,
    );
}

/// Missing spreads by name.
#[test]
fn what_a_skipped_statement_could_have_changed() {
    check(
        r#"
        let mut n = 1; let a = x.a()?; n = a; let d = x.d(n)?; Ok(d) // a: a!
        let mut n = 1; let a = x.a()?; n += 1; let d = x.d(n)?; Ok(a + d) // a: a!
        let mut list = Vec::new(); list.push(x.a()?); let d = x.d(list.len())?; Ok(d) // a: a!
        let list = Vec::new(); list.push(x.a()?); let d = x.d(list.len())?; Ok(d) // a: a!
        let count = Cell::new(0); let a = x.a()?; count.set(a); let d = x.d(count.get())?; Ok(d) // a: a!
        let count = Cell::new(0); let at = || count.get(); let a = x.a()?; count.set(a); let d = x.d(at())?; Ok(d) // a: a!
        let mut n = 0; let r = &mut n; let a = x.a()?; *r += a; let d = x.d(n)?; Ok(d) // a: a!
        let mut n = 0; let mut add = |by| n += by; let a = x.a()?; add(a); let d = x.d(n)?; Ok(d) // a: a!
        let mut n = 0; if x.a()? { n = 1; } let d = x.d(n)?; Ok(d + x.b()?) // a: a! b
        let mut n = 0; let a = x.a()?; act(&mut n); let d = x.d(n)?; Ok(a + d) // a: a!
        let mut n = x.n()?; let a = x.a()?; act(n); let d = x.d(n)?; Ok(a + d) // a: n a!
        let c = 1; let mut n = &c; let a = x.a()?; act(n); let d = x.d(n)?; Ok(a + d) // a: a!
        let mut n = x.n()?; let a = x.a()?; vmi.read(a, n)?; let d = x.d(n)?; Ok(a + d) // a: n a!
        # A number is handed on by its value.
        let mut n = 0; let a = x.a()?; act(n); let d = x.d(n)?; n = 2; Ok(a + d) // a: a! d(0)
        let n = 0; let a = x.a()?; act(n); let d = x.d(n)?; Ok(a + d) // a: a! d(0)
        let a = x.a()?; Count.set(a); let d = x.d(Count)?; Ok(x.c()?) // a: a! d(Count) c
        let mut n = 0; let a = x.a()?; let v = (n += 2); let e = x.e(n)?; Ok(e) // a: a!
        let mut n = 0; let a = x.a()?; let v = (n = 2); let e = x.e(n)?; Ok(e) // a: a!
        let mut t = 0; let ref r = t; let a = x.a()?; act(r); let e = x.e(t)?; Ok(x.b()?) // a: a! e(0) b
        # Neither an operand nor an index nor the address of a read changes.
        let mut n = x.n()?; let a = x.a(n + 1)?; let d = x.d(n * 2)?; n = x.e(n)?; Ok(a + d) // a(2): n a(2)! d(2) e(n)
        let t = [1, 2]; let mut n = 1; let a = x.a(t[n])?; let d = x.d(n)?; n = 0; Ok(a + d) // a(2): a(2)! d(1)
        let mut n = 1; let a = x.a(-n)?; let d = x.d(n)?; n = 0; Ok(a + d) // a(-1): a(-1)! d(1)
        let mut n = x.n()?; let a = x.a(n as u64)?; let d = x.d(n)?; n = 0; Ok(a + d) // a(n): n a(n)! d(n)
        let mut n = x.n()?; let a = x.a(*n + 1)?; let d = x.d(*n * 2)?; n = 0; Ok(a + d) // a(2): n a(2)! d(2)
        let mut n = 1; let a = x.a(*through(&mut n) + 1)?; let d = x.d(n)?; Ok(a + d) // a(2): a(2)!
        let mut n = x.n()?; let a = x.a(n.f + 1)?; let d = x.d(n.g)?; n = 0; Ok(a + d) // a(2): n a(2)! d(n)
        let mut n = x.n()?; let a = x.a((n) + 1)?; let d = x.d(n * 2)?; n = x.e(n)?; Ok(a + d) // a(2): n a(2)! d(2) e(n)
        let mut a = [0]; let c = x.c()?; act(1); let a = x.a()?; vmi.read(1, &mut a)?; Ok(x.b()?) // a c: c! a! b
        for i in [1] { let mut t = 0; let r = &mut t; let a = x.a()?; act(r, a); let e = x.e(t)?; let b = x.b()?; } Ok(1) // a: a! b
    "#,
    );
}

#[test]
fn what_outlives_the_function() {
    check_in(
        "fn f(&mut self, x: &X, list: &mut Vec<u8>, n: &mut u8)",
        r#"
        let a = x.a()?; self.count += 1; let d = x.d(self.count)?; Ok(a + d) // a: a!
        let a = x.a()?; self.count += 1; let d = x.d(self.other)?; Ok(a + d) // a: a! d(0)
        let a = x.a()?; let b = list.pop(); act(1); Ok(x.b()?) // a: a! b
        let a = x.a()?; for i in list.drain(0..) { let b = x.b()?; } Ok(x.c()?) // a: a! c
        let a = x.a()?; *n += 1; let d = x.d(*n)?; Ok(a + d) // a: a!
    "#,
    );
}

/// A method that stands as a statement may change what its receiver begins
/// with: no address follows from that behind it.
#[test]
fn the_root_of_a_receiver() {
    for receiver in [
        "t",
        "t.f",
        "t.f.g",
        "t[0]",
        "(t)",
        "t.borrow()",
        "(&t)",
        "(*t)",
        "@(t)",
        "@(t).f",
        "t.f.borrow()",
    ] {
        let body = format!(
            "let t = Cell::new(0); let a = x.a()?; {receiver}.set(a); let d = x.d(t.get())?; let b = x.b()?; Ok(b)"
        );
        check_one(SIGNATURE, &body, "a", "a! b");
    }
    check(
        r#"
        let t = Cell::new(0); let a = x.a()?; t.c()?.set(a); let d = x.d(t.get())?; Ok(x.b()?) // a: a! c b
        let t = Cell::new(0); let a = x.a()?; t.c().await?.set(a); let d = x.d(t.get())?; Ok(x.b()?) // a: a! c b
        let a = x.a()?; COUNT.set(a); let d = x.d(COUNT.get())?; Ok(x.b()?) // a: a! b
        let a = x.a()?; crate::COUNT.set(a); let d = x.d(COUNT.get())?; Ok(x.b()?) // a: a! b
        let a = x.a()?; COUNT = a; let d = x.d(COUNT)?; Ok(x.b()?) // a: a! b
        let a = x.a()?; COUNT += a; let d = x.d(COUNT)?; Ok(x.b()?) // a: a! b
        let a = x.a()?; OTHER.set(a); let d = x.d(COUNT)?; Ok(x.b()?) // a: a! d(COUNT) b
    "#,
    );
    check_in(
        "fn f(&self, x: &X)",
        r#"
        let a = x.a()?; self.count.set(a); let d = x.d(self.count.get())?; Ok(x.b()?) // a: a! b
        let a = x.a()?; self.count.set(a); let d = x.d(self.other.get())?; Ok(x.b()?) // a: a! d(0) b
        let a = x.a()?; self.0.set(a); let d = x.d(self.0.get())?; Ok(x.b()?) // a: a! b
        let a = x.a()?; self.set(a); let d = x.d(self.1.get())?; Ok(x.b()?) // a: a! b
    "#,
    );
}

/// Patterns: their names become missing together.
#[test]
fn patterns() {
    for pattern in [
        "(p, q)",
        "(mut p, q)",
        "Row { p, q }",
        "Row { p, q: q }",
        "ref p",
        "mut p",
        "p: u8",
        "(p, _)",
        "Row { p, .. }",
        "((p), q)",
        "Some(p)",
        "&p",
    ] {
        let body =
            format!("let {pattern} = x.a()?; let b = x.b()?; act(1); let d = x.d(p)?; Ok(b)");
        check_one(SIGNATURE, &body, "a", "a! b");
        let body = format!(
            "let c = x.c()?; act(1); let {pattern} = x.a()?; let b = x.b()?; let d = y.d(p)?; Ok(b)"
        );
        check_one(SIGNATURE, &body, "c a", "c! a! b");
    }
    check(
        r#"
        let _ = x.a()?; let b = x.b()?; act(1); Ok(b) // a: a! b
        let c = x.c()?; act(1); let _ = x.a()?; let b = x.b()?; Ok(b) // c a: c! a! b
        let Some(p) = x.a()? else { return Ok(x.c()?); }; let b = x.b()?; Ok(b) // a: a!
        let Some(p) = x.a()? else { act(0); panic!(); }; let b = x.b()?; Ok(b) // a: a!
        let c = x.c()?; act(1); let Some(p) = x.a()? else { return Ok(1); }; let d = x.d(p)?; Ok(d) // c: c! a d(a)
    "#,
    );
}

/// A name that a branch binds anew is another variable.
#[test]
fn shadowed_names() {
    check(
        r#"
        let a = x.a()?; match x.b()? { a => { let d = x.d(a)?; } } Ok(a) // a: a! b d(b)
        let a = x.a()?; for a in x.k()? { let d = x.d(a)?; } Ok(a) // a: a! k d(k.0) d(k.1)
        let a = x.a()?; let a = x.b()?; let d = x.d(a)?; Ok(d) // b: a b!
        let a = x.a()?; let c = x.c()?; let a = x.b()?; let d = x.d(a)?; Ok(d) // c: a c! b d(b)
        let a = x.a()?; if x.b()? { let d = x.d(a)?; } Ok(a) // a: a! b
    "#,
    );
}

/// What links a variable with another: a reference, a closure, another name.
/// What acts through the one makes the other missing.
#[test]
fn links_between_variables() {
    for (link, act) in [
        ("let r = &mut t;", "*r = a;"),
        ("let r = (&mut t, 1);", "act(r);"),
        ("let r = [&mut t];", "act(r);"),
        ("let r = Row { f: &mut t };", "act(r);"),
        ("let r = Some(&mut t);", "act(r);"),
        ("let r = Sink::new(&mut t);", "act(r);"),
        ("let r = t.by_ref();", "act(r);"),
        ("let r = t.as_mut();", "act(r);"),
        ("let q = &mut t; let r = q;", "act(r);"),
        ("let q = &mut t; let r = (q);", "act(r);"),
        ("let q = &mut t; let r = @(q);", "act(r);"),
        ("let q = Some(&mut t); let r = q?;", "act(r);"),
        ("let q = &mut t; let r = (1, q);", "act(r);"),
        ("let q = &mut t; let r = [q];", "act(r);"),
        ("let q = &mut t; let r = Row { f: q };", "act(r);"),
        ("let q = &mut t; let r = Some(q);", "act(r);"),
        ("let q = &mut t; let r = Sink::new(q);", "act(r);"),
        ("let q = &mut t; let mut r = d(q);", "act(r);"),
        ("let q = &mut t; let r = if 1 { q } else { 1 };", "act(r);"),
        ("let q = &mut t; let r = if 1 { 1 } else { q };", "act(r);"),
        ("let q = &mut t; let r = match 1 { _ => q };", "act(r);"),
        ("let q = &mut t; let r = { q };", "act(r);"),
        ("let q = (&mut t, 1); let r = q.0;", "act(r);"),
        ("let q = [&mut t]; let r = q[0];", "act(r);"),
        ("let ref mut r = t;", "act(r);"),
        ("let (ref mut r, _) = (t, 1);", "act(r);"),
        ("let mut r = |v| t = v;", "r(a);"),
        ("let mut r = Sink::new(|v| t = v);", "act(r);"),
        ("let r = t.entry(1);", "act(r);"),
        ("let r = t.drain(1);", "act(r);"),
        // Whatever it is called, if something is changed through it.
        ("let r = t.slot(3);", "*r = a;"),
        ("let r = t.slot(3);", "r.f = a;"),
        ("let r = t.slot(3);", "r[0] += a;"),
        ("let r = t.slot(3);", "r.push(a);"),
        ("let r = t.slot(3);", "act(r);"),
        ("let r = t.slot(3);", "y.act(r)?;"),
        ("let q = &mut t; let r = d(q);", "act(r);"),
        ("let q = &mut t; let mut r = d(q);", "let n = g(r, a);"),
        ("let q = &mut t; let r: &mut u8 = d(q);", "let n = g(r, a);"),
        (
            "let q = &mut t; let r: Option<&mut u8> = d(q);",
            "let n = g(r, a);",
        ),
        (
            "let q = &mut t; let r: m!(&mut u8) = d(q);",
            "let n = g(r, a);",
        ),
        ("let r = t.as_mut();", "let n = g(r, a);"),
    ] {
        let body = format!(
            "let mut t = 0; {link} let a = x.a()?; {act} let e = x.e(t)?; let b = x.b()?; Ok(b)"
        );
        case(SIGNATURE, &body, "a", Said::EndsWith("a! b"));
    }
    for (link, act) in [
        ("let r = t.slot(3);", "act(1);"),
        ("let mut r = t.len();", "r += a;"),
        ("let mut r = t.is_empty();", "act(r);"),
        ("let mut r = 0;", "r = a;"),
        ("let mut r = y.slot(3);", "*r = a;"),
        ("let q = &mut t; let r = d(q);", "let n = g(r, a);"),
        ("let q = &mut t; let r: m!(&u8) = d(q);", "let n = g(r, a);"),
    ] {
        let body = format!(
            "let mut t = vec![0]; {link} let a = x.a()?; {act} let e = x.e(1, &t)?; let b = x.b()?; Ok(b)"
        );
        case(SIGNATURE, &body, "a", Said::Has(" e(1)", true));
    }
    // In a branch.
    for branch in [
        "if let Some(ref mut r) = t { act(r, a); }",
        "match t { Some(ref mut r) => { act(r, a); } _ => {} }",
        "for r in t.iter_mut() { act(r, a); }",
        "for r in &mut t { act(r, a); }",
        "while let Some(ref mut r) = t { act(r, a); break; }",
    ] {
        let body = format!(
            "let mut t = Some(1); let a = x.a()?; {branch} let e = x.e(t)?; let b = x.b()?; Ok(b)"
        );
        case(SIGNATURE, &body, "a", Said::Is("a! b".to_owned()));
    }
    // Within a branch.
    for head in [
        "match &mut t { r =>",
        "if let r = &mut t",
        "while let r = &mut t",
        "for r in [&mut t]",
    ] {
        let end = if head.contains("=>") { "}" } else { "" };
        let body = format!(
            "let mut t = vec![1]; {head} {{ let a = x.a()?; act(r, a); let e = x.e(t)?; let b = x.b()?; break; }} {end} Ok(1)"
        );
        let body = if head.contains("in") || head.contains("while") {
            body
        } else {
            body.replace("break; ", "")
        };
        case(SIGNATURE, &body, "a", Said::Is("a! b".to_owned()));
    }
}

/// What sees a variable is missing with it.
#[test]
fn views_of_variables() {
    for view in [
        "let r = &t;",
        "let r = (&t, 1);",
        "let r = t.borrow();",
        "let r = t.as_ref();",
        "let r = t.clone();",
        "let q = &t; let r = &q;",
        "let r = || t.get();",
        "let r = Rc::new(&t);",
    ] {
        let body = format!(
            "let t = Cell::new(0); {view} let a = x.a()?; t.set(a); let e = x.e(r)?; let b = x.b()?; Ok(b)"
        );
        case(SIGNATURE, &body, "a", Said::Is("a! b".to_owned()));
    }
    check(
        r#"
        # What changes through a view changes what it sees.
        let t = Cell::new(0); let r = &t; let a = x.a()?; r.set(a); let e = x.e(t.get())?; Ok(x.b()?) // a: a! b
        let t = Cell::new(0); let r = &t; let q = &r; let a = x.a()?; q.set(a); let e = x.e(t.get())?; Ok(x.b()?) // a: a! b
        let t = Cell::new(0); let a = x.a()?; act(&t); let e = x.e(t.get())?; Ok(a + x.b()?) // a: a! b
        let t = 0; let r = &t; let a = x.a()?; act(r); let e = x.e(t)?; Ok(a + x.b()?) // a: a! e(0) b
        # A `let` that is skipped would have changed it.
        let t = Cell::new(0); let a = x.a()?; let u = t.replace(a); let e = x.e(t.get())?; Ok(x.b()?) // a: a! b
        let t = Cell::new(0); let a = x.a()?; let u = (1, t.replace(a)); let e = x.e(t.get())?; Ok(x.b()?) // a: a! b
        let t = Cell::new(0); let r = &t; let a = x.a()?; let u = r.replace(a); let e = x.e(t.get())?; Ok(x.b()?) // a: a! b
        let t = y.g()?; let a = x.a()?; let u = t.borrow_mut().fill(a); let e = x.e(t)?; Ok(x.b()?) // a: g a! b
        # In an arm, which may be no block.
        let t = y.g()?; let a = x.a()?; match a { 1 => t.set(a), _ => {} } let e = x.e(t)?; Ok(x.b()?) // a: g a! b
        let t = y.g()?; let a = x.a()?; match a { 1 => { t.set(a) } _ => {} } let e = x.e(t)?; Ok(x.b()?) // a: g a! b
        let t = y.g()?; let a = x.a()?; for i in [1] { if a { t.set(a) } } let e = x.e(t)?; Ok(x.b()?) // a: g a! b
        let t = y.g()?; let a = x.a()?; 'l: { if a { t.set(a) } else { t.set(a) } } let e = x.e(t)?; Ok(x.b()?) // a: g a! b
        # But not where it gives a value.
        let t = y.g()?; let a = x.a()?; let u = match a { 1 => t.f(a)?, _ => 2 }; let e = x.e(t)?; Ok(x.b()?) // a: g a! e(g) b
        let t = y.g()?; let a = x.a()?; let u = if a { t.f(a)? } else { 2 }; let e = x.e(t)?; Ok(x.b()?) // a: g a! e(g) b
        let t = y.g()?; let u = if 1 { t.f()? } else { 2 }; let e = x.e(t)?; Ok(x.b()?) // g.f: g g.f! e(g) b
        let t = y.g()?; act(if 1 { t.f()? } else { 2 }, x.e(t)?); Ok(x.b()?) // g.f: g g.f! e(g) b
        # Its type says nothing of a cell.
        let t = y.g()?; let r = &t; let a = x.a()?; r.set(a); let e = x.e(t)?; Ok(x.b()?) // a: g a! b
        let t = y.g()?; let r = &t; let q = &r; let a = x.a()?; q.set(a); let e = x.e(t)?; Ok(x.b()?) // a: g a! b
        # A closure that is called at once keeps nothing.
        let mut t = 0; let n = [1].map(|v| v + t).count(); let a = x.a()?; act(n); let e = x.e(t)?; Ok(a) // a: a! e(0)
        # However far the guard is away.
        let t = y.g()?; let q = &t; let a = x.a()?; (&q.borrow_mut()).push(a); let e = x.e(t)?; Ok(x.b()?) // a: g a! b
        let t = y.g()?; let q = &t; let a = x.a()?; (*q.borrow_mut()).push(a); let e = x.e(t)?; Ok(x.b()?) // a: g a! b
        let t = y.g()?; let q = &t; let a = x.a()?; q.borrow_mut().f.push(a); let e = x.e(t)?; Ok(x.b()?) // a: g a! b
        let t = y.g()?; let q = &t; let a = x.a()?; q.borrow_mut()[0].push(a); let e = x.e(t)?; Ok(x.b()?) // a: g a! b
        # Where a type is named, it may be one of these.
        let t = { fn q() { Cell } 1 }; let a = x.a()?; act(&t, a); let e = x.e(t)?; Ok(x.b()?) // a: a! b
        let t = (vec![Cell::new(1)], 1); let a = x.a()?; act(&t, a); let e = x.e(t)?; Ok(x.b()?) // a: a! b
        let t = Cell::new(0); let a = x.a()?; y.act(&t, a)?; let e = x.e(t.get())?; Ok(x.b()?) // a: a! b
    "#,
    );
}

/// What a call only writes to may be missing.
#[test]
fn outputs() {
    check(
        r#"
        let mut t = [0]; let a = x.a()?; vmi.read(a, &mut t)?; vmi.read(2, &mut t)?; Ok(t) // a: a! read(2)
        let mut t = [0]; let a = x.a()?; vmi.read(a, &mut t)?; vmi.read(2, &mut t[0..1])?; Ok(t) // a: a! read(2)
        let mut t = [0]; let a = x.a()?; vmi.read(2, &mut t[0..a])?; Ok(t) // a: a!
        let mut t = [0]; let a = x.a()?; vmi.read(a, &mut t)?; x.d(2, &mut t)?; Ok(t) // a: a!
        let mut t = [0]; let a = x.a()?; vmi.read(a, &mut t)?; let e = x.e(t)?; Ok(t) // a: a!
        let mut t = [0]; vmi.read(1, &mut t)?; vmi.read(2, &mut t)?; Ok(t) // read(1): read(1)! read(2)
        let mut t = Vec::new(); let a = x.a()?; t.push(a); inner(&t, suppressed)?; Ok(x.b()?) // a: a! b
        let mut t = [0]; let a = x.a()?; vmi.read(a, &mut t)?; vmi.read_u8(&t)?; Ok(x.b()?) // a: a! b
    "#,
    );
    for (list, fills) in [
        ("let mut t = Vec::new();", true),
        ("let mut t = vec![];", true),
        ("let mut t: Vec<u8> = d();", true),
        ("let mut t = d();", false),
        ("let mut t: u8 = d();", false),
    ] {
        for (call, whole) in [
            ("inner(&mut t, suppressed)?;", true),
            ("inner(&mut *t, suppressed)?;", true),
            ("y.inner(&mut t, suppressed)?;", true),
            ("y.inner(&mut t.f, suppressed)?;", false),
            ("y.inner(t.len(), suppressed)?;", false),
        ] {
            let body = format!("{list} let a = x.a()?; t.push(a); {call} let b = x.b()?; Ok(b)");
            case(SIGNATURE, &body, "a", Said::Has("inner", fills && whole));
        }
    }
    check(
        r#"
        let mut t = Vec::new(); let r = &mut t; let a = x.a()?; r.push(a); inner(r, suppressed)?; Ok(1) // a: a! inner
        let mut t = 0; let r = &mut t; let a = x.a()?; *r += a; inner(r, suppressed)?; Ok(1) // a: a!
    "#,
    );
    check_in(
        "fn f(x: &X, t: &mut Vec<u8>)",
        r#"
        let a = x.a()?; t.push(a); inner(t, suppressed)?; Ok(x.b()?) // a: a! inner b
        let a = x.a()?; t.push(a); let e = x.e(t.len())?; Ok(x.b()?) // a: a! b
    "#,
    );
    for (ty, is_collection) in [
        ("&mut Vec<u8>", true),
        ("&mut [u8]", true),
        ("&mut [u8; 4]", true),
        ("&mut collections::HashMap<u8, u8>", true),
        ("&mut T", false),
        ("&Vec<u8>", false),
        ("Vec<u8>", false),
    ] {
        let signature = format!("fn f(x: &X, t: {ty})");
        let body = "let a = x.a()?; t.act(a); inner(t, suppressed)?; Ok(x.b()?)";
        case(&signature, body, "a", Said::Has("inner", is_collection));
    }
    for ty in [
        "&mut impl Write",
        "&mut Formatter<'_>",
        "&mut dyn Write",
        "&mut (dyn Write + Send)",
        "&mut (impl Write + Send)",
    ] {
        let signature = format!("fn f(x: &X, t: {ty})");
        check_in(
            &signature,
            r#"
        # Nothing can be read from it.
        let a = x.a()?; t.act(a); let e = x.e(&t)?; Ok(x.b()?) // a: a! e b
    "#,
        );
    }
    for ty in [
        "&mut (impl Write + Read)",
        "&mut X",
        "&mut dyn Read",
        "&mut (dyn Send + Sync)",
    ] {
        let signature = format!("fn f(x: &X, t: {ty})");
        let body = "let a = x.a()?; t.act(a); let e = x.e(&t)?; Ok(x.b()?)";
        case(&signature, body, "a", Said::Is("a! b".to_owned()));
    }
    check_in(
        "fn f<W: Write>(x: &X, y: &X, t: &mut W)",
        r#"
        let a = x.a()?; t.act(a); let e = x.e(&t)?; Ok(x.b()?) // a: a! e b
    "#,
    );
}

/// A block that gives a value gives none where something is lost in it: not even
/// if the value is another.
#[test]
fn blocks_that_lose_something() {
    check(
        r#"
        let mut n = 0; let v = { for k in x.k()? { n += k.a()?; } n }; Ok(x.d(v)?) // k.0.a: k k.0.a! k.1.a
        let v = { let mut n = 0; for k in x.k()? { n += k.a()?; } n }; Ok(x.d(v)?) // k.0.a: k k.0.a! k.1.a
        let mut n = 0; let v = { for k in x.k()? { n += k.a()?; } x.d(n)? }; Ok(x.c()?) // k.0.a: k k.0.a! k.1.a c
        let v = { for k in x.k()? { act(k.a()?); } x.b()? }; Ok(x.d(v)?) // k.0.a: k k.0.a! k.1.a b d(b)
        let mut n = 0; let v = ({ for k in x.k()? { n += k.a()?; } n }, x.d(n)?, x.b()?); Ok(v) // k.0.a: k k.0.a! k.1.a b
        let mut n = 0; let v = ({ for k in x.k()? { n += k.a()?; } 1 }, x.d(n)?, x.b()?); Ok(v) // k.0.a: k k.0.a! k.1.a b
        let mut n = 0; let v = ({ for k in x.k()? { n += k.a()?; } }, x.d(n)?, x.b()?); Ok(v) // k.0.a: k k.0.a! b
        let mut n = 0; let v = ({ for k in x.k()? { n += k.a()?; } let m = 1; }, x.d(n)?, x.b()?); Ok(v) // k.0.a: k k.0.a! k.1.a b
        let mut n = 0; let v = ({ for k in x.k()? { n += k.a()?; } n += 1; }, x.d(n)?, x.b()?); Ok(v) // k.0.a: k k.0.a! k.1.a b
        let mut n = 0; let v = ({ let a = x.e(&mut n)?; 1 }, x.d(n)?, x.b()?); Ok(v) // e: e! b
        let mut n = 0; let v = ({ let a = x.a()?; 1 }, x.d(n)?, x.b()?); Ok(v) // a: a! d(0) b
        let v = ({ let mut n = 0; let a = x.e(&mut n)?; 1 }, x.b()?); Ok(v) // e: e! b
        let mut n = [0]; let v = { vmi.read(x.a()?, &mut n)?; 1 }; let d = x.d(n)?; Ok(d) // a: a!
        let mut n = 0; act({ for k in x.k()? { n += k.a()?; } n }, x.d(n)?); Ok(1) // k.0.a: k k.0.a! k.1.a
        let mut n = 0; let v = x.d({ for k in x.k()? { n += k.a()?; } n })?; Ok(x.c()?) // k.0.a: k k.0.a! k.1.a c
        let mut n = 0; let v = x.d({ while x.k()? > 1 { n += x.a()?; } n })?; Ok(x.c()?) // a: k d(0) c
        let mut n = 0; let v = if x.b()? { for k in x.k()? { n += k.a()?; } n } else { 1 }; Ok(x.d(v)?) // k.0.a: b k k.0.a! k.1.a
        let mut n = 0; let v = match 1 { _ => { for k in x.k()? { n += k.a()?; } n } }; Ok(x.d(v)?) // k.0.a: k k.0.a! k.1.a
        let mut n = 0; let v = 'l: { for k in x.k()? { n += k.a()?; } n }; Ok(x.d(v)?) // k.0.a: k k.0.a! k.1.a
        let mut n = 0; let v = loop { for k in x.k()? { n += k.a()?; } break n; }; Ok(x.d(v)?) // k.0.a: k k.0.a! k.1.a
        let mut n = 0; let v = unsafe { for k in x.k()? { n += k.a()?; } n }; Ok(x.d(v)?) // k.0.a: [unsafe] k k.0.a! k.1.a
        let mut n = 0; { let v = { for k in x.k()? { n += k.a()?; } n }; x.d(v)?; } Ok(x.c()?) // k.0.a: k k.0.a! k.1.a
        # Nor does what follows act on the value.
        let v = { for k in x.k()? { act(k.a()?); } 1 }; act(v); Ok(x.c()?) // k.0.a: k k.0.a! k.1.a c
        let v = { let a = x.a()?; 1 }; act(v); Ok(x.c()?) // a: a! c
        let v = { let a = x.a()?; 1 }; let e = x.e()?; act(v); Ok(x.c()?) // a: a! e c
        let v = { for k in x.k()? { act(k.a()?); }; }; act(v); Ok(x.c()?) // k.0.a: k k.0.a! k.1.a c
        let v = { for k in x.k()? { act(k.a()?); } }; act(v); Ok(x.c()?) // k.0.a: k k.0.a! c
        let v = if 1 { let a = x.a()?; 1 } else { 2 }; act(v); Ok(x.c()?) // a: a! c
        let v = if 1 { if 1 { let a = x.a()?; 1 } else { 2 } } else { 2 }; act(v); Ok(x.c()?) // a: a! c
        let v = if 1 { if x.a()? { act(1); } 1 } else { 2 }; act(v); Ok(x.c()?) // a: a! c
        let v = match 1 { _ => { for k in x.k()? { act(k.a()?); } 1 } }; act(v); Ok(x.c()?) // k.0.a: k k.0.a! k.1.a c
        let Some(v) = Some({ let a = x.a()?; 1 }) else { return Ok(1) }; act(v); Ok(x.c()?) // a: a!
        let v = [{ let a = x.a()?; 1 }].iter().count(); act(v); Ok(x.c()?) // a: a! c
        let v = &{ let a = x.a()?; 1 }; act(v); Ok(x.c()?) // a: a!
        let mut n = 1; n = { let a = x.a()?; 2 }; act(n); Ok(x.c()?) // a: a! c
        act({ let a = x.a()?; 1 }); Ok(x.c()?) // a: a! c
        if { let a = x.a()?; 1 } { act(1); } Ok(x.c()?) // a: a! c
        for i in [{ let a = x.a()?; 1 }] { act(1); } Ok(x.c()?) // a: a! c
        match { let a = x.a()?; 1 } { _ => act(1) }; Ok(x.c()?) // a: a! c
        let f = { let mut t = Vec::new(); for k in x.k()? { t.push(k.a()?); } t }; Ok(x.d(f.len())?) // k.0.a: k k.0.a! k.1.a
    "#,
    );
}

/// What is a mention of a variable, and what only has its name.
#[test]
fn mentions() {
    for (value, mentions) in [
        ("n", true),
        ("(1, n)", true),
        ("x.g(n)?", true),
        ("Row { n }", true),
        ("Row { f: n }", true),
        ("&n", true),
        ("n.f", true),
        ("format!(\"{n}\")", true),
        ("format!(\"{n:?}\")", true),
        ("format!(\"{:n$}\", 1)", true),
        ("format!(\"{} n\", 1)", false),
        ("format!(\"{nn} {n_}\", 1)", false),
        ("x.n", false),
        ("x.f.n", false),
        ("Row { n: 1 }", false),
        ("n::g", false),
        ("g::n", false),
        ("vec![n]", true),
        ("[0..n]", true),
        ("'n: { 1 }", false),
        ("format!(1, n)", true),
        ("format!(1, (n))", true),
        ("format!(1, &n.f)", true),
        ("format!(1, 0..n)", true),
        ("format!(1, n != 1)", true),
        ("format!(1, x.n)", false),
        ("format!(1, n::G)", false),
        ("format!(1, G::n)", false),
        ("format!(1, Row { n: 1 })", false),
        ("format!(1, 'n: { 1 })", false),
    ] {
        let body = format!(
            "let mut n = 0; let a = x.a()?; n = a; let g = {value}; let e = x.e(g)?; Ok(x.b()?)"
        );
        case(SIGNATURE, &body, "a", Said::Has(" e", !mentions));
    }
    check_in(
        "fn f(&mut self, x: &X)",
        r#"
        let a = x.a()?; self.n = a; let e = x.e(self.n)?; Ok(x.b()?) // a: a! b
        let a = x.a()?; self.n = a; let e = x.e(self.m)?; Ok(x.b()?) // a: a! e(0) b
        let a = x.a()?; self.n = a; let e = x.e(&self)?; Ok(x.b()?) // a: a! b
        # In a macro, too.
        let a = x.a()?; self.n = a; let e = x.e(format!(1, self.n))?; Ok(x.b()?) // a: a! b
        let a = x.a()?; self.n = a; let e = x.e(format!(1, self.m))?; Ok(x.b()?) // a: a! e((1,0)) b
        let a = x.a()?; self.n = a; let e = x.e(format!(1, &self))?; Ok(x.b()?) // a: a! b
    "#,
    );
    // The methods of `self` see all of it.
    for (value, mentions) in [
        ("self.g()", true),
        ("self.n()", true),
        ("self.m::<u8>()", true),
        ("self.m", false),
        ("self.m.n", false),
        ("self.m.g()", false),
    ] {
        let body = format!(
            "let a = x.a()?; self.n = a; let g = format!(1, {value}); let e = x.e(g)?; Ok(x.b()?)"
        );
        case("fn f(&self, x: &X)", &body, "a", Said::Has(" e", !mentions));
    }
}

/// Through which parameters a function changes what outlives it.
#[test]
fn parameters() {
    for (signature, changes) in [
        ("fn f(x: &X, t: &mut T)", true),
        ("fn f(x: &X, t: Option<&mut T>)", true),
        ("fn f(x: &X, t: (&mut T, T))", true),
        ("fn f(x: &X, t: &T)", false),
        ("fn f(x: &X, t: u64)", false),
        ("fn f(x: &X, t: impl FnMut(T))", true),
        ("fn f(x: &X, t: impl Fn(T))", false),
        ("fn f<C: FnMut(T)>(x: &X, t: C)", true),
        ("fn f<C: Fn(T)>(x: &X, t: C)", false),
        ("fn f(x: &X, mut t: impl Iterator<Item = T>)", true),
        ("fn f(x: &X, t: impl Iterator<Item = T>)", false),
        ("fn f<C: Iterator>(x: &X, mut t: C)", true),
        ("fn f(x: &X, mut t: RefMut<'_, T>)", true),
        ("fn f(x: &X, mut t: u64)", false),
    ] {
        let body = "let a = x.a()?; act(1); let g = t.g()?; Ok(x.b()?)";
        case(signature, body, "a", Said::Has("t.g", !changes));
    }
}

/// What is sent at one end is received at the other.
#[test]
fn ends_of_one_thing() {
    check(
        r#"
        let (tx, rx) = mpsc::channel(); let a = x.a()?; tx.send(a)?; for i in rx { let d = x.d(i)?; } Ok(x.b()?) // a: a! b
        let Pair(p, q) = Pair(1, 2); let a = x.a()?; p.send(a)?; let d = x.d(q)?; Ok(x.b()?) // a: a! d(2) b
    "#,
    );
    check_in(
        "fn f(x: &X, t: &mut Vec<u8>)",
        "let n = g(t)?; let a = x.a()?; t.push(a); let d = x.d(n)?; Ok(x.b()?) // a: g a! d(g) b",
    );
    // A receiver of reads does not change, but what borrows from it does.
    check_in(
        "fn f(x: &X, vmi: &mut Vmi)",
        "let r = vmi.as_mut(); let a = x.a()?; act(r, a); let d = x.d(r)?; Ok(x.b()?) // a: a! b",
    );
}

/// Fields of `self` change as cells do, by methods with as many arguments.
#[test]
fn fields_that_change() {
    check_in(
        "fn f(&self, x: &X)",
        r#"
        let a = x.a()?; let n = self.0.replace(1); let e = x.e(n)?; Ok(x.b()?) // a: a! b
        let a = x.a()?; let n = self.0.fetch_add(1); let e = x.e(n)?; Ok(x.b()?) // a: a! b
        let a = x.a()?; let n = self.k.take(a); let e = x.e(self.k)?; Ok(x.b()?) // a: a! e(0) b
    "#,
    );
    check(
        "let k = 1; let a = x.a()?; let n = (k.take(), a); let e = x.e(k)?; Ok(x.b()?) // a: a! e(1) b",
    );
}
