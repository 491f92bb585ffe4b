//! What a doomed run asks, and what it leaves alone.

use super::{SIGNATURE, Said, case, check, check_in, check_one};

/// A `let` asks, and what binds nothing acts.
#[test]
fn a_let_asks_and_a_statement_acts() {
    check(
        r#"
        let a = x.a()?; let b = x.b()?; act(1)?; Ok(a + b + x.c()?) // a: a! b c
        let a = x.a()?; act(x.b()?)?; Ok(a) // a: a! b
        let a = x.a()?; act(1)?; let b = a.b()?; Ok(b + x.c()?) // a: a! c
        let a = x.a()?; let b = a.b()?; let c = x.c()?; Ok(b + c) // a: a! c
        let a = x.a()?; let b = x.b()?; act(1); Ok(a) // b: a b!
        act(0); let a = x.a()?; act(1); Ok(a) // : [act(0)] a [act(1)]
        let a = x.a()?; act(x.b()?)?; y.c()?.d()?; Ok(a) // a: a! b c
        let a = x.a()?; if x.b()? { act(1); } Ok(x.c()?) // a: a! b c
        let a = x.a()?; println!("{}", x.b()?); x.m(x.c()?)?; Ok(a) // a: a! b c
        let a = x.a()?; act(a); let rows = x.g(); rows? // a: a! g
    "#,
    );
    check_in(
        "fn f(x: &X, vmi: &mut Vmi)",
        r#"
        let a = vmi.read_u8(1)?; let b = vmi.read_u8(2)?; Ok(a + b) // read_u8(1): read_u8(1)! read_u8(2)
    "#,
    );
}

/// What feeds a question is evaluated, and nothing else is.
#[test]
fn what_feeds_a_question() {
    check(
        r#"
        let a = x.a()?; let n = 2; act(n); let d = x.d(n)?; Ok(a + d) // a: a! d(2)
        let a = x.a()?; let n = a; act(n); let d = x.d(n)?; Ok(d) // a: a!
        let a = x.a()?; let n = a; act(n); let d = x.d(1)?; let e = x.e(n)?; Ok(d) // a: a! d(1)
        let a = x.a()?; act(1); let n; n = 2; let d = x.d(n)?; Ok(a + d) // a: a!
        let a = x.a()?; let f = make(|q| q + 1); let c = x.d(f)?; let e = x.e()?; act(a); Ok(e) // a: a! e
        let c = x.c()?; act(1); let mut t = [0]; vmi.read(1, &mut t)?; let b = x.d(t)?; let e = x.e()?; act(b); Ok(c) // c read(1): c! read(1)! e
        let c = x.c()?; act(1); let n = 1; let Row { p } = x.d(n)?; let e = x.e(n)?; act(n, p); Ok(c) // c d(1): c! d(1)! e(1)
        let c = x.c()?; act(1); let n = vmi.read_u8(1)?; let e = x.d(n)?; act(n); Ok(c) // c: c! read_u8(1) d(read_u8(1))
    "#,
    );
}

/// Operands that are evaluated in any case are asked, whatever came of those
/// before them.
#[test]
fn operands_are_siblings() {
    check(
        r#"
        Ok(Row { a: x.a()?, b: x.b()? }) // a: a! b
        Ok(Row { a: x.a()?, ..x.b()? }) // a: a! b
        Ok((x.a()?, x.b()?)) // a: a! b
        Ok([x.a()?, x.b()?]) // a: a! b
        Ok(x.a()? + x.b()? + x.c()?) // a b: a! b! c
        Ok(x.a()?[x.b()?]) // a: a! b
        Ok(vec![x.a()?, x.b()?]) // a: a! b
        Ok([x.a()?; 2]) // a: a!
        let v = x.d(x.a()?, x.b()?)?; Ok(v) // a: a! b
        let v = x.a()?..x.b()?; Ok(x.c()?) // a: a! b c
        for i in x.a()?..=x.b()? {} Ok(x.c()?) // a: a! b c
        let v = (x.a()?.., x.b()?); Ok(x.c()?) // a: a! b c
        let v = x.a()?.d(x.b()?)?; Ok(v) // a: a! b
        act(x.a()?, x.b()?); Ok(1) // a: a! b
        act(x.a()?)?; Ok(x.b()?) // a: a! b
        let v = x.a()? && x.b()?; Ok(v) // a: a!
        let v = x.a()? || x.b()?; Ok(v) // a: a!
        let v = (x.a()? && x.b()?, x.c()?); Ok(v) // a: a! c
        let v = (x.c()?, x.a()? && x.b()?); Ok(v) // c: c! a
        let v = x.a()? == x.b()?; Ok(v) // a: a! b
        let v = (x.a()?, if x.b()? { x.c()? } else { x.e()? }); Ok(v) // a: a! b
        let v = (x.a()?, match x.b()? { 1 => x.c()?, _ => x.e()? }); Ok(v) // a: a! b
        let v = (x.a()?, &x.b()?, !x.c()?, (x.e()?)); Ok(v) // a: a! b c e
        println!("{} {}", x.a()?, x.b()?); Ok(1) // a: a! b
        assert!(x.a()?, "{}", x.b()?); Ok(1) // a: a!
        let v = (x.a()?, return Ok(x.b()?), x.c()?); Ok(v) // a: a! b
        let v = (vec![(x.a()?)], x.b()?); Ok(v) // a: a! b
        let v = (vec![x.a()?], x.b()?); Ok(v) // a: a! b
        vec! {x.b()?} // b: b!
        let r = x.a(); let v = (vec![r?], x.b()?); Ok(v) // a: a! b
    "#,
    );
}

