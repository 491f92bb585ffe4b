//! What a run does not show: how a question is written.

use proc_macro2::TokenStream;
use quote::quote;

use crate::{cases::grouped, expand};

/// What is there in the expansion of a function, or is not.
#[track_caller]
fn written(signature: &str, body: &str, text: &str, is_there: bool) {
    let item = format!("fn f{signature} {{ {body} }}");
    let item: TokenStream = item.parse().unwrap_or_else(|_| panic!("tokens: {item}"));
    let expansion = expand::probed(quote!(), &grouped(item)).to_string();
    assert_eq!(expansion.contains(text), is_there, "{body}: {expansion}");
}

const SIGNATURE: &str = "(x: &X, vmi: &Vmi) -> Result<u8, E>";

#[test]
fn what_there_is_to_probe() {
    for (body, is_nothing) in [
        ("act(1); Ok(1)", true),
        ("read_u8(1); Ok(1)", true),
        ("other.read_u8(1); Ok(1)", true),
        ("println!(\"{}\", act(1)); Ok(1)", true),
        ("vmi.read_u8(1).ok(); Ok(1)", false),
        ("println!(\"{}\", vmi.read_u8(1).is_ok()); Ok(1)", false),
        (
            "println!(\"{} {}\", vmi.read_u8(1).is_ok(), 1); Ok(1)",
            false,
        ),
        ("probe!(x.f())", false),
        ("inner(suppressed)", false),
        ("todo!()", false),
        ("unimplemented!()", false),
        ("x.f()?; Ok(1)", false),
    ] {
        written(SIGNATURE, body, "there is nothing to probe", is_nothing);
    }
}

/// A function that hands its set on dooms its callees through it.
#[test]
fn a_set_that_is_shared() {
    for (body, shares) in [
        ("inner(suppressed)?; Ok(1)", true),
        ("inner(x)?; Ok(1)", false),
        ("inner(suppressed_by)?; Ok(1)", false),
    ] {
        written(SIGNATURE, body, ":: start_sharing (", shares);
    }
}

/// A closure that outlives the call cannot hold on to the prober.
#[test]
fn closures_that_are_returned() {
    for (output, records) in [
        ("u8", true),
        ("impl Iterator<Item = u8>", false),
        ("Box<dyn Fn() -> u8>", false),
        ("Box<dyn FnMut() -> u8>", false),
        ("Box<dyn FnOnce() -> u8>", false),
        ("impl Visitor<u8>", false),
        ("Box<dyn Iterator<Item = u8>>", false),
        ("BoxFuture<u8>", true),
        ("Pin<Box<dyn Future<Output = u8>>>", false),
        ("Pin<Box<dyn Stream<Item = u8>>>", false),
    ] {
        let signature = format!("(x: &X) -> Result<{output}, E>");
        for closure in ["x.g().ok()", "x.g().unwrap_or(1)"] {
            let body = format!("x.f()?; Ok(over(|| {closure}))");
            written(&signature, &body, "Taken", records);
        }
        written(
            &signature,
            "x.f()?; Ok(m!({ x.g().ok(); } => |i| x.g().ok()))",
            "Taken",
            records,
        );
    }
}

/// Nothing is recorded on another thread.
#[test]
fn closures_of_other_threads() {
    for (call, records) in [
        ("y.spawn(|| x.g().ok())", false),
        ("thread::spawn(|| x.g().ok())", false),
        ("spawn_local(|| x.g().ok())", false),
        ("y.par_iter().map(|k| k.g().ok())", false),
        ("y.into_par_iter().filter(c).map(|k| k.g().ok())", false),
        ("y.iter().map(|k| k.g().ok())", true),
        ("y.partition(|k| k.g().ok())", true),
    ] {
        written(
            SIGNATURE,
            &format!("x.f()?; act({call}); Ok(1)"),
            "Taken",
            records,
        );
    }
}

/// The value of a branch is what a function returns.
#[test]
fn closures_that_branches_return() {
    for (tail, records) in [
        ("Ok(Box::new(|| x.g().ok()))", false),
        ("{ Ok(Box::new(|| x.g().ok())) }", false),
        (
            "match c { 1 => Ok(Box::new(|| x.g().ok())), _ => Err(1) }",
            false,
        ),
        (
            "match c { 1 => { x.h()?; Ok(Box::new(|| x.g().ok())) } _ => Err(1) }",
            false,
        ),
        (
            "if c { Ok(Box::new(|| x.g().ok())) } else { Err(1) }",
            false,
        ),
        (
            "if c { Err(1) } else { Ok(Box::new(|| x.g().ok())) }",
            false,
        ),
        ("{ let f = || x.g().ok(); Ok(f) }", false),
        ("if c { g(|| x.g().ok()); Err(1) } else { Ok(1) }", true),
        ("{ g(|| x.g().ok()); Err(1) }", true),
    ] {
        written(SIGNATURE, &format!("x.f()?; {tail}"), "Taken", records);
    }
}

