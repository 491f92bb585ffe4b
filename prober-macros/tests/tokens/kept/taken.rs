//! Results that a body takes apart.

use super::{SIGNATURE, Said, case, check, check_in};

/// A result that the body takes apart keeps its type, and its fault dooms.
#[test]
fn results_taken_apart() {
    check(
        r#"
        let a = x.a().unwrap_or(9); let d = x.d(a)?; act(a); Ok(d) // a: a! d(9)
        let a = x.a().unwrap_or(9); let d = x.d(a)?; act(a); Ok(d) // a?: a! d(9) [act(9)]
        let a = match x.a() { Ok(a) => a, Err(_) => 8 }; act(a); Ok(x.d(a)?) // a: a! d(8)
        let a = if let Ok(a) = x.a() { a } else { 7 }; act(a); Ok(x.d(a)?) // a: a! d(7)
        let Ok(a) = x.a() else { act(1); return Ok(1) }; act(a); Ok(x.d(a)?) // a: a!
        if x.a().is_ok() { act(1); } Ok(x.b()?) // a: a! b
        if x.a().is_err() { act(1); } Ok(x.b()?) // a: a! b
        if x.a().is_ok_and(|a| a > 1) { act(1); } Ok(x.b()?) // a: a! b
        match x.a() { Ok(a) => act(a), Err(_) => act(0) }; Ok(x.b()?) // a: a! b
        match (x.a(), x.b()) { (Ok(a), Ok(b)) => act(a), _ => act(0) }; Ok(x.c()?) // a: a! b c
        act(x.a().unwrap_or(1)); Ok(x.b()?) // a: a! b
        let ok = matches!(x.a(), Ok(_)); act(ok); Ok(x.b()?) // a: a! b
        let a = x.a().map_err(|_| 1)?; let b = x.b()?; Ok(a + b) // a: a! b
        for i in items() { match i { Ok(i) => act(i), Err(_) => continue } } Ok(x.c()?) // i1: i1! i2 c
        for i in items().flatten() { act(i); } Ok(x.c()?) // i1: i1! i2 c
        for i in items() { let i = i?; act(i); } Ok(x.c()?) // i1: i1! i2 c
        let v = (x.a()?, x.b().ok(), x.c()?); Ok(v) // a: a! b c
        let v = [1].map(|i| [1].map(|k| x.e().ok()).count()).count(); act(v); Ok(x.c()?) // e: e! c
        let v = vec![{ x.a().ok() }, x.b()?]; Ok(x.c()?) // a: a! b c
        let v = vec![{ x.a().unwrap_or(1) }, { x.b()? }]; Ok(x.c()?) // a: a! b c
        let v = x.a().as_ref().map_err(|e| 1).unwrap_or(2); act(1); Ok(x.b()?) // a: a! b
        let v = if 1 { let a = x.a()?; a } else { 2 }; let b = x.b()?; act(v, b); Ok(v) // a: a! b
    "#,
    );
}

/// Items that the body takes apart, or of which it drops the errors.
#[test]
fn items_taken_apart() {
    for (body, dooms) in [
        ("match i { Ok(i) => {} Err(_) => {} }", true),
        ("match (i, 1) { (Ok(i), _) => {} _ => {} }", true),
        ("match &i { Ok(i) => {} Err(_) => {} }", true),
        ("match (i) { Ok(i) => {} Err(_) => {} }", true),
        ("if let Ok(i) = i {}", true),
        ("let Ok(i) = i else { continue };", true),
        ("let g = i.ok();", true),
        ("let g = matches!(i, Ok(_));", true),
        ("println!(\"\", i.ok());", true),
        ("let g = i;", false),
        ("match i { g => {} }", false),
        ("match 1 { Ok(i) => {} _ => {} }", false),
        ("let g = 1;", false),
    ] {
        let body = format!("let c = x.c()?; for i in items() {{ {body} }} act(1); Ok(c)");
        case(SIGNATURE, &body, "i1", Said::Has("[act(1)]", !dooms));
    }
    for (items, dooms) in [
        ("items().flatten()", true),
        ("(items().flatten())", true),
        ("items().flatten().enumerate()", true),
        ("items().filter_map(Result::ok)", true),
        ("items().flat_map(Result::ok)", true),
        ("items().map_while(Result::ok)", true),
        ("items().enumerate()", false),
        ("items().map(Result::ok)", false),
    ] {
        let body = format!("let c = x.c()?; for i in {items} {{}} act(1); Ok(c)");
        case(SIGNATURE, &body, "i1", Said::Has("[act(1)]", !dooms));
    }
}