/// Also where one of them misses in a block.
#[test]
fn operands_with_blocks() {
    check(
        r#"
        let v = ({ let a = x.a()?; a }, x.b()?); Ok(v) // a: a! b
        let v = (if 1 { x.a()? } else { x.c()? }, x.b()?); Ok(v) // a: a! b
        let v = (if 0 { x.a()? } else { x.c()? }, x.b()?); Ok(v) // c: c! b
        let v = (if 0 { 1 } else if 1 { x.c()? } else { 2 }, x.b()?); Ok(v) // c: c! b
        let v = (if x.a()? { x.c()? } else { 2 }, x.b()?); Ok(v) // a: a! b
        let v = (if x.a()? { x.c()? } else { 2 }, x.b()?); Ok(v) // c: a c! b
        let v = (match 1 { 1 => x.a()?, _ => x.c()? }, x.b()?); Ok(v) // a: a! b
        let v = (match 1 { n if x.a()? > n => 1, _ => 2 }, x.b()?); Ok(v) // a: a! b
        let v = (for i in [1] { let a = x.a()?; }, x.b()?); Ok(v) // a: a! b
        let v = ({ let a = x.a()?; let c = x.c()?; a + c }, x.b()?); Ok(v) // a: a! c b
        let v = ({ let a = x.a()?; act(a); a }, x.b()?); Ok(v) // a: a! b
        let v = y.g((if 1 { x.a()? } else { 2 }, x.c()?), x.b()?)?; Ok(v) // a: a! c b
        act(if 1 { x.a()? } else { 2 }, x.b()?); Ok(x.c()?) // a: a! b c
        Ok(Row { a: if 1 { x.a()? } else { 2 }, b: x.b()?, c: x.c()? }) // a b: a! b! c
        Ok(if 1 { x.a()? } else { 2 } + x.b()?) // a: a! b
        # Their own variables hide others.
        let p = y; let v = (if let p = x { p.a()? }, p.b()?); Ok(v) // a: a!
        let p = y; let v = ({ let p = x; p.a()? }, p.b()?, x.c()?); Ok(v) // a: a! c
        let p = y; let v = (match x { p => p.a()? }, p.b()?, x.c()?); Ok(v) // a: a! c
        # A guard in them may lock what comes behind.
        let t = Cell::new(1); let v = ({ let g = t.borrow_mut(); x.a()? }, x.d(t.get())?); Ok(v) // a: a!
        # Nor is there a way on from an exit.
        let v = (if 1 { x.a()? } else { return Ok(1) }, x.b()?); Ok(v) // a: a!
    "#,
    );
}

/// Which arguments of a macro are evaluated in any case.
#[test]
fn arguments_of_macros() {
    for (call, asked) in [
        ("assert!(x.b()?, 1, x.c()?)", "b"),
        ("ensure!(x.b()?, 1, x.c()?)", "b"),
        ("assert_eq!(x.b()?, x.c()?, x.e()?)", "b c"),
        ("assert_ne!(x.b()?, x.c()?, x.e()?)", "b c"),
        ("matches!(x.b()?, 1 if x.c()? > 1)", "b"),
        ("format!(1, x.b()?, x.c()?)", "b c"),
        ("vec![x.b()?, x.c()?]", "b c"),
        ("m!(x.b()?, x.c()?)", ""),
        ("debug!(1, x.b()?)", ""),
        ("stringify!(x.b()?)", ""),
    ] {
        // As an operand behind one that misses, and as an act.
        for body in [
            format!("let g = (x.a()?, {call}); Ok(g)"),
            format!("let a = x.a()?; {call}; Ok(a)"),
        ] {
            case(SIGNATURE, &body, "a", Said::Is(format!("a! {asked}")));
        }
    }
}

/// The heads of statements ask, also of those that a doomed run comes upon.
#[test]
fn heads() {
    check(
        r#"
        let a = x.a()?; if x.b()? { let c = x.c()?; } Ok(a) // a: a! b c
        let a = x.a()?; if x.b()? > 1 { let c = x.c()?; } else { let e = x.e()?; } Ok(a) // a: a! b e
        let a = x.a()?; if x.b()? > 1 {} else if x.c()? { let e = x.e()?; } Ok(a) // a: a! b c e
        let a = x.a()?; if a > 1 { act(1); } else if x.c()? { act(2); } Ok(a) // a: a!
        let a = x.a()?; (if x.b()? { let c = x.c()?; }); Ok(a) // a: a! b c
        let a = x.a()?; (if x.b()? { let c = x.c()?; }).await; Ok(a) // a: a! b c
        let a = x.a()?; @(if x.b()? { let c = x.c()?; y.act() } else { y.act() })?; Ok(a) // a: a! b c
        let a = x.a()?; @(if x.b()? { let c = x.c()?; }); Ok(a) // a: a! b c
        let a = x.a()?; match x.b()? { 1 => { let c = x.c()?; } _ => {} } Ok(a) // a: a! b c
        let a = x.a()?; match x.b()? { n if x.c()? > 1 => {} n => { let d = x.d(n)?; } } Ok(a) // a: a! b c d(b)
        let a = x.a()?; for k in x.k()? { let c = k.c()?; } Ok(a) // a: a! k k.0.c k.1.c
        let a = x.a()?; while x.b()? { let c = x.c()?; if c { break; } } Ok(a) // a: a! b c
        let a = x.a()?; loop { let c = x.c()?; if c { break; } } Ok(a) // a: a! c
        let a = x.a()?; { let c = x.c()?; } Ok(a) // a: a! c
        let a = x.a()?; 'l: { let c = x.c()?; if c { break 'l; } let b = x.b()?; } Ok(a) // a: a! c
        let a = x.a()?; if let 1 = x.b()? { let c = x.c()?; } Ok(a) // a: a! b c
        let a = x.a()?; if let Some(b) = x.b()? && x.c()? { let e = b.e()?; } Ok(a) // a: a! b c b.e
        let a = x.a()?; while let Some(b) = x.b()? { let e = b.e()?; break; } Ok(a) // a: a! b b.e
        # Heads that need what is missing.
        let a = x.a()?; (if a > 1 { let c = x.c()?; }); Ok(x.b()?) // a: a! b
        let a = x.a()?; @(if a > 1 { let c = x.c()?; }); Ok(x.b()?) // a: a! b
        let a = x.a()?; if 1 > 2 {} else if a > 1 { let c = x.c()?; } Ok(x.b()?) // a: a! b
        let a = x.a()?; match a { 1 => { let c = x.c()?; } _ => {} } Ok(x.b()?) // a: a! b
        let a = x.a()?; match 1 { n if a > 1 => { let c = x.c()?; } _ => {} } Ok(x.b()?) // a: a! b
        let a = x.a()?; for i in [a] { let c = x.c()?; } Ok(x.b()?) // a: a! b
        let a = x.a()?; while a > 1 { let c = x.c()?; } Ok(x.b()?) // a: a! b
        let a = x.a()?; (match a { 1 => x.c(), _ => x.e() })?; Ok(x.b()?) // a: a! b
        let a = x.a()?; (match a { 1 => x.c(), _ => x.e() }).await?; Ok(x.b()?) // a: a! b
        let a = x.a()?; vmi.read_u8(a, x.c()?)?; Ok(x.b()?) // a: a! c b
    "#,
    );
}