/// A closure that becomes a function pointer captures nothing.
#[test]
fn closures_that_become_pointers() {
    for (body, records) in [
        ("let f: fn(u8) -> u8 = |i| g(i).ok();", false),
        ("let f: [fn(u8) -> u8; 1] = [|i| g(i).ok()];", false),
        ("let f: (fn(u8) -> u8, u8) = (|i| g(i).ok(), 1);", false),
        ("let f: &fn(u8) -> u8 = &(|i| g(i).ok());", false),
        ("let f = (|i| g(i).ok()) as fn(u8) -> u8;", false),
        ("let f: F = |i| g(i).ok();", true),
        ("let f = (|i| g(i).ok()) as F;", true),
        ("let f: fn(u8) -> u8 = make(|i| g(i).ok());", true),
        ("fn h() { let f = |i| g(i).ok(); }", false),
    ] {
        let body = format!("x.f()?; {body} Ok(1)");
        written(SIGNATURE, &body, "Taken", records);
    }
}

/// Where nothing follows a miss, the function is left by rustc's own `?`.
#[test]
fn a_miss_that_leaves() {
    for (body, leaves) in [
        ("act(0); act(x.a()?); Ok(1)", true),
        ("act(0); let a = x.a()?; Ok(a)", true),
        ("act(0); act(x.a().map_err(|e| e)?); Ok(1)", true),
        ("act(0); act(x.a()?); let b = x.b()?; act(b); Ok(1)", false),
        ("Ok(x.a()?)", false),
        ("act(0); for i in j { act(x.a()?); }", false),
        ("act(0); act(x.a()?, x.b()?);", true),
        ("act(0); act(probe!(x.a())?); Ok(1)", false),
    ] {
        written(SIGNATURE, body, ":: ask_or_leave", leaves);
    }
}

/// What adapts an error comes behind the question, where it can.
#[test]
fn adapters() {
    for (question, is_behind) in [
        ("x.a().map_err(|e| e)?", true),
        ("x.a().map_err(convert)?", true),
        ("x.a().context(\"a\")?", true),
        ("x.a().with_context(|| \"a\")?", true),
        ("a(1).map_err(|e| e)?", true),
        ("x.a().map_err(make(1))?", false),
        ("x.a().map_err(|e| e, 1)?", false),
        ("x.a().map_err()?", false),
        ("x.a().other(|e| e)?", false),
        ("r.map_err(|e| e)?", false),
    ] {
        let body = format!("let a = {question}; let b = x.b()?; act(a); Ok(1)");
        written(SIGNATURE, &body, ":: wait_before (", is_behind);
    }
}

/// A variable is not moved to look into it.
#[test]
fn scrutinees() {
    for (scrutinee, looks) in [
        ("match g() { Ok(a) => 1, Err(_) => 2 }", true),
        ("match (g(), r) { (Ok(a), Ok(b)) => 1, _ => 2 }", true),
        ("match (g()) { Ok(a) => 1, Err(_) => 2 }", true),
        ("match g().await { Ok(a) => 1, Err(_) => 2 }", true),
        ("match r { Ok(a) => 1, Err(_) => 2 }", false),
        ("match (r, s) { (Ok(a), Ok(b)) => 1, _ => 2 }", false),
        ("match &r { Ok(a) => 1, Err(_) => 2 }", false),
        ("r.ok()", false),
        ("g().ok()", true),
        ("(g()).ok()", true),
        ("@(g()).ok()", true),
        ("g().await.ok()", true),
        ("g()?.ok()", false),
        ("matches!(g(), Ok(_))", true),
        ("matches!(r, Ok(_))", false),
        ("matches!(g(), Some(_))", false),
    ] {
        let body = format!("x.f()?; let v = {scrutinee}; Ok(v)");
        written(SIGNATURE, &body, "Taken", looks);
    }
    // The patterns of a `Result`.
    for (pattern, is_one) in [
        ("Ok(a)", true),
        ("Err(a)", true),
        ("Result::Ok(a)", true),
        ("core::result::Result::Err(a)", true),
        ("Other::Ok(a)", false),
        ("Some(Ok(a))", true),
        ("Some(a)", false),
        ("Other(Ok(a))", false),
        ("Err(a) | Ok(a)", true),
        ("Some(a) | None", false),
        ("(Ok(a))", true),
        ("r1 @ Ok(_)", true),
        ("r1", false),
        ("(Ok(a), _)", true),
        ("(a, b)", false),
        ("_", false),
    ] {
        let body = format!("x.f()?; match g() {{ {pattern} if 1 => 1, _ => 2 }}; Ok(1)");
        written(SIGNATURE, &body, "Taken", is_one);
    }
}