/// A fault that a closure takes apart, or leaves with, is recorded: what acts
/// waits.
#[test]
fn closures() {
    for (closure, dooms) in [
        ("x.e()?", true),
        ("x.e().ok()", true),
        ("if let Ok(v) = x.e() { 1 } else { 2 }", true),
        ("match x.e() { Ok(v) => 1, Err(_) => 2 }", true),
        ("{ let Ok(v) = x.e() else { return 2 }; 1 }", true),
        ("x.e().map_err(|e| 1).ok()", true),
        ("x.e().map_err(|e| 1)?", true),
        ("x.e().as_ref().ok()", true),
        ("{ let r = x.e().map_err(|e| 1); 1 }", true),
        ("if let Ok(v) = x.e().map_err(|e| 1) { 1 } else { 2 }", true),
        ("format!(1, x.e().is_ok())", true),
        ("format!(1, 2, { let r = x.e().ok(); 1 })", true),
        ("matches!(x.e(), Ok(_))", true),
        ("unprobed!(x.e()).ok()", false),
        ("{ let r = x.e().inspect(|v| 1); 1 }", false),
        ("{ let r = x.e(); 1 }", false),
        (
            "{ let r = x.e(); if let Ok(v) = r { 1 } else { 2 } }",
            false,
        ),
        (
            "{ let r = x.e(); match r { Ok(v) => 1, Err(_) => 2 } }",
            false,
        ),
        (
            "{ let r = x.e(); let Ok(v) = r else { return 2 }; 1 }",
            false,
        ),
        ("{ let r = x.e(); r.unwrap_or(1) }", false),
        ("match x.e() { v => 1 }", false),
        ("{ let v = x.e() else { return 2 }; 1 }", false),
    ] {
        for body in [
            format!("let n = [1].map(|i| {closure}).count(); act(1); Ok(x.b()?)"),
            format!("act([1].map(|i| {closure}).count()); Ok(x.b()?)"),
            format!("let n = Some(1).map(|i| {closure}); act(1); Ok(x.b()?)"),
        ] {
            case(SIGNATURE, &body, "e", Said::Has("[act", !dooms));
            case(SIGNATURE, &body, "e", Said::EndsWith(" b"));
        }
    }
}

/// Behind a head that took a fault apart nothing acts.
#[test]
fn heads_that_take_apart() {
    check(
        r#"
        if x.a().is_ok() { act(1); } else { act(2); } Ok(x.b()?) // a: a! b
        if x.a().is_err() { let c = x.c()?; act(1); } Ok(x.b()?) // a: a! c b
        match x.a().ok() { Some(a) => { act(a); } None => { act(0); } } Ok(x.b()?) // a: a! b
        for i in x.a().ok() { act(i); } act(1); Ok(x.b()?) // a: a! b
        for i in x.a().unwrap_or(vec![7]) { act(i); } Ok(x.b()?) // a: a! b
        while x.a().is_err() { act(1); break; } Ok(x.b()?) // a: a! b
        let u = for i in x.a().unwrap_or(vec![7]) { act(i); }; Ok(x.b()?) // a: a! b
        let u = while x.a().is_err() { act(1); break; }; Ok(x.b()?) // a: a! b
        let u = if x.a().is_err() { act(1); 1 } else { 2 }; Ok(x.b()?) // a: a! b
        let u = match x.a().is_err() { true => { act(1); 1 } _ => 2 }; Ok(x.b()?) // a: a! b
        let u = loop { if x.a().is_ok() { act(2); break 1; } act(1); break 2; }; Ok(x.b()?) // a: a! b
        let u = y.g(if x.a().is_err() { act(1); 1 } else { 2 })?; Ok(x.b()?) // a: a! b
    "#,
    );
}