#[test]
fn loops() {
    check(
        r#"
        for i in [1, 2] { let d = x.d(i)?; } Ok(1) // d(1) d(2): d(1)! d(2)!
        for k in x.k()? { let a = k.a()?; let b = k.b()?; act(a); } Ok(x.c()?) // k.0.a: k k.0.a! k.0.b k.1.a k.1.b c
        let mut n = 0; for k in x.k()? { n += k.a()?; let d = x.d(n)?; } Ok(x.c()?) // k.0.a: k k.0.a! c
        while x.a()? > 1 { let b = x.b()?; } Ok(x.c()?) // a: a! c
        let mut n = 0; while n < 2 { let a = x.d(n)?; let b = x.b()?; n += 1; } Ok(x.c()?) // d(0): d(0)! b c
        let mut n = 0; loop { let a = x.d(n)?; let b = x.b()?; n += 1; if n > 1 { break; } } Ok(x.c()?) // d(0): d(0)! b c
        for k in x.k()? { act(k.a()?); } Ok(x.c()?) // k: k! c
        let mut list = Vec::new(); for k in x.k()? { list.push(k.a()?); } Ok(x.d(list.len())?) // k.0.a: k k.0.a! k.1.a
        for k in items() { let v = (1, k?); let b = x.b()?; } Ok(x.c()?) // i1: i1! i2 b c
        let n = 3; let a = x.a()?; act(x.d(n)?); Ok(x.c()?) // a: a! d(3) c
    "#,
    );
}

/// A skipped exit ends the search in what it would have left.
#[test]
fn exits() {
    check(
        r#"
        if x.a()? > 1 { return Ok(0); } Ok(x.b()?) // a: a!
        let a = x.a()?; if a > 1 { return Ok(0); } Ok(x.b()?) // a: a!
        let a = x.a()?; if x.b()? > 1 { return Ok(0); } Ok(a + x.c()?) // a: a! b c
        let a = x.a()?; if x.b()? > 0 { return Ok(0); } Ok(a + x.c()?) // a: a! b
        for i in [1, 2] { if x.d(i)? > 1 { break; } let e = x.e(i)?; } Ok(x.c()?) // d(1): d(1)! c
        for i in [1, 2] { if x.d(i)? > 1 { continue; } let e = x.e(i)?; } Ok(x.c()?) // d(1): d(1)! d(2) e(2) c
        for i in [1, 2] { if x.d(i)? > 1 { return Ok(0); } } Ok(x.c()?) // d(1): d(1)!
        let a = x.a()?; assert!(a); Ok(x.b()?) // a: a!
        let a = x.a()?; unknown!(a); Ok(x.b()?) // a: a!
        let a = x.a()?; println!("{a}"); Ok(x.b()?) // a: a! b
        let a = x.a()?; println! { 1, x.b()? } Ok(a + x.c()?) // a: a! b c
        let a = x.a()?; println!(if 1 { return Ok(0) } else { 1 }); Ok(x.b()?) // a: a!
        for i in [1, 2] { let d = x.d(i)?; println!(if d > 0 { continue } else { 1 }); let e = x.e(i)?; } Ok(x.b()?) // d(1): d(1)! d(2) b
        for i in [1, 2] { let d = x.d(i)?; println!(if d > 0 { break } else { 1 }); let e = x.e(i)?; } Ok(x.b()?) // d(1): d(1)! b
        let a = x.a()?; act(1); vmi.read_u8(2)? // a: a! read_u8(2)
        # A loop that is given up has skipped what its later rounds would leave.
        while x.a()? > 1 { if x.b()? > 1 { return Ok(0); } } Ok(x.c()?) // a: a!
        loop { let a = x.a()?; if a > 1 { return Ok(0); } break; } Ok(x.c()?) // a: a!
        let mut n = 0; for k in x.k()? { n += k.a()?; let d = x.d(n)?; if d > 1 { return Ok(0); } } Ok(x.c()?) // k.0.a: k k.0.a!
        let a = x.a()?; let Some(b) = Some(a) else { return Ok(0); }; Ok(x.c()?) // a: a!
        'b: { if x.a()? > 1 { break 'b; } let b = x.b()?; } Ok(x.c()?) // a: a! c
        loop { let a = x.a()?; act(1); break Ok(x.b()?); } // a: a! b
        let v = loop { let a = x.a()?; act(1); break x.b()?; }; Ok(v + x.c()?) // a: a! b c
        let a = x.a()?; act(1); return Ok(a + x.b()?); // a: a! b
        'o: for i in [1, 2] { for j in [1, 2] { if x.d(j)? > 1 { continue 'o; } let e = x.e(i)?; } } Ok(x.c()?) // d(1): d(1)! d(1)! c
        # Of a loop that runs on, or does not.
        act(0); let mut n = 0; for i in [1, 2] { if x.c()? > 1 { return Ok(1); } n += x.d(n)?; } Ok(x.e()?) // d(0): [act(0)] c d(0)!
        'o: for k in x.k()? { if k.a()? { if k.b()? { continue 'o; } break; } let d = k.d()?; } Ok(x.c()?) // k.0.a: k k.0.a! c
        for k in x.k()? { 'b: { if k.a()? { if k.b()? { break 'b; } break; } let d = k.d()?; } } Ok(x.c()?) // k.0.a: k k.0.a! c
        for k in x.k()? { 'b: { if k.a()? { if k.b()? { break 'b; } return Ok(1); } let d = k.d()?; } } Ok(x.c()?) // k.0.a: k k.0.a!
        let v = 'b: { if x.a()? { if x.b()? { break 'b 1; } return Ok(2); } x.d()? }; Ok(x.c()?) // a: a!
        for i in [1, 2] { if x.d(i)? > 1 { continue; } if x.e(i)? > 1 { break; } } Ok(x.c()?) // d(1): d(1)! c
        let a = x.a()?; 'l: loop { if a { break 'l; } } Ok(x.c()?) // a: a! c
        let a = x.a()?; while x.b()? > 1 { if x.c()? { return Ok(1); } } Ok(x.e()?) // a: a! b
        let v = loop { if x.b()? { break 1; } let c = x.c()?; break 2; }; act(v); Ok(x.d(v)?) // b: b!
        let q = (x.b()?, format!("{}", if 1 { return Ok(1) } else { 1 }), x.c()?); Ok(q) // b: b!
        # What stands behind an exit may not be asked.
        for i in [1, 2] { println!("{} {} {}", x.d(i)?, if i > 5 { continue } else { 1 }, x.a()?); } Ok(x.c()?) // d(1): d(1)! d(2) c
    "#,
    );
}