/// What a search binds it uses: no lint of the user's is to miss a use.
#[test]
fn names_are_used() {
    for (body, used) in [
        (
            "let a = x.a()?; if let Some(b) = x.b()? { let d = x.d(b)?; } Ok(a)",
            "& b",
        ),
        (
            "let a = x.a()?; if 1 && let Some(b) = x.b()? { let d = x.d(b)?; } Ok(a)",
            "& b",
        ),
        (
            "let a = x.a()?; if let Some(b) = x.b()? && 1 { let d = x.d(b)?; } Ok(a)",
            "& b",
        ),
        (
            "let a = x.a()?; while let Some(b) = x.b()? { let d = x.d(b)?; } Ok(a)",
            "& b",
        ),
        (
            "let a = x.a()?; for b in x.b()? { let d = x.d(b)?; } Ok(a)",
            "& b",
        ),
        (
            "let a = x.a()?; match x.b()? { Some(b) => { let d = x.d(b)?; } _ => {} } Ok(a)",
            "& b",
        ),
        (
            "let a = x.a()?; let b = x.b()?; act(1); let d = x.d(b)?; Ok(a)",
            "& b",
        ),
        (
            "let a = x.a()?; let mut b = x.b()?; act(1); let d = x.d(b)?; Ok(a)",
            "& mut b",
        ),
        (
            "let a = x.a()?; let b = 1; act(1); let d = x.d(b)?; Ok(a)",
            "& b",
        ),
        (
            "let a = x.a()?; let ref mut b = y; act(1); let d = x.d(b)?; Ok(a)",
            "& b",
        ),
    ] {
        written(SIGNATURE, body, &format!("let _ = {used} ;"), true);
    }
    // What follows in a chain of conditions may use it, and still borrow from it.
    for (rest, is_used) in [("x.e()?", false), ("x.d(b)?", true), ("b", true)] {
        let body = format!(
            "let a = x.a()?; if let Some(b) = x.b()? && {rest} {{ let c = x.c()?; }} Ok(a)"
        );
        written(SIGNATURE, &body, "let _ = & b ;", !is_used);
    }
    // A variant is no variable.
    let body = "let a = x.a()?; match x.b()? { None => { let d = x.d()?; } _ => {} } Ok(a)";
    written(SIGNATURE, body, "& None", false);
}

/// Values that borrow from a temporary are bound where they stand: a slot
/// would outlive it.
#[test]
fn temporaries() {
    for (init, waits) in [
        ("x.a()?", true),
        ("(x.a()?, 1)", true),
        ("g(x.a()?)", true),
        ("format!(\"{}\", x.a()?)", true),
        ("vec![x.a()?]", true),
        ("Some(x.a()?)", true),
        ("&x.a()?", false),
        ("(&x.a()?)", false),
        ("(&x.a()?, 1)", false),
        ("[&x.a()?]", false),
        ("Row { a: &x.a()? }", false),
        ("Some(&x.a()?)", false),
        ("Row(&x.a()?)", false),
        ("g(&x.a()?)", true),
        ("&x.a()? as &u8", false),
        ("dbg!(x.a()?)", false),
        ("m!(x.a()?)", false),
    ] {
        let body = format!("let a = {init}; let b = x.b()?; act(1); act(a); Ok(b)");
        written(SIGNATURE, &body, "let a = __probed :: filled", waits);
    }
}

/// How a `let` is taken apart into a slot and its names.
#[test]
fn slots() {
    for (local, text) in [
        ("let a = x.a()?", "let a = __probed :: filled"),
        ("let mut a = x.a()?", "let mut a = __probed :: filled"),
        ("let a: u8 = x.a()?", "let a : u8 = __probed :: filled"),
        (
            "let a: m!() = x.a()?",
            "let a : m ! () = __probed :: filled",
        ),
        (
            "let m!(a) = x.a()?",
            "let m ! (a) = __probed :: ResultOrOption :: ask_or_leave (",
        ),
        ("let (a, b) = x.a()?", "let (a , b) = __probed :: filled"),
        (
            "let (mut a, b) = x.a()?",
            "let (mut a , b) = __probed :: filled",
        ),
        (
            "let Row { a, b } = x.a()?",
            "let (a , b ,) = __probed :: filled",
        ),
        (
            "let Row { mut a, .. } = x.a()?",
            "let (mut a ,) = __probed :: filled",
        ),
        (
            "let Row { a: (a, _) } = x.a()?",
            "let (a ,) = __probed :: filled",
        ),
        (
            "let Row { a, #[cfg(k)] b } = x.a()?",
            "let Row { a , # [cfg (k)] b } = __probed :: as_operand",
        ),
        ("let ref a = x.a()?", "let ref a = __probed :: as_operand"),
        (
            "let (ref a, b) = x.a()?",
            "let (ref a , b) = __probed :: as_operand",
        ),
        (
            "let a @ [b, _] = x.a()?",
            "let a @ [b , _] = __probed :: as_operand",
        ),
        (
            "let ((a), b) = x.a()?",
            "let ((a) , b) = __probed :: filled",
        ),
        (
            "#[allow(l)] let a = x.a()?",
            "# [allow (l)] let a = __probed :: filled",
        ),
        ("let _ = x.a()?", "let _ = __probed"),
        // The type of `Err(..)?` comes from the exit.
        (
            "let a = Err(x.a()?)?",
            "Some (__probed :: as_operand (match",
        ),
        (
            "let a = (x.a())?",
            "_slot_1 = __probed :: ResultOrOption :: wait (",
        ),
        (
            "let a = g(1)?",
            "_slot_1 = __probed :: ResultOrOption :: wait (",
        ),
        // Of a variable the type may be known later.
        ("let a = r?", "Some (__probed :: as_operand (match"),
        ("let a = x.a()?.f", ":: Some ("),
    ] {
        let body = format!("{local}; let c = x.c()?; act(1); act(a, b); Ok(c)");
        written(SIGNATURE, &body, text, true);
    }
}