/// A block in the arguments of a macro runs as it is written, but does not act
/// on what it took apart.
#[test]
fn blocks_in_macros() {
    check(
        r#"
        let v = vec![{ if x.a().is_err() { println! {} } 1 }]; Ok(x.b()?) // a: a!
        let v = vec![{ let r = x.a().unwrap_or(7); act(r); 1 }]; Ok(x.b()?) // a: a!
        let v = vec![{ let r = x.a().unwrap_or(7); y.d(r).ok() }]; Ok(x.b()?) // a: a!
        let v = vec![{ if x.a().is_err() { note! {1} } 1 }]; Ok(x.b()?) // a: a!
    "#,
    );
}

/// A head that takes a result apart and acts is skipped with what it would have
/// left.
#[test]
fn heads_that_act() {
    check_in(
        "fn f(x: &X, t: &mut Vec<u8>)",
        r#"
        match (x.a(), t.pop()) { (Ok(a), _) => return Ok(1), _ => {} } Ok(x.b()?) // a: a!
        match (x.a(), t.pop()) { (Ok(a), _) => act(1), _ => {} } Ok(x.b()?) // a: a! b
    "#,
    );
}

/// Where a result is taken apart in an operand, those behind it are asked, and
/// the call waits.
#[test]
fn operands_taken_apart() {
    check(
        r#"
        act(x.a().ok(), x.b()?); Ok(x.c()?) // a: a! b c
        act(x.a().ok(), x.b()?) // a: a! b
        act(x.a().unwrap_or(1), x.b()?, x.c().ok()); Ok(x.d()?) // a: a! b c d
        act(match x.a() { Ok(v) => v, Err(_) => 1 }, x.b()?); Ok(x.c()?) // a: a! b c
        act({ let v = x.a().ok(); v }, x.b()?); Ok(x.c()?) // a: a! b c
        act(y.g(x.a().ok())?, x.b()?); Ok(x.c()?) // a: a! b c
        act([1].map(|i| x.e().ok()).count(), x.b()?); Ok(x.c()?) // e: e! b c
        let f = |i| x.e().ok(); act(f(1), x.b()?); Ok(x.c()?) // e: e! b c
        println!("{}{}", x.a().ok(), x.b()?); Ok(x.c()?) // a: a! b c
        act(x.a().unwrap_or(x.b()?)); Ok(x.c()?) // a: a! b c
        act(x.a().map_or(x.b()?, |v| 1)); Ok(x.c()?) // a: a! b c
        act(x.a(y.e()?).unwrap_or(x.b()?)); Ok(x.c()?) // e: e! b c
        act(x.a().ok(), if 1 { return Ok(2) } else { 1 }, x.b()?); Ok(x.c()?) // a: a!
        let mut n = 0; act({ n = 1; x.a().ok() }, x.b(n)?); Ok(x.c()?) // a: [n=1] a! c
    "#,
    );
}

/// Which part of a chain is taken apart, and where a run goes from it.
#[test]
fn chains_taken_apart() {
    check(
        r#"
        let v = x.clone().e().ok(); act(v); Ok(x.b()?) // e: e! b
        let v = match x.a() { r @ Ok(_) => 1, _ => 2 }; act(v); Ok(x.b()?) // a: a! b
        let f = |i| x.e().ok(); let v = async { f(1) }.await; act(v); Ok(x.b()?) // e: e! b
        act(x.b()?); if x.a().is_err() { let c = x.c()?; Ok(c) } else { Ok(1) } // a: b [act(b)] a! c
        # The body looks at the fault itself.
        let a = x.a().map_err(|e| Translation(e))?; Ok(x.b()?) // a?: a!
    "#,
    );
}