/// Macros that neither leave nor panic end no search.
#[test]
fn macros_that_leave() {
    for (name, leaves) in [
        ("println", false),
        ("format", false),
        ("trace", false),
        ("anyhow", false),
        ("panic", true),
        ("todo", true),
        ("bail", true),
        ("ensure", true),
        ("assert", true),
        ("m", true),
        ("settle", true),
        ("unprobed", false),
    ] {
        let body = format!("let a = x.a()?; {name}!(a); let b = x.b()?; Ok(b)");
        let asked = if leaves { "a!" } else { "a! b" };
        case(SIGNATURE, &body, "a", Said::Is(asked.to_owned()));
    }
}

/// What may not be there is not asked for by a search: behind the miss it is
/// skipped, however it is written.
#[test]
fn statements_under_a_cfg() {
    for statement in [
        "#[cfg(k)] let b = x.b()?;",
        "#[cfg_attr(k, allow(unused))] let b = x.b()?;",
        "#[cfg(k)] { let b = x.b()?; }",
        "#[cfg(k)] return Ok(x.b()?);",
        "#[cfg(k)] act(x.b()?);",
        "#[cfg(k)] (act(x.b()?));",
        "#[cfg(k)] for i in x.b()? {}",
        "#[cfg(k)] if x.b()? {}",
        "#[cfg(k)] loop { let b = x.b()?; break; }",
        "#[cfg(k)] println!(\"{}\", x.b()?);",
        "#[cfg(k)] match x.b()? { _ => {} }",
        "#[cfg(k)] x.act(x.b()?);",
        "#[cfg(k)] act(x.b()?)?;",
        "#[cfg(k)] while x.b()? > 1 {}",
        "#[cfg(k)] unsafe { let b = x.b()?; }",
        "#[cfg(k)] act(x.b()?).await;",
        "#[cfg(k)] (x.b()?);",
        "#[cfg(k)] (x.b()?, 1);",
        "#[cfg(k)] [x.b()?, 1];",
        "#[cfg(k)] &x.b()?;",
        "#[cfg(k)] !x.b()?;",
        "#[cfg(k)] x.b()?.f;",
        "#[cfg(k)] x.b()?[0];",
        "#[cfg(k)] Row { b: x.b()? };",
    ] {
        let body = format!("let mut n = 0; let a = x.a()?; {statement} Ok(a)");
        check_one(SIGNATURE, &body, "a", "a!");
    }
    check(
        r#"
        loop { let a = x.a()?; #[cfg(k)] break x.b()?; } Ok(1) // a: a!
        let a = x.a()?; #[allow(unused)] let b = x.b()?; Ok(a + b) // a: a! b
        let a = x.a()?; #[cfg(k)] { let n = x.c().is_ok(); } #[cfg(j)] { act(2); Ok(x.b()?) } // c: a c!
        let a = x.a()?; println! { 1, x.b()? } Ok(a + x.c()?) // b: a b! c
        # Nor what follows from it.
        let a = x.a()?; #[cfg(k)] let b = 1; let d = x.d(b)?; Ok(a) // a: a!
    "#,
    );
}

#[test]
fn nested_functions_inherit_the_doom() {
    check(
        r#"
        let a = inner(1, suppressed)?; let b = inner(2, suppressed)?; Ok(a + b) // inner(1): [inner(1)] inner(1)! inner(2)
        let a = x.a()?; inner(1, suppressed)?; act(1); Ok(x.b()?) // a: a! inner(1) b
        let a = x.a()?; act(a); return inner(1, suppressed); // a: a! inner(1)
        let a = x.a()?; act(1); inner(suppressed) // a: a! inner
        let a = x.a()?; act(inner(suppressed)?); Ok(1) // a: a! inner
        let a = x.a()?; x.inner(suppressed)?; Ok(1) // a: a! inner
        let a = x.a()?; inner(1, &suppressed)?; Ok(x.b()?) // a: a! inner(1) b
        let a = x.a()?; inner(1, suppressed.clone())?; Ok(x.b()?) // a: a! inner(1) b
        let a = x.a()?; inner(1, y.clone())?; Ok(x.b()?) // a: a! b
        let a = x.a()?; act(1); inner(x.b()?, suppressed)? // a: a! b inner(b)
        let a = x.a()?; act(1); x.g()?.c()? // a: a! g
        for i in [1, 2] { inner(i, suppressed)?; act(i); } Ok(1) // inner(1): [inner(1)] inner(1)! inner(2)
    "#,
    );
}

/// What outlives the function: no doomed run may change it, also where it asks.
#[test]
fn effects_in_initializers() {
    let signature = "fn f(&mut self, x: &X, y: &X, vmi: &Vmi, list: &mut Vec<u8>, callback: &mut impl FnMut(u8))";
    for effect in [
        "list.c(x.b()?)?",
        "list.iter().c(x.b()?)?",
        "c(list, x.b()?)?",
        "c(&mut *list, x.b()?)?",
        "x.c(list, x.b()?)?",
        "x.c(&mut list[0], x.b()?)?",
        "self.c(x.b()?)?",
        "c(&mut self.count, x.b()?)?",
        "vmi.pause(x.b()?)?",
        "vmi.resume(x.b()?)?",
        "VmiState::write_u8(vmi, x.b()?)?",
        "callback(x.b()?)",
        "(x.b()?, { self.count = 1; 1 })",
        "(x.b()?, { self.count += 1; 1 })",
        "(x.b()?, unsafe { 1 })",
        "(x.b()?, [1].map(|i| { list.push(i); i }).count())",
        "(x.b()?, { for i in list { } 1 })",
        "(x.b()?, if 1 { println!(); 1 } else { 1 })",
        "(x.b()?, dbg!(1))",
        "(x.b()?, write!(list, 1))",
        "(x.b()?, vec![{ act(1); 1 }])",
        "(x.b()?, [1].map(|i| { self.count = i; i }).count())",
        "(x.b()?, [1].map(|i| { self.count += i; i }).count())",
        "(x.b()?, async { self.count += 1; 1 })",
    ] {
        let body = format!("let a = x.a()?; act(1); let c = {effect}; let e = x.e()?; Ok(a)");
        case(signature, &body, "a", Said::Is("a! b e".to_owned()));
    }
    for macro_of_ones_own in ["next!(self.count)", "next!(list)"] {
        let body = format!("let a = x.a()?; let n = {macro_of_ones_own}; Ok(x.d(n)?)");
        case(signature, &body, "a", Said::Is("a!".to_owned()));
    }
    for tail in [
        "Ok((x.b()?, replace(&mut self.count, 1)))",
        "Ok([list.pop(), x.b()?])",
    ] {
        let body = format!("for i in [1] {{ act(x.a()?); }} {tail}");
        case(signature, &body, "a", Said::Is("a! b".to_owned()));
    }
    for harmless in [
        "y.c(x.b()?)?",
        "(x.b()?, [1].map(|i| { let mut n = 0; n += i; n }).count())",
        "(x.b()?, format!(1))",
        "(x.b()?, vec![{ 1 }])",
    ] {
        let body =
            format!("let a = x.a()?; act(1); let g = ({harmless}, x.c()?); let e = x.e()?; Ok(a)");
        case(signature, &body, "a", Said::EndsWith(" c e"));
    }
    check_in(
        "fn f(x: &X, y: &X, n: &mut Row)",
        r#"
        let a = x.a()?; let v = [1].map(|i| { let mut q = 0; q = i; q += 1; q }).count(); let e = x.e(v)?; Ok(x.b()?) // a: a! e(1) b
        let a = x.a()?; let v = [1].map(|i| { n.f = i; 1 }).count(); let e = x.e(v)?; Ok(x.b()?) // a: a! b
        let a = x.a()?; let v = [1].map(|i| { n.f += i; 1 }).count(); let e = x.e(v)?; Ok(x.b()?) // a: a! b
        let a = x.a()?; let v = y.e(&mut n)?; Ok(x.b()?) // a: a! b
        let a = x.a()?; let v = y.e(n)?; Ok(x.b()?) // a: a! b
        let a = x.a()?; let v = inner((1, fill(&mut n)).0, suppressed)?; Ok(x.b()?) // a: a! b
        let a = x.a()?; inner(n.fill(), suppressed)?; Ok(x.b()?) // a: a! b
    "#,
    );
}

/// The value of a block that is an operand: the call at its end asks, as that
/// of a `let` does.
#[test]
fn blocks_as_operands() {
    check(
        r#"
        let v = { let a = x.a()?; let b = x.b()?; y.c() }; let w = v?; Ok(w) // a: a! b c
        let a = x.a()?; act(a); let v = if 1 { let n = 2; x.d(n)? } else { 3 }; Ok(v) // a: a! d(2)
        let a = x.a()?; act(a); let v = match 1 { 1 => { let n = 2; x.d(n)? } _ => 3 }; Ok(v) // a: a! d(2)
        # A block may come to its end doomed.
        let v = { let a = x.a()?; let b = x.b()?; x.c()? }; act(v); Ok(v) // a: a! b c
        let v = { let a = x.a()?; let b = x.b()?; x.c()? }; let w = y.d(v)?; act(w); Ok(v) // a: a! b c d(c)
        let v = Some({ let a = x.a()?; let b = x.b()?; x.c()? }); act(v); Ok(v) // a: a! b c
        let v = { let a = x.a()?; let b = x.b()?; { let k = 1; x.c()? } }; act(v); Ok(v) // a: a! b c
        let v = (1, { let a = x.a()?; let b = x.b()?; x.c()? }); act(v); Ok(v) // a: a! b c
        let v = if 1 { let a = x.a()?; let b = x.b()?; x.c()? } else { 1 }; act(v); Ok(v) // a: a! b c
        let v = { for i in [1, 2] { act(x.d(i)?); } 1 }; act(v); Ok(v) // d(1): d(1)! d(2)
        let v = ({ let a = x.a()?; let b = x.b()?; x.c()? }, { act(2); 3 }); Ok(v) // a: a! b c
        # So may what takes a result apart.
        let v = (x.a().is_ok(), { act(2); 3 }); act(v); Ok(y.e()?) // a: a! e
        if x.a().is_ok() || { act(2); true } { act(3); } Ok(y.e()?) // a: a! e
        match (x.a().is_ok(), { act(2); 3 }) { v => { act(3); } } Ok(y.e()?) // a: a! e
        let mut n = 0; let v = (x.c(&mut n)?, y.d(n)?, y.e()?); Ok(1) // c: c! e
        let mut n = 0; let v = (x.c()?, y.g(&mut n)?, y.d(n)?, y.e()?); Ok(1) // c: c! g e
        act(x.a()?, return Ok(2), x.b()?); Ok(1) // a: a!
        act(x.a()?, panic!(), x.b()?); Ok(1) // a: a!
        act(x.a()?, { if 1 { return Ok(1) } 2 }, x.b()?); Ok(1) // a: a!
    "#,
    );
    // Not in all states: what `act` does with an `Err` of `y.c()` is its own affair.
    let body = "act({ let a = x.a()?; let b = x.b()?; y.c() }); Ok(1)";
    case(SIGNATURE, body, "a", Said::Is("a! b c".to_owned()));
}

/// Of several exits the widest is what a skipped statement leaves.
#[test]
fn the_widest_exit() {
    check(
        r#"
        for i in [1, 2] { let a = x.d(i)?; if a > 1 { break; } else { continue; } } Ok(x.c()?) // d(1): d(1)! c
        for i in [1, 2] { let a = x.d(i)?; if a > 1 { return Ok(0); } else { continue; } } Ok(x.c()?) // d(1): d(1)!
        'o: for j in [1, 2] { for i in [1, 2] { let a = x.d(i)?; if a > 1 { break 'o; } else { continue; } } let e = x.e()?; } Ok(x.c()?) // d(1): d(1)!
        for i in [1, 2] { if x.d(i)? > 1 { break; } if x.e(i)? > 1 { return Ok(0); } } Ok(x.c()?) // d(1): d(1)!
        for i in [1, 2] { if x.d(i)? > 1 { continue; } if x.e(i)? > 1 { return Ok(0); } } Ok(x.c()?) // d(1): d(1)!
        loop { act(x.a()?, break, x.b()?); } Ok(1) // a: a!
        # What is not searched may hold an exit that is reached.
        if 1 > 0 { let _ = writeln!(1, x.a()?, x.b()?); return Ok(1); } Ok(x.c()?) // a: a! b
        for i in [1, 2] { if 1 > 0 { let _ = writeln!(1, x.d(i)?, x.b()?); break; } let e = x.e(i)?; } Ok(x.c()?) // d(1): d(1)! b c
        let g = y.g()?; if 1 > 0 { let r = &x.a()?; if r > 0 { return Ok(1); } } Ok(x.c()?) // g a: g! a!
    "#,
    );
}