/// A guard in a `let` is gone where a search behind a miss may lock once more.
#[test]
fn guards_in_lets() {
    for (operand, is_bound_behind) in [
        ("r.lock().get()", true),
        ("vec![r.lock().get()]", true),
        ("r.get()", false),
        ("vec![r.get()]", false),
    ] {
        let body = format!("act(0); let a = x.a({operand})?; act(a); Ok(x.c()?)");
        written(
            SIGNATURE,
            &body,
            "let __probed :: Some (a) = __probed_slot",
            is_bound_behind,
        );
    }
}

/// A read on a type of vmi-core is served by the runtime, where its receiver
/// can be shared.
#[test]
fn reads_that_are_served() {
    for (body, served) in [
        ("act(vmi.read_string(1)?);", true),
        ("let a = vmi.read_string(1)?; act(1);", true),
        (
            "let vmi = &mut reader; let a = vmi.read_string(1)?; act(1);",
            false,
        ),
        ("let a = other.read_string(1)?; act(1);", false),
    ] {
        written(SIGNATURE, &format!("{body} Ok(1)"), ":: served (", served);
    }
}

/// Of several reads on one parameter, it is put beside the prober once.
#[test]
fn a_receiver_of_several_reads() {
    let two = "let a = vmi.read_string(1)?; let b = vmi.read_string(2)?; Ok(a + b)";
    for (signature, body, once) in [
        ("(vmi: &Vmi)", two, true),
        ("(x: &X, vmi: &'v VmiState<'v>)", two, true),
        ("(vmi: Vmi)", two, false),
        ("(vmi: &mut Vmi)", two, false),
        ("(mut vmi: &Vmi)", two, false),
        ("(ref vmi: &Vmi)", two, false),
        ("(#[a] vmi: &Vmi)", two, false),
        ("(reader: &Vmi)", two, false),
        ("(vmi: &Vmi)", "Ok(vmi.read_string(1)?)", false),
        (
            "(vmi: &Vmi)",
            "let a = vmi.read_string(1)?; let b = vmi.read_u64(2)?; Ok(a + b)",
            true,
        ),
        // Another variable.
        (
            "(vmi: &Vmi)",
            "let a = vmi.read_string(1)?; let vmi = other; let b = vmi.read_string(2)?; Ok(a + b)",
            false,
        ),
        (
            "(vmi: &Vmi)",
            "let a = vmi.read_string(1)?; let b = vmi.read_string(2)?; m!(vmi); Ok(a + b)",
            false,
        ),
        (
            "(vmi: &Vmi)",
            "let a = vmi.read_string(1)?; let b = vmi.read_string(2)?; m!(a); Ok(a + b)",
            true,
        ),
        (
            "(vmi: &Vmi)",
            "let a = vmi.read_string(1)?; let b = vmi.read_string(2)?; println!(vmi); Ok(a + b)",
            true,
        ),
    ] {
        let signature = format!("{signature} -> Result<u8, E>");
        let text = "= __probed :: served (& vmi , __probed_run) ;";
        written(&signature, body, text, once);
    }
    // Items that begin a body still do.
    let body = format!("fn g() {{}} {two}");
    written(
        "(vmi: &Vmi) -> Result<u8, E>",
        &body,
        "; { fn g () { }",
        true,
    );
}

/// What a marker or a macro of text holds stays as it is.
#[test]
fn what_is_left_as_it_is() {
    for (kept, text) in [
        ("unprobed!(x.a()?)", "unprobed ! (@ probed x . a () ?)"),
        ("stringify!(x.a()?)", "stringify ! (x . a () ?)"),
        ("quote!(x.a()?)", "quote ! (x . a () ?)"),
    ] {
        for body in [
            format!("act(x.b()?, {kept}); Ok(1)"),
            format!("let v = ({kept}, x.b()?); Ok(v)"),
        ] {
            written(SIGNATURE, &body, text, true);
        }
    }
}

