//! Results that a body takes apart.

use super::{SIGNATURE, Said, case, check};

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