/// What feeds a question may do so by a change.
#[test]
fn lets_that_change_something() {
    check(
        r#"
        let mut t = vec![1, 2]; let a = x.a()?; let n = fill(&mut t, a); let e = x.e(t)?; Ok(x.b()?) // a: a! b
        let mut t = 0; let r = &mut t; let a = x.a()?; let n = fill(r, a); let e = x.e(t)?; Ok(x.b()?) // a: a! b
    "#,
    );
    for init in [
        "x.a()? && t.pop()",
        "match x.a()? { 1 => t.pop(), _ => 2 }",
        "if x.a()? { t.push(3); 1 } else { 2 }",
        "{ let q = x.a()?; t.push(q); 1 }",
        "x.a().map(|v| { t.push(v); v })?",
        "x.a()?.fill(&mut t)",
        "fill(x.a()?, &mut t)",
        "x.a(t.pop(), y.c()?)?",
        "(y.c(x.a()?)?, t.pop())",
    ] {
        let body =
            format!("let mut t = vec![1, 2]; let v = {init}; let e = x.e(t.len())?; Ok(x.b()?)");
        case(SIGNATURE, &body, "a c c(a)", Said::Has(" e(2)", false));
        let body = format!("act(1); {body}");
        case(SIGNATURE, &body, "a c c(a)", Said::Has(" e(2)", false));
        let body = body.replace("act(1);", "let c = y.g()?;");
        case(SIGNATURE, &body, "a c c(a)", Said::Has(" e(2)", false));
    }
    // The machine takes `pop` for an act.
    for binds in ["n", "_", "_n", "Some(n)"] {
        let otherwise = if binds == "Some(n)" {
            "else { return Ok(1) }"
        } else {
            ""
        };
        let body = format!(
            "let mut t = vec![1, 2]; let a = x.a()?; let {binds} = t.pop() {otherwise}; let e = x.e(t.len())?; Ok(a)"
        );
        case(SIGNATURE, &body, "a", Said::EndsWith(" e(1)"));
    }
}