/// Two searches and what runs agree on the type of a variable.
#[test]
fn types_of_variables() {
    for (local, tied) in [
        ("let b = x.b()?;", true),
        ("let mut b = x.b()?;", true),
        ("let b = g();", true),
        ("let b: u8 = x.b()?;", false),
        ("let (b, _) = x.b()?;", false),
        ("let (b, _) = x.b(1)?;", true),
        ("let (b, _) = x.parse()?;", true),
        ("let (b, _) = x.read_pair()?;", true),
        ("let (b, _) = (g(), 1);", true),
        ("let [mut b, _] = [g(), x.b()?];", true),
        ("let (b, Row { .. }) = g();", true),
        ("let Row { f: (b) } = g();", true),
        ("let ref b = g();", true),
        ("let (b, Open) = g();", true),
        ("let (b, None) = (g(), x.b()?) else { return Ok(1) };", true),
        ("let b: Vec<_> = g();", true),
        ("let b: Vec<u8> = g();", false),
        ("let b = 1;", false),
        ("let b = y.f;", false),
        ("let b = &y;", false),
        ("let b = Row { y };", false),
        ("let b = || 1;", false),
        ("let b = y.iter().map(|i| i);", false),
        ("let b = vec![|| 1];", false),
        ("let b = async { 1 };", false),
    ] {
        let body = format!("let a = x.a()?; act(a); {local} let d = x.d(b)?; act(d, b); Ok(1)");
        written(SIGNATURE, &body, "type_of (& b)", tied);
    }
    // A slot tells the type of its value without a look into it.
    for (local, told_by_slot) in [
        ("let b = g(x.b()?);", true),
        ("let b: Vec<_> = g(x.b()?);", true),
        ("let (b, _) = (g(), x.b()?);", false),
    ] {
        let body = format!(
            "act(0); let a = vmi.read_u8(1)?; {local} let d = vmi.read_u8(b)?; act(a, d, b); Ok(1)"
        );
        written(
            SIGNATURE,
            &body,
            "type_of_slot (& __probed_slot",
            told_by_slot,
        );
    }
}

/// A head of which there is a copy without its branch, which may say of what type
/// the operand is.
#[test]
fn types_of_heads() {
    for (statement, tied) in [
        ("if let Some(b) = x.parse()? { act(b); }", true),
        ("if let Some(b) = x.b(1)? { act(b); }", true),
        ("if let Some(b) = x.b()? { act(b); }", false),
        ("if 1 > 0 && let Some(b) = x.parse()? { act(b); }", true),
        ("if x.parse()? > 1 { act(1); }", false),
        ("while let Some(b) = x.parse()? { act(b); }", true),
        ("for b in x.parse()? { act(b); }", true),
        ("match x.parse()? { Some(b) => act(b), _ => {} }", true),
        (
            "match 1 { b if let Some(c) = x.parse()? => act(c), _ => {} }",
            true,
        ),
        ("if let Some(b) = { x.parse()? } { act(b); }", false),
        ("if let Some(b) = c(|| x.parse()?) { act(b); }", true),
        ("match c(1) { Some(_) => act(x.b()?), _ => {} }", true),
        ("match Some(1) { Some(_) => act(x.b()?), _ => {} }", false),
        ("match t.c(1) { Some(_) => act(x.b()?), _ => {} }", false),
    ] {
        let body = format!("let a = x.a()?; act(a); {statement} let d = x.d()?; Ok(d)");
        written(SIGNATURE, &body, "__probed_operand", tied);
    }
}

/// A check that a macro of the user's may make unreachable.
#[test]
fn checks_behind_macros() {
    for (last, allowed) in [
        ("if let Ok(b) = x.b() { again!(); } else { break; }", true),
        ("match x.b() { Ok(_) => again!(), _ => break }", true),
        ("if let Ok(b) = x.b() { again!(); }", false),
        (
            "if let Ok(b) = x.b() { println!(\"1\"); } else { break; }",
            false,
        ),
    ] {
        let body = format!("x.a()?; loop {{ {last} }} Ok(1)");
        written(SIGNATURE, &body, "unreachable_code", allowed);
    }
}