/// Operands that do not ask are not evaluated: what they would change is not
/// there for those behind them.
#[test]
fn operands_that_change_something() {
    for (values, is_asked) in [
        ("t.pop(), x.e(t.len())?", false),
        ("t.len(), x.e(t.len())?", true),
        ("t.is_empty(), x.e(t.len())?", true),
        ("x.e(t.len())?, t.pop()", true),
        ("t.pop(), x.e(1)?", true),
        ("u.pop(), x.e(t.len())?", true),
        ("act(&mut t), x.e(t.len())?", false),
        ("act(&t), x.e(t.len())?", true),
        ("act(t.len()), x.e(t.len())?", true),
        ("act(r), x.e(t.len())?", false),
        ("change(), x.e(t.len())?", false),
        ("u.iter().map(|i| t.push(i)), x.e(t.len())?", false),
        ("{ t.push(3); 1 }, x.e(t.len())?", false),
        ("if 1 { t.pop() } else { 1 }, x.e(t.len())?", false),
        ("if 1 { 2 } else { t.pop() }, x.e(t.len())?", false),
        ("match 1 { _ => t.pop() }, x.e(t.len())?", false),
        ("1 && t.pop(), x.e(t.len())?", false),
        ("(t = u), x.e(t.len())?", false),
        ("t += 1, x.e(t.len())?", false),
        ("format!(1, t.pop()), x.e(t.len())?", false),
        ("format!(1, t.len()), x.e(t.len())?", true),
        ("m!(t => 1), x.e(t.len())?", false),
        ("matches!(t.pop(), Some(_)), x.e(t.len())?", false),
        ("matches!(t.len(), 2), x.e(t.len())?", true),
        ("stringify!(t), x.e(u.len())?", true),
        ("probe!(y.g(t.pop())), x.e(t.len())?", false),
        ("cell.set(1), x.e(cell.get())?", false),
        ("act(&cell), x.e(cell.get())?", false),
        ("cell.get(), x.e(cell.get())?", true),
        ("x.d(b, t.pop())?, x.e(t.len())?", false),
        ("x.d(b, t.len())?, x.e(t.len())?", true),
        // Within one operand.
        ("g(t.pop(), x.e(t.len())?)", false),
        ("x.d(b, t.pop(), x.e(t.len())?)?", false),
        ("x.d(b, x.e(t.len())?)?", true),
        ("[t.pop(), x.e(t.len())?]", false),
        ("Row { n: t.pop(), e: x.e(t.len())? }", false),
        ("t.drain(0).g(x.e(t.len())?)", false),
        ("t.get(x.e(t.len())?)", true),
    ] {
        for statement in [
            format!("act({values}); Ok(1)"),
            format!("act({values})?; Ok(1)"),
            format!("act(b, {values}); Ok(1)"),
            format!("println!(1, {values}); Ok(1)"),
            format!("let v = (b, {values}); Ok(1)"),
            format!("return Ok((b, {values}));"),
            format!("Ok((b, {values}))"),
        ] {
            let body = format!(
                "let cell = Cell::new(0); let mut u = vec![3]; let mut t = vec![1, 2]; let r = &mut t; \
                 let change = || t.pop(); let b = x.b()?; act(1); {statement}"
            );
            case(SIGNATURE, &body, "b", Said::Has(" e(", is_asked));
        }
    }
}

/// A place gets its value last, and is no operand.
#[test]
fn places_that_ask() {
    check(
        r#"
        let mut n = 1; n += x.a()?; Ok(x.b()?) // a: a! b
        let v = [{ let a = x.a()?; let b = x.b()?; a }; 2]; Ok(x.c()?) // a: a! b c
    "#,
    );
}

/// Where a doomed run goes from a loop or a labelled block that has a value, gives
/// one, or has none.
#[test]
fn ends_of_blocks() {
    check(
        r#"
        let g = y.g()?; for i in [1, 2] { let d = x.d(i)?; if d > 0 { break; } } Ok({ x.b()? }) // d(1): g d(1)! b
        let v = 'l: { if x.c()? > 1 { break 'l 1; } 2 }; Ok(x.d(v)?) // c: c!
        let v = y.g('l: { if x.c()? > 1 { break 'l 1; } 2 })?; Ok(x.d(v)?) // c: c!
        let v = if 1 { let a = x.a()?; return act(1) } else { 2 }; Ok(v) // a: a!
        # A guard may lock what comes behind.
        let t = Cell::new(1); let v = ({ let g = t.lock(); x.a()? }, x.d(t.get())?); Ok(v) // a: a!
    "#,
    );
}

/// What `else` mentions, and what a call only writes to.
#[test]
fn lets_that_mention_something() {
    check(
        r#"
        let a = x.a()?; let Some(k) = x.c()? else { return Ok(x.d(a)?) }; Ok(x.b()?) // a: a! c
        let mut t = [0]; vmi.read(1, &mut t)?; let n = vmi.read(2, &mut t)?; let d = x.d(n)?; Ok(d) // read(1): read(1)! read(2) d(read(2))
    "#,
    );
}