/// What an `Option` or a list may hold is no result for all that is known.
#[test]
fn what_is_held() {
    for (method, held) in [
        ("take()", true),
        ("get().copied()", true),
        ("cloned()", true),
        ("pop()", true),
        ("pop_back()", true),
        ("pop_front()", true),
        ("remove(1)", true),
        ("insert(1)", true),
        ("replace(1)", true),
        ("next()", false),
        ("b()", false),
        ("and_then(|t| t.collect())", true),
        ("and_then(|t| { act(); t.collect() })", true),
        ("and_then(|t| t.collect::<Vec<_>>())", false),
        ("and_then(|t| t.b())", false),
        ("map(|t| t.collect())", false),
    ] {
        let body = format!("let a = x.a()?; let b = t.{method}.unwrap_or(1); act(b, a); Ok(1)");
        written(SIGNATURE, &body, ". note_result (", held);
    }
}

/// A closure that an operand only holds is told its types by what it is handed to.
#[test]
fn operands_that_hold_closures() {
    for (operand, waits) in [
        ("|k| k.b()?", false),
        ("&|k| k.b()?", false),
        ("Box::new(|k| k.b()?)", false),
        ("Some(Rc::new(|k| k.b()?))", false),
        ("g(|k| k.b()?)", true),
        ("Box::new(g(|k| k.b()?))", true),
    ] {
        let body = format!("act(x, {operand}); let a = x.a()?; Ok(a)");
        written(SIGNATURE, &body, "__probed_value", waits);
    }
}

/// There may be a block of ours around a `break` in a macro.
#[test]
fn loops_that_macros_leave() {
    for (call, text) in [
        (
            "println!(1, if c { break } else { 1 })",
            "if c { break '__probed_loop",
        ),
        (
            "println!(1, if c { continue } else { 1 })",
            "if c { continue '__probed_loop",
        ),
        ("println!(1, if c { break 'l } else { 1 })", "{ break 'l }"),
        ("println!(1, for k in l { break })", "for k in l { break }"),
        (
            "println!(1, for k in { if c { break } l } {})",
            "if c { break '__probed_loop",
        ),
        (
            "println!(1, format!(1, if c { break } else { 1 }))",
            "if c { break '__probed_loop",
        ),
        (
            "println!(1, format!(1, if c { continue } else { 1 }))",
            "if c { continue '__probed_loop",
        ),
        ("println!(1, while c { break })", "while c { break }"),
        ("println!(1, loop { break })", "loop { break }"),
        ("quote!(break)", "quote ! (break)"),
    ] {
        let body = format!("for i in j {{ act(x.a()?); {call}; }} Ok(1)");
        written(SIGNATURE, &body, text, true);
    }
}

/// A run that cannot be doomed does not look whether it is.
#[test]
fn no_look_without_a_cause() {
    for (head, looks) in [("c", false), ("x.b().is_ok()", true)] {
        let body = format!("act(0); if {head} {{ act(x.a()?); }} Ok(1)");
        let direct = "{ act (__probed :: ResultOrOption :: ask_or_leave (x . a";
        written(SIGNATURE, &body, direct, !looks);
    }
    // None is put off by a statement that asks nothing, or that acts.
    let direct = "let a = __probed :: ResultOrOption :: ask_or_leave (x . a (";
    for next in ["let k = 1;", "act(2);", "let k = vmi.write_u8(1)?;"] {
        let body = format!("act(0); let a = x.a()?; {next} act(a, k); Ok(1)");
        written(SIGNATURE, &body, direct, true);
    }
    // Nor is one where the next item would ask with what the last one changed.
    let signature = "(x: &X, list: &mut Vec<u8>) -> Result<u8, E>";
    let body = "act(0); for i in l { let a = x.a(list.len())?; let b = x.b(list.pop())?; } Ok(1)";
    written(signature, body, direct, true);
    // Nor at the end of a loop's body in which nothing is asked.
    let body = "act(0); while x.b()? > 0 { if c { act(2); } } act(1); Ok(1)";
    written(SIGNATURE, body, "{ if c { act (2) ; } }", true);
    let body = "x.f()?; act(if c { 1 } else { 2 }, x.a()?); Ok(1)";
    written(SIGNATURE, body, "act (if c { 1 } else { 2 } ,", true);
    for (statement, looks) in [
        ("act(x.a()?);", false),
        ("println!(\"{}\", x.a()?);", false),
        ("m!(x.a()? => 1);", true),
        ("m!(1 => 2);", false),
        // A miss in a value leaves at once.
        ("act(if c { x.a()? } else { x.b()? });", false),
        ("act(match c { 1 => x.a()?, _ => return Ok(1) });", false),
        ("act({ for i in j { x.a()?; } 1 });", true),
        ("act({ x.a().ok() });", true),
        ("act(over(|i| x.a().ok()));", true),
        ("act(over(|i| format!(\"{}\", i)));", false),
    ] {
        let body = format!("x.f()?; {statement} act(1); Ok(1)");
        let direct = "act (1) ; Ok";
        let behind = format!("}} {direct}");
        written(SIGNATURE, &body, direct, true);
        written(SIGNATURE, &body, &behind, looks);
    }
}

/// A result is noted as it comes from its call: others hold references to it,
/// or another error.
#[test]
fn what_is_noted() {
    for (body, noted, is_noted) in [
        ("let v = x.g().as_ref().ok();", "x . g ()", true),
        ("let v = x.g().inspect(h).is_ok();", "x . g ()", true),
        ("act(over(|i| x.g().as_ref().ok()));", "x . g ()", true),
        ("act(over(|i| x.g().map_err(h).ok()));", "x . g ()", true),
        ("act(over(|i| (x.g().ok(), i.len())));", "x . g ()", true),
        ("act(over(|i| (x.g().ok(), i.len())));", "i", false),
    ] {
        let body = format!("x.f()?; {body} Ok(1)");
        written(SIGNATURE, &body, &format!("Taken ({noted})"), is_noted);
    }
}

/// A place is not moved to look whether the run is doomed: the closure in it
/// may be called once more.
#[test]
fn places() {
    for (local, place, moved) in [
        ("let f = |i| x.e().ok();", "f", "f"),
        ("let f = |i| x.e().ok();", "(f)", "f"),
        ("let f = |i| x.e().ok();", "@(f)", "f"),
        ("let f = Row { k: |i| x.e().ok() };", "(f.k)", "f . k"),
        ("let f = [|i| x.e().ok()];", "f[0]", "f [0]"),
        ("let g = |i| x.e().ok(); let f = &g;", "(*f)", "* f"),
    ] {
        let body = format!("x.a()?; {local} act({place}(1)); Ok(1)");
        written(SIGNATURE, &body, "__probed_value =>", true);
        for moved in [format!("match ({moved})"), format!("match (({moved}))")] {
            written(SIGNATURE, &body, &moved, false);
        }
    }
}

/// What runs elsewhere holds on to nothing of this run.
#[test]
fn closures_that_run_elsewhere() {
    for (call, records) in [
        ("spawn(|| x.g().ok())", false),
        ("thread::spawn(move || x.g().ok())", false),
        ("scope.spawn(|| x.g().ok())", false),
        ("task::spawn_blocking(move || x.g().ok())", false),
        ("scope.run(|| x.g().ok())", true),
        ("run(|| x.g().ok())", true),
    ] {
        let body = format!("x.f()?; let t = {call}; Ok(t)");
        written(SIGNATURE, &body, "Taken", records);
    }
    let body = "x.f()?; Ok(Box::new(move || x.g().ok()))";
    written(SIGNATURE, body, "Taken", false);
}

/// rustc would blame blocks of ours for these.
#[test]
fn exits_of_no_loop() {
    for (statement, is_refused) in [
        ("break;", true),
        ("continue;", true),
        ("if c { break; }", true),
        ("for i in { break; j } {}", true),
        ("'l: { break 'l; }", false),
        ("'l: { if c { break 'l; } }", false),
        ("'l: { break; }", true),
        ("'l: { continue 'l; }", true),
        ("'l: loop { continue 'l; }", false),
        ("loop { break; }", false),
        ("while c { continue; }", false),
        ("for i in j { continue; }", false),
        ("let g = || loop { break };", false),
        ("fn g() { loop { break; } }", false),
    ] {
        let body = format!("x.a()?; {statement} Ok(1)");
        written(SIGNATURE, &body, "outside of a loop", is_refused);
    }
}