/// No doomed run takes an item from an iterator of the caller's.
#[test]
fn iterators_of_the_caller() {
    check_in(
        "fn f(x: &X, it: &mut impl Iterator<Item = u8>)",
        r#"
        let a = x.a()?; for i in it { let e = x.e(i)?; } Ok(x.b()?) // a: a! b
        for i in it { let a = x.a()?; act(a); } Ok(x.b()?) // a: [next] a! b
        for i in &mut *it { let a = x.a()?; act(a); } Ok(x.b()?) // a: [next] a! b
        for i in it.rev() { let a = x.a()?; act(a); } Ok(x.b()?) // a: [next] a! b
        for i in it.by_ref() { let a = x.a()?; act(a); } Ok(x.b()?) // a: [next] a! b
        for i in [].iter().chain(it) { let a = x.a()?; act(a); } Ok(x.b()?) // a: [next] a! b
        let items = it.map(|i| i); for i in items { let a = x.a()?; act(a); } Ok(x.b()?) // a: [next] a! b
        let items = [].iter().chain(&mut *it); for i in items { let a = x.a()?; act(a); } Ok(x.b()?) // a: [next] a! b
        let items = through(it); for i in items { let a = x.a()?; act(a); } Ok(x.b()?) // a: [next] a! b
        let mut items = it.map(|i| i); let a = x.a()?; let i = items.next(); Ok(x.b()?) // a: a! b
        let mut items = through(it); let a = x.a()?; let i = items.next(); Ok(x.b()?) // a: a! b
        let mut items = it.map(|i| i); act(x.a()?); while let Some(i) = items.next() { let b = x.b()?; } Ok(x.c()?) // a: a! c
        for i in (it.map(|i| (i, 1))) { let a = x.a()?; act(a); } Ok(x.b()?) // a: [next] a! b
        for i in it { let k = matches!(i, Ok(_)); let a = x.a()?; act(a, k); } Ok(x.b()?) // a: [next] a! b
        let v = { for i in it { let a = x.a()?; act(a); } 1 }; Ok(x.b()?) // a: [next] a! b
    "#,
    );
}

/// Nor does it take one where something acts on the way.
#[test]
fn items_that_act() {
    check(
        r#"
        let it = [1, 2].map(|i| { act(i); i }); for i in it { let e = x.e(i)?; } Ok(x.b()?) // e(1): [act(1)] e(1)! b
        for i in [1, 2].iter().map(|i| { act(i); i }) { let e = x.e(i)?; } Ok(x.b()?) // e(1): [act(1)] e(1)! b
        for i in mapped([1, 2], |i| { act(i); i }) { let e = x.e(i)?; } Ok(x.b()?) // e(1): [act(1)] e(1)! b
        for i in [1, 2].iter().map(|i| i + 1) { let e = x.e(i)?; } Ok(x.b()?) // e(2): e(2)! e(3) b
    "#,
    );
    // The items of a collection act on nothing.
    check_in(
        "fn f(&mut self, x: &X)",
        r#"
        self.list = vec![1, 2]; for i in &mut self.list { let a = x.a()?; *i = a; } Ok(x.b()?) // a: [self.list=[1,2]] a! a! b
        self.list = vec![1, 2]; for i in &mut self.list { let a = x.a()?; act(a); } Ok(x.b()?) // a: [self.list=[1,2]] a! b
        self.list = vec![1, 2]; for i in &self.list { let a = x.a()?; act(a); } Ok(x.b()?) // a: [self.list=[1,2]] a! a! b
        self.list = vec![1, 2]; for i in self.list.iter() { let a = x.a()?; act(a); } Ok(x.b()?) // a: [self.list=[1,2]] a! a! b
        self.list = vec![vec![1], vec![2]]; for i in self.list.iter_mut().map(|k| k.pop()) { let a = x.a()?; act(a); } Ok(x.b()?) // a: [self.list=[[1],[2]]] [pop] a! b
        self.list = vec![1, 2]; for i in self.list.iter_mut().enumerate().map(|(n, k)| { k = 3; n }) { let a = x.a()?; act(a); } Ok(x.b()?) // a: [self.list=[1,2]] a! b
        self.list = vec![1, 2]; for i in self.list.iter_mut().map(|k| { k += 1; k }) { let a = x.a()?; act(a); } Ok(x.b()?) // a: [self.list=[1,2]] a! b
        self.list = vec![1, 2]; for i in self.list.iter_mut().filter(|k| k.seen()) { let a = x.a()?; act(a); } Ok(x.b()?) // a: [self.list=[1,2]] a! a! b
        self.list = vec![1, 2]; for i in self.list.iter_mut().map(|k| (k, 1)) { let a = x.a()?; act(a); } Ok(x.b()?) // a: [self.list=[1,2]] a! a! b
        for i in self.items.c()? { let a = x.a()?; act(a); } Ok(x.b()?) // a: c a! a! b
    "#,
    );
    check_in(
        "fn f(x: &X, list: &mut Vec<u8>)",
        r#"
        list.push(1); list.push(2); for i in list { let e = x.e()?; act(e); } Ok(x.b()?) // e: [push(1)] [push(2)] e! e! b
        list.push(1); list.push(2); for i in list { let k = matches!(i, Ok(_)); let e = x.e()?; act(e, k); } Ok(x.b()?) // e: [push(1)] [push(2)] e! e! b
        let n = list.len(); let a = x.a()?; let e = x.e(n)?; Ok(x.b()?) // a: a! e(0) b
        # `Option::take` gives no iterator.
        let n = list.take(); let a = x.a()?; let e = x.e(n)?; Ok(x.b()?) // a: [take] a! e(Ok(())) b
        let items = through([1, 2]); for i in items { let e = x.e()?; act(e); } Ok(x.b()?) // e: e! e! b
        list.push(1); list.push(2); for i in list.drain(..) { let e = x.e()?; act(e); } Ok(x.b()?) // e: [push(1)] [push(2)] [drain] e! e! b
    "#,
    );
}