/// How often a question is written: where it runs, and in each search that comes
/// upon it. More would cost rustc time.
#[test]
fn copies_of_questions() {
    let cases = r"
        let a = x.a()?; let b = a.b()?; act(b); Ok(1) // b 1
        let a = x.a()?; let b = a.b()?; act(b); Ok(x.e()?) // b 2, e 3
        let a = x.a()?; let b = a.b()?; let c = b.c()?; act(c); Ok(1) // c 1
        let a = x.a()?; let b = x.b()?; let c = a.c()?; act(b, c); Ok(1) // c 1
        let a = x.a()?; let b = x.b()?; let c = x.c()?; act(a, b, c); Ok(1) // c 1
        let p = x.p()?; let a = x.a()?; let b = a.b()?; act(b, p); Ok(1) // b 2
        let p = x.p()?; let a = x.a()?; let b = a.b(if p { return Ok(1) } else { 1 })?; let c = x.c()?; act(c, p); Ok(1) // b 1, c 1
        let p = vmi.read_u8(1)?; let a = x.a()?; let b = a.b()?; act(b, p); Ok(1) // b 1
        let a = x.a()?; let p = vmi.read_u8(1)?; let b = a.b()?; act(b, p); Ok(1) // b 1
        let p = x.p()?; let a = vmi.read_u8(1)?; let b = x.b(a)?; act(b, p); Ok(1) // b 1
        let a = x.a()?; let b = a.b()?; if a { let c = x.c()?; } act(b); Ok(1) // b 1
        let a = x.a()?; let b = a.b()?; if b { return Ok(1); } act(a); Ok(x.c()?) // b 1, c 2
        let a = x.a()?; let b = a.g(x.b()?)?; act(a, b); Ok(1) // b 3, g 2
        act(0); let a = x.a()?; act(a); let b = x.b()?; act(b); Ok(1) // b 3
        act(0); let a = x.a()?; let b = x.b()?; act(a, b); Ok(1) // b 2
        act(0); let a = x.a()?; let b = x.b()?; Ok(Row { a, b, c: x.c()? }) // c 3
        act(0); let a = x.a()?; Ok(Row { a, c: x.c()? }) // c 3
        act(0); Ok(Row { a: x.a()?, c: x.c()? }) // c 3
        act(0); let a = x.a()?; make(a, x.c()?) // c 3
        act(0); let v = (x.a()?, vec![(x.b()?)]); act(v); Ok(x.d()?) // d 3
        act(0); let t = Atomic::new(1); let a = x.a()?; act(a); let n = t.fetch_add(1); Ok(x.e(n)?) // e 3
        act(0); let m!(mut a) = x.a()?; if x.c()? > 0 { a = x.d()?; } Ok(x.b(a)?) // b 1
        act(0); if x.a()? { act(x.b()?); } Ok(x.c()?) // b 3, c 2
        act(0); for i in j { let b = x.b(i)?; act(b); } Ok(x.c()?) // b 2
        act(0); inner(x.b()?, suppressed)?; inner(x.c()?, suppressed)?; Ok(1) // c 2
        act(0); vmi.read_u8(x.b()?)?; vmi.read_u8(x.c()?)?; act(1); Ok(1) // c 2
        let c = x.c()?; let mut t = [0]; vmi.read(1, &mut t)?; vmi.read(x.b()?, &mut t)?; act(c, t); Ok(1) // b 3
    ";
    for line in cases.lines().filter(|line| !line.trim().is_empty()) {
        let (body, counts) = line.rsplit_once("//").expect("a body, and counts");
        let item = format!("fn f{SIGNATURE} {{ {body} }}");
        let item: TokenStream = item.parse().unwrap_or_else(|_| panic!("tokens: {item}"));
        let expansion = expand::probed(quote!(), &item).to_string();
        for expected in counts.split(',') {
            let (name, _) = expected
                .trim()
                .split_once(' ')
                .expect("a name, and a count");
            let count = expansion.matches(&format!(" . {name} (")).count();
            assert_eq!(format!("{name} {count}"), expected.trim(), "{body}");
        }
    }
}

/// Only of what the body takes apart are the items looked at.
#[test]
fn items_that_are_watched() {
    for (items, body, watched) in [
        ("k", "i.ok();", true),
        ("k", "j.ok();", false),
        ("k", "i.other();", false),
        ("k", "if let Ok(g) = i {}", true),
        ("k", "if let Ok(g) = j {}", false),
        ("k", "if let Some(g) = i {}", false),
        ("k", "let Ok(g) = i else { continue };", true),
        ("k", "let Ok(g) = j else { continue };", false),
        ("k", "match i { Ok(g) => {} _ => {} }", true),
        ("k", "match j { Ok(g) => {} _ => {} }", false),
        ("k", "act(matches!(i, Ok(_)));", true),
        ("k", "act(matches!(j, Ok(_)));", false),
        ("k", "act(matches!(i, Some(_)));", false),
        ("k", "let h = || i.ok();", true),
        ("k", "fn h() { i.ok(); }", false),
        ("k.flatten()", "", true),
        ("k.flatten(1)", "", false),
        ("k.filter_map(Result::ok)", "", true),
        ("k.filter_map(Other::ok)", "", false),
        ("k.filter_map(Result::err)", "", false),
        ("k.filter_map(ok)", "", false),
        ("k.map(Result::ok)", "", false),
    ] {
        let body = format!("x.a()?; for i in {items} {{ {body} }} Ok(1)");
        written(SIGNATURE, &body, ":: watched (", watched);
    }
}

/// Of an operand that is asked again, what runs tells the type, if it does not do
/// so itself.
#[test]
fn types_of_operands() {
    for (operand, is_tied) in [
        ("y.get()?", true),
        ("y.get::<u8>()?", false),
        ("y.get::<_>()?", true),
        ("y.id()?", false),
        ("y.at(1)?", true),
        ("y.read_u8(1)?", true),
        ("vmi.read(1)?", true),
        ("vmi.read_u8(1)?", false),
        ("g(1)?", true),
        ("g::<u8>(1)?", false),
        ("g::<_>(1)?", true),
        ("Some(1)?", false),
    ] {
        let body = format!("Ok(Row {{ a: x.a()?, b: {operand} }})");
        written(SIGNATURE, &body, "__probed_type", is_tied);
    }
}
