//! Small bodies, and what the attribute says of them or does with them. That
//! the words and places of its errors are right is shown by the UI tests.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::quote;

use crate::{error::Errors, expand};

/// The expansion of a function with this signature and body, in which another
/// read makes sure that there is something to probe.
fn expansion_of(signature: &str, body: &str, args: &TokenStream) -> String {
    let item = format!("fn f{signature} -> Result<u8, E> {{ vmi.read_u8(first)??; {body} }}");
    let item = item.parse().unwrap_or_else(|_| panic!("tokens: {item}"));
    expand::probed(quote!(options, #args), &grouped(item)).to_string()
}

/// Puts what stands in `@(..)` into invisible delimiters, as what a macro was
/// given for `$e:expr` is.
pub(crate) fn grouped(tokens: TokenStream) -> TokenStream {
    let mut invisible = false;
    let mut tokens = tokens.into_iter().peekable();
    let next = std::iter::from_fn(|| {
        let token = tokens.next()?;
        let is_before_group = matches!(tokens.peek(), Some(TokenTree::Group(group))
            if group.delimiter() == Delimiter::Parenthesis);
        Some((token, is_before_group))
    });
    let tokens = next.filter_map(|(token, is_before_group)| match token {
        TokenTree::Punct(punct) if punct.as_char() == '@' && is_before_group => {
            invisible = true;
            None
        }
        TokenTree::Group(group) => {
            let delimiter = if std::mem::take(&mut invisible) {
                Delimiter::None
            } else {
                group.delimiter()
            };
            Some(Group::new(delimiter, grouped(group.stream())).into())
        }
        token => Some(token),
    });
    tokens.collect()
}

fn expansion(body: &str) -> String {
    expansion_of("(vmi: &Vmi)", body, &quote!())
}

/// Bodies that are refused with these words, or that are not (an empty text).
#[track_caller]
fn refused(cases: &[(&str, &str)]) {
    for (body, words) in cases {
        let expansion = expansion(body);
        let errors = expansion.matches("compile_error").count();
        assert_eq!(
            errors,
            usize::from(!words.is_empty()),
            "{body}: {expansion}"
        );
        assert!(expansion.contains(words), "{body}: {expansion}");
    }
}

#[test]
fn methods_that_hide_a_fault() {
    let panics = "on a probe panics";
    refused(&[
        ("vmi.read_u8(a)?.unwrap()", panics),
        ("vmi.read_u8(a).unwrap()", panics),
        ("(vmi.read_u8(a)?).expect(\"it is\")", panics),
        ("probe!(g())?.unwrap()", panics),
        (
            "with(|| vmi.read_u8(a)?.unwrap())",
            "outside of the closure",
        ),
        ("vmi.read_u8(a)?.unwrap_or(0)", ""),
        ("vmi.read_u8(a)??.unwrap()", ""),
        ("@(vmi.read_u8(a)?).unwrap()", panics),
        ("@(vmi).read_u8(a)?.unwrap()", panics),
        ("g()?.unwrap()", ""),
        ("g().expect(\"it is\")", ""),
        ("vmi.read_u8(a).is_ok()", "is_some"),
        ("vmi.read_u8(a).is_err()", "is_none"),
        ("g().is_ok() || g().is_err()", ""),
        ("vmi.read_u8(a)?.is_some()", ""),
    ]);
}

#[test]
fn conditions_that_go_on_without_data() {
    let scans = "this loop may go on where data is missing";
    let is_ok = "this loop goes on where data is missing";
    refused(&[
        ("while vmi.read_u8(a)? != b {}", scans),
        ("while a < b && vmi.read_u8(a)?.is_some() {}", ""),
        ("while vmi.read_u8(a)?.is_none() && a < b {}", scans),
        ("while vmi.read_u8(a)? == None || a < b {}", scans),
        ("while matches!(vmi.read_u8(a)?, Some(1)) {}", ""),
        ("while probe!(g())? != b {}", scans),
        ("while vmi.read_u8(a)?? != b {}", ""),
        ("while (vmi.read_u8(a)?)? != b {}", ""),
        ("while vmi.read_u8(a)?.ok_or(x)? != b {}", ""),
        ("while vmi.read_u8(a)?.map(g).ok_or_else(x)? != b {}", ""),
        ("while vmi.read_u8(a)?.or(b).ok_or(x)? != b {}", scans),
        ("while vmi.read_u8(a)?.ok(x)? != b {}", scans),
        ("while g(a)? != b {}", ""),
        ("while with(|| vmi.read_u8(a)) {}", ""),
        ("while { fn g() { vmi.read_u8(a)?; } true } {}", ""),
        ("while let Some(x) = vmi.read_u8(a)? {}", ""),
        ("while let Some(x) = (vmi.read_u8(a)?) && x > b {}", ""),
        ("while let Some(x) = vmi.read_u8(a).map_err(x)? {}", ""),
        ("while let Some(x) = @(vmi.read_u8(a)?) {}", ""),
        ("while vmi.read_u8(a)? == vmi.read_u8(b)? {}", scans),
        ("while let Some(x) = vmi.read_u8(a)?.filter(g) {}", ""),
        ("while let Some(x) = probe!(g())?.flatten() {}", ""),
        ("while let Some(x) = vmi.read_u8(a)?.or(b) {}", scans),
        ("while let Some(x) = g(vmi.read_u8(a)?) {}", scans),
        ("while let x = vmi.read_u8(a)? {}", scans),
        ("while let _ = vmi.read_u8(a)? {}", scans),
        ("while let None = vmi.read_u8(a)? {}", scans),
        ("while let Nothing = vmi.read_u8(a)? {}", scans),
        ("while let Some(1) | None = vmi.read_u8(a)? {}", scans),
        ("while let (Some(1) | None) = vmi.read_u8(a)? {}", scans),
        ("while let &None = vmi.read_u8(a)? {}", scans),
        ("while let Option::None = vmi.read_u8(a)? {}", scans),
        ("while let path::Some = vmi.read_u8(a)? {}", ""),
        ("while let Ok(x) = vmi.read_u8(a) {}", is_ok),
        ("while let (Ok(x)) = vmi.read_u8(a) {}", is_ok),
        ("while let Ok(None) = vmi.read_u8(a) {}", is_ok),
        ("while let Ok(Some(1)) | Ok(_) = vmi.read_u8(a) {}", is_ok),
        ("while let x = vmi.read_u8(a) {}", is_ok),
        ("while let Ok(Some(x)) = vmi.read_u8(a) {}", ""),
        ("while let Err(x) = vmi.read_u8(a) {}", ""),
        ("while let Ok(x) = g(a) {}", ""),
        ("with(|| while vmi.read_u8(a)? != b {});", scans),
        ("probe!({ while vmi.read_u8(a)? != b {} g() })?;", ""),
    ]);
}

#[test]
fn conditions_that_end_without_data() {
    let scans = "this loop may go on where data is missing";
    refused(&[
        ("while vmi.read_u8(a)?.is_some_and(g) {}", ""),
        ("while (vmi.read_u8(a)?).copied().is_some_and(g) {}", ""),
        ("while vmi.read_u8(a)?.is_none_or(g) {}", scans),
        ("while !vmi.read_u8(a)?.is_none() {}", ""),
        ("while !vmi.read_u8(a)?.is_some() {}", scans),
        ("while vmi.read_u8(a)? == Some(0) {}", ""),
        ("while Some(0) == vmi.read_u8(a)? {}", ""),
        ("while vmi.read_u8(a)? > Some(0) {}", ""),
        ("while Some(0) < vmi.read_u8(a)? {}", ""),
        ("while vmi.read_u8(a)? < Some(0) {}", scans),
        ("while vmi.read_u8(a)? != None {}", ""),
        ("while vmi.read_u8(a)? != Some(0) {}", scans),
        ("while vmi.read_u8(a)?.map_or(false, g) {}", ""),
        ("while vmi.read_u8(a)?.map_or(true, g) {}", scans),
        ("while vmi.read_u8(a)?.map_or_else(|| false, g) {}", ""),
        ("while vmi.read_u8(a)?.map(g).unwrap_or_default() {}", ""),
        ("while vmi.read_u8(a)?.unwrap_or(0) != 0 {}", ""),
        ("while vmi.read_u8(a)?.unwrap_or(b'a') == b'b' {}", ""),
        ("while vmi.read_u8(a)?.unwrap_or(1) != 0 {}", scans),
        ("while vmi.read_u8(a)?.unwrap_or_default() > 0 {}", ""),
        ("while vmi.read_u8(a)?.unwrap_or_default() >= 0 {}", scans),
        ("while vmi.read_u8(a)?.unwrap_or(b) != 0 {}", scans),
        ("while matches!(vmi.read_u8(a)?, Some(1..) if b) {}", ""),
        ("while matches!(vmi.read_u8(a)?, Some(1) | None) {}", scans),
        ("while matches!(vmi.read_u8(a), Ok(Some(1))) {}", ""),
        ("while vmi.read_u8(a).is_ok_and(|x| x.is_some()) {}", scans),
        (
            "while let (Some(x), Some(y)) = (vmi.read_u8(a)?, vmi.read_u8(b)?) {}",
            "",
        ),
        (
            "while let (Some(x), y) = (vmi.read_u8(a)?, vmi.read_u8(b)?) {}",
            scans,
        ),
        (
            "while let Some(x) = vmi.read_u8(a)?.zip(vmi.read_u8(b)?) {}",
            "",
        ),
        ("while let Some((x, y)) = b.zip(vmi.read_u8(a)?) {}", ""),
        (
            "while vmi.read_u8(a)?.is_some() && vmi.read_u8(b)?.is_some() {}",
            "",
        ),
        (
            "while vmi.read_u8(a)?.is_some() || vmi.read_u8(b)?.is_some() {}",
            scans,
        ),
        ("while b || vmi.read_u8(a)?.is_some() {}", ""),
        (
            "while g(vmi.read_u8(a)?) || vmi.read_u8(a)?.is_some() {}",
            scans,
        ),
        (
            "while vmi.read_u8(a)?.is_some() || vmi.read_u8(a)?? == 1 {}",
            "",
        ),
        ("while g(vmi.read_u8(a)??) {}", ""),
    ]);
}

#[test]
fn a_question_too_many() {
    let by_itself = "leaves the function by itself";
    refused(&[
        ("settle!()?;", by_itself),
        ("prober::settle!()?;", by_itself),
        ("settle!();", ""),
        ("probe!(vmi.read_u8(a)?)?;", "takes the `Result` itself"),
        ("probe!(g()?)?;", ""),
    ]);
    assert!(expansion("probe!(g()?)?;").contains(":: AnswerCanBeProbed ::"));
    assert!(expansion("probe!(g(b?))?;").contains(":: CanBeProbed ::"));
}

#[test]
fn an_option_for_a_number() {
    let number = "write `??` to need the value";
    refused(&[
        ("g(vmi.read_u8(a)? + 1);", number),
        ("g(-1 * (vmi.read_u8(a)?));", number),
        ("g(vmi.read_u8(a)? == 3);", number),
        ("g(vmi.read_u8(a)? as u64);", number),
        ("g(!vmi.read_u8(a)?);", number),
        ("g(0..vmi.read_u8(a)?);", number),
        ("g(probe!(g())? > 3);", number),
        ("g!(vmi.read_u8(a)? + 1);", number),
        ("while vmi.read_u8(a)? != 0 {}", number),
        ("while b && vmi.read_u8(a)? != 0 {}", number),
        // Some type may make these compile.
        ("g(vmi.read_u8(a)? + b);", ""),
        ("g(b + vmi.read_u8(a)?);", ""),
        ("b += vmi.read_u8(a)?;", ""),
        ("g(vmi.read_u8(a)? == b);", ""),
        ("g(..vmi.read_u8(a)?);", ""),
        ("g(vmi.read_u8(a)?? + 1);", ""),
        ("g(b? + 1);", ""),
        ("g(*vmi.read_u8(a)?);", ""),
        // A part of a probe gives its value.
        ("vmi.read_u8(vmi.read_u8(a)? + 1)?;", ""),
        // What a closure gives is its own affair.
        ("g(|| vmi.read_u8(a)? + 1);", ""),
        ("g(|| vmi.read_u8(a)??);", "need the value outside"),
        ("g(async { vmi.read_u8(a)?? });", "need the value outside"),
        ("g(|| vmi.read_u8(a)?);", ""),
        ("g(|| b??);", ""),
    ]);
}

#[test]
fn patterns_straight_on_a_probe() {
    let err = "not an `Err`";
    let ok = "this also matches a probe that faulted";
    refused(&[
        ("if let Err(x) = vmi.read_u8(a) {}", err),
        ("if b && let Err(_) = vmi.read_u8(a) {}", err),
        ("if let Result::Err(_) = (probe!(g())) {}", err),
        ("if let Ok(_) = vmi.read_u8(a) {}", ok),
        ("if let Ok(..) = @(vmi.read_u8(a)) {}", ok),
        ("if let Ok(x) = vmi.read_u8(a) {}", ""),
        ("if let Ok(Some(_)) = vmi.read_u8(a) {}", ""),
        ("if let Ok(None) = vmi.read_u8(a) {}", ""),
        ("let Ok(_) = vmi.read_u8(a) else { return x };", ok),
        ("let Ok(x) = vmi.read_u8(a) else { return x };", ""),
        ("match vmi.read_u8(a) { Ok(x) => x, Err(_) => b }", err),
        (
            "match vmi.read_u8(a) { Ok(_) | Err(_) if b => a, _ => b }",
            err,
        ),
        ("match vmi.read_u8(a) { Ok(_) => a, _ => b }", ok),
        (
            "match vmi.read_u8(a) { Ok(Some(x)) => x, Ok(None) => b, Err(x) => g(x) }",
            "",
        ),
        (
            "match vmi.read_u8(a) { Err(x) => g(x), Ok(None) => b, Ok(_) => a }",
            "",
        ),
        ("match vmi.read_u8(a)? { Some(x) => x, _ => b }", ""),
        ("match g() { Ok(_) => a, Err(_) => b }", ""),
        ("matches!(vmi.read_u8(a), Err(_))", err),
        ("matches!(vmi.read_u8(a), Ok(_))", ok),
        ("matches!(vmi.read_u8(a), Ok(Some(_)))", ""),
        ("matches!(unprobed!(vmi.read_u8(a)), Err(_))", ""),
        ("with(|| if let Err(x) = vmi.read_u8(a) {})", err),
        ("probe!({ if let Err(x) = vmi.read_u8(a) {} g() })?;", ""),
    ]);
}

#[test]
fn a_value_thrown_away() {
    for (body, warns) in [
        ("vmi.read(a, &mut b)?;", true),
        ("(vmi.read(a, &mut b)?);", true),
        ("@(vmi.read(a, &mut b)?);", true),
        ("vmi.read(a, &mut b).map_err(x)?;", true),
        ("probe!(g())?;", true),
        ("vmi.read(a, &mut b)??;", false),
        ("vmi.read(a, &mut b).ok()?;", false),
        ("vmi.read(a, &mut b);", false),
        ("let _ = vmi.read(a, &mut b)?;", false),
        ("g(vmi.read(a, &mut b)?);", false),
        ("g()?;", false),
        ("probe!({ vmi.read(a, &mut b)?; g() })?.g();", false),
    ] {
        let expansion = expansion(body);
        assert_eq!(
            expansion.contains("value_of_a_probe"),
            warns,
            "{body}: {expansion}"
        );
        assert!(!expansion.contains("compile_error"), "{body}: {expansion}");
    }
}

/// A reader whose type the tokens tell is not asked for the runtime's reads.
#[test]
fn receivers_that_are_never_served() {
    for (signature, body, served) in [
        ("(vmi: &Vmi)", "", true),
        ("(vmi: Vmi)", "", true),
        ("(vmi: &mut Reader)", "", false),
        ("(mut vmi: Reader)", "", false),
        ("(vmi: &mut VmiState<Os>)", "", true),
        ("(mut vmi: core::VmiContext<Os>)", "", true),
        ("(mut other: Reader, vmi: &Vmi)", "", true),
        ("()", "let vmi = &mut reader;", false),
        ("()", "let vmi = &reader;", true),
        ("()", "let mut vmi = Reader::new(x);", false),
        ("()", "let vmi = Reader::new(x);", true),
        ("()", "let mut vmi = Reader { x };", false),
        ("()", "let mut vmi = Reader(x);", false),
        ("()", "let mut vmi = reader(x);", true),
        ("()", "let mut vmi = (x.make)(x);", true),
        ("()", "let mut vmi = x + y;", true),
        ("()", "let mut vmi = VmiState::new(x);", true),
        ("()", "let mut vmi = VmiState { x };", true),
        ("()", "let mut vmi: Reader = x;", false),
        ("()", "let vmi: &mut Reader = x;", false),
        ("()", "let vmi: &Reader = x;", true),
        ("()", "let mut vmi: VmiCore<Driver> = x;", true),
        ("()", "let mut other = Reader::new(x);", true),
        ("()", "{ let vmi = &mut x; vmi.go(); }", true),
        (
            "()",
            "let mut vmi = Reader::new(x); let vmi = &state;",
            true,
        ),
        ("()", "let vmi = &state; let vmi = &mut x;", false),
        (
            "(vmi: &mut Reader)",
            "let vmi: &VmiState<Os> = &state;",
            true,
        ),
        ("(vmi: &mut Reader)", "{ let vmi = &state; }", false),
        ("(mut vmi: Reader)", "let (a, b) = x;", false),
        ("()", "fn g() { let mut vmi = Reader::new(x); }", true),
    ] {
        let expansion = expansion_of(signature, &format!("{body} vmi.read_string(a)?"), &quote!());
        assert_eq!(
            expansion.contains(":: served ("),
            served,
            "{signature} {body}: {expansion}"
        );
    }
    for (method, served) in [
        ("read", true),
        ("read_in", true),
        ("read_struct", true),
        ("read_struct_in", true),
        ("read_string_utf16_bytes_limited_in", true),
        ("read_u64", true),
        ("read_va_native_in", true),
        ("read_u8", false),
        ("read_structure", false),
        ("r#read", true),
    ] {
        let expansion = expansion(&format!("vmi.{method}(a)?"));
        assert_eq!(
            expansion.contains(":: served ("),
            served,
            "{method}: {expansion}"
        );
    }
}

#[test]
fn receivers_that_are_known() {
    for (receiver, known) in [
        ("vmi", true),
        ("r#vmi", true),
        ("(&*vmi)", true),
        ("(-vmi)", false),
        ("(!vmi)", false),
        ("other", false),
        ("self.vmi", true),
        ("self.other", false),
        ("other.vmi", false),
        ("self.0", true),
        ("self.1", false),
        ("ctx.state()", true),
        ("ctx.state(x)", false),
        ("ctx.state::<x>()", false),
        ("ctx.other()", false),
        ("other.state()", false),
        ("(self.vmi)", true),
        ("path::vmi", false),
        ("vmi()", false),
    ] {
        let args = quote!(vmi = (self.vmi, self.0, ctx.state()));
        let expansion = expansion_of("()", &format!("{receiver}.read_u64(a)"), &args);
        let probed = expansion.matches(":: read (").count();
        assert_eq!(probed, usize::from(known), "{receiver}: {expansion}");
    }
}

#[test]
fn a_read_that_is_awaited() {
    let expansion = expansion("let x = vmi.read_u8(a).await?; probe!(vmi.read_u8(b).await)?");
    let read = "__probed :: read (vmi . read_u8 (a) . await , __probed_run) ?";
    assert!(expansion.contains(read), "{expansion}");
    assert_eq!(expansion.matches(":: read (").count(), 2, "{expansion}");
}

/// Of a field that is assigned to rustc warns in a closure alone.
#[test]
fn assignments_to_fields_of_parameters() {
    for (signature, body, allowed) in [
        // A local of the body.
        ("(mut p: P)", "p.x = 1;", false),
        ("(mut p: (u8, u8))", "p.0 = 1;", true),
        ("(mut p: (u8, u8))", "p.0.1 += 1;", true),
        ("(mut p: (u8, u8))", "p.0 -= 1;", true),
        ("(mut p: (u8, u8))", "p.0 <<= 1;", true),
        ("((mut p, q): (u8, u8))", "p.0 = 1;", true),
        ("(mut self)", "self.x = 1;", true),
        ("(mut p: (u8, u8))", "if a { p.0 = 1; }", true),
        ("(mut p: (u8, u8))", "q = p.0 + 1;", false),
        ("(mut p: (u8, u8))", "p = q.x;", false),
        ("(mut p: (u8, u8))", "p.0 + 1;", false),
        ("(mut p: (u8, u8))", "g().x = 1;", false),
        ("(mut p: (u8, u8))", "q.x += 1;", false),
        ("(mut p: (u8, u8))", "fn g() { p.0 = 1; }", false),
        ("(p: P)", "p.x = 1;", false),
        ("(ref mut p: P)", "p.x = 1;", false),
        ("(&mut self)", "self.x = 1;", false),
        ("(&self)", "self.x = 1;", false),
        ("(self)", "self.x = 1;", false),
        ("(mut self: &mut Self)", "self.x = 1;", true),
    ] {
        let expansion = expansion_of(signature, body, &quote!());
        let found = expansion.contains("unused_assignments");
        assert_eq!(found, allowed, "{signature} {body}: {expansion}");
    }
}

#[test]
fn attributes_stay_outside_of_a_call() {
    for body in [
        "#[cfg(a)] vmi.read_u8(a)",
        "#[cfg(a)] vmi.read_u8(a)?",
        "#[cfg(a)] vmi.read_u8(a).await",
        "#[cfg(a)] probe!(g())",
        "#[cfg(a)] g()?",
        "#[cfg(a)] vmi.write()",
        "#[cfg(a)] vmi.read(a, b)?",
    ] {
        let expansion = expansion(&format!("{body};"));
        assert_eq!(expansion.matches("cfg").count(), 1, "{expansion}");
        assert!(!expansion.contains("(# [cfg"), "{expansion}");
    }
}

/// The markers are known by the crate's path, and by no other.
#[test]
fn markers() {
    for (path, krate, known) in [
        ("probe", quote!(), true),
        ("prober::probe", quote!(), true),
        ("::prober::probe", quote!(), true),
        ("other::probe", quote!(), false),
        ("prober::other::probe", quote!(), false),
        ("other::prober::probe", quote!(), false),
        ("renamed::vmi::probe", quote!(crate = renamed::vmi), true),
        ("vmi::probe", quote!(crate = renamed::vmi), false),
        ("prober::probe", quote!(crate = renamed::vmi), true),
        ("prober::other", quote!(), false),
    ] {
        let expansion = expansion_of("()", &format!("{path}!(g())"), &krate);
        let is_marker = expansion.contains("@ probed __probed");
        assert_eq!(is_marker, known, "{path}: {expansion}");
    }
}

#[test]
fn loops_that_are_left_from_within_a_probe() {
    for (body, labels) in [
        ("loop { vmi.read_u8({ if a { break } b? })?; }", 1),
        ("for x in y { vmi.read_u8({ if a { continue } b })?; }", 1),
        (
            "while a { loop { vmi.read_u8({ if a { break } b })?; } }",
            1,
        ),
        ("loop { vmi.read_u8({ if a { break } continue })?; }", 1),
        (
            "loop { loop { vmi.read_u8({ break })?; } vmi.read_u8({ break })?; }",
            2,
        ),
        ("loop { vmi.read_u8(b? + vec![{ break }][0])?; }", 1),
        ("loop { vmi.read_u8(b? + vec![{ continue }][0])?; }", 1),
        ("loop { vmi.read_u8(b? + g![{ break }][0])?; }", 0),
        ("'a: loop { vmi.read_u8({ break })?; }", 0),
        ("loop { vmi.read_u8({ loop { break } })?; }", 0),
        ("loop { if a { break } vmi.read_u8(a)?; }", 0),
    ] {
        let expansion = expansion(body);
        let named = (0..4).filter(|number| expansion.contains(&format!("'__probed_{number} :")));
        assert_eq!(named.count(), labels, "{body}: {expansion}");
        assert!(!expansion.contains("compile_error"), "{body}: {expansion}");
    }
    refused(&[
        ("vmi.read_u8({ break })?;", "`break` outside of a loop"),
        (
            "vmi.read_u8({ continue })?;",
            "`continue` outside of a loop",
        ),
    ]);
}

/// What is refused in the place where it stands counts as something to probe.
#[test]
fn a_mistake_is_the_only_error() {
    for body in [
        "settle!(a);",
        "probe!();",
        "unprobed!();",
        "unknown!(vmi.read_u8(a) -> b);",
    ] {
        let item = format!("fn f(vmi: &Vmi) -> Result<u8, E> {{ {body} }}");
        let expansion = expand::probed(quote!(options), &item.parse().expect("tokens")).to_string();
        assert_eq!(
            expansion.matches("compile_error").count(),
            1,
            "{body}: {expansion}"
        );
        assert!(
            !expansion.contains("nothing to probe"),
            "{body}: {expansion}"
        );
    }
}

/// What test-case 3 writes for a case with a result, one with an expected value, and an async one.
#[test]
fn above_a_test_case_there_is_one_error() {
    for (arguments, result, body) in [
        (
            "suppressed = none()",
            "-> R",
            "let _result = super::f(1); _result",
        ),
        ("", "-> R", "let _result = super::f(g()?); _result"),
        (
            "options",
            "-> R",
            "let _result = super::f(1).await; _result",
        ),
        ("", "", "let _result = super::f(1); assert_eq!(_result, 3)"),
    ] {
        let item = format!("fn test_case_1_first() {result} {{ {body} }}");
        let arguments = arguments.parse().expect("tokens");
        let expansion = expand::probed(arguments, &item.parse().expect("tokens")).to_string();
        let errors = expansion.matches("compile_error").count();
        assert_eq!(errors, 1, "{body}: {expansion}");
        assert!(
            expansion.contains("put `#[probed]` above it"),
            "{expansion}"
        );
        assert!(expansion.contains("test_case_1_first ()"), "{expansion}");
    }
}

#[test]
fn reads_in_the_arguments_of_macros() {
    let unseen = "cannot rewrite the read";
    refused(&[
        ("assert!(b == vmi.read_u8(a)?);", ""),
        ("g!({ let x = vmi.read_u8(a)?; x }, b);", ""),
        ("g!({ if a { b() } vmi.read_u8(c)? }, b);", ""),
        ("matches!(vmi.read_u8(a)?, Some(1),);", ""),
        (
            "info!(target: \"t\", \"n\" = vmi.read_u8(a)?, x.y = ?vmi.read_u8(a)?, z:? = b);",
            "",
        ),
        (
            "info!(z:? = vmi.read_u8(a)?, %vmi.read_u8(b)?, ?c, { d = vmi.read_u8(a)? }, \"e\");",
            "",
        ),
        ("info!(a::b(vmi.read_u8(c)?), d);", ""),
        ("g!(vmi.read_u8(a) => b);", ""),
        ("g!(vmi.read_u8(a) -> b);", unseen),
        ("g!(b -> vmi.read_struct::<T>(a));", ""),
        ("g!(b -> vmi.read_struct::<T>(a) c);", unseen),
        (
            "g!({ \"a\": vmi.read_u8(a)?, \"b\": [vmi.read_u8(b)?] });",
            "",
        ),
        ("g!({ \"a\": vmi.read_u8(a) b });", unseen),
        (
            "g!(a b c d e f g h i j k l m n o p q r vmi.read_u8(a));",
            "",
        ),
        (
            "g!(a b c d e f g h i j k l m n o p q r vmi.read_u8(a) s);",
            unseen,
        ),
        ("g!(b => probe!(g()));", ""),
        ("g!(b => probe!(g()) c);", "cannot rewrite `probe!`"),
        ("g!(b => vmi.write_u8(a, b));", ""),
        ("g!(b => vmi.write_u8(a, b) c);", "cannot rewrite the call"),
        (
            "g!(b => vmi.core().write_u8(a, b) c);",
            "cannot rewrite the call",
        ),
        (
            "g!(b => VmiState::write_u8(vmi, b) c);",
            "cannot rewrite the call",
        ),
        ("g!(b => VmiState::write_u8(other, b) c);", ""),
        ("g!(b in 0..vmi.read_u8(a) => b);", ""),
        ("g!(b in 0..vmi.read_u8(a) -> b);", unseen),
        ("g!(b = vmi.read_u8(a) => b);", unseen),
        ("line!(vmi.read_u8(a) -> b);", unseen),
        ("g!(b => h!(a) c);", ""),
        ("g!(b => probe (a) c);", ""),
        ("g!(b => probe a (c));", ""),
        ("g!(b => other.read_u8(a) c);", ""),
        ("g!(b => other.vmi.read_u8(a) c);", ""),
        ("g!(.vmi.read_u8(a) => b);", ""),
        ("g!(vmi.read_u8 => b);", ""),
        ("g!(b => stringify!(vmi.read_u8(a)) c);", ""),
        (
            "macro_rules! m { () => { vmi.read_u8(a) } }",
            "that the body defines",
        ),
        ("macro_rules! m { ($vmi:ident) => { $vmi.read_u8(a) } }", ""),
        ("macro_rules! m { () => { read_u8(a) } }", ""),
    ]);
}

#[test]
fn macros_that_take_text() {
    let unseen = "cannot rewrite the read";
    refused(&[
        ("stringify!(vmi.read_u8(a) => b);", ""),
        ("std::stringify!(vmi.read_u8(a) -> b);", ""),
        ("other::stringify!(vmi.read_u8(a) -> b);", unseen),
        ("quote!(vmi.read_u8(a));", "may take them as text"),
        ("quote!(b?);", ""),
        ("quote::quote!(vmi.read_u8(a));", ""),
        ("other::quote!(vmi.read_u8(a) -> b);", unseen),
        ("concat!(vmi.read_u8(a) -> b);", unseen),
        ("thread_local!(static A: u8 = vmi.read_u8(a) -> b);", ""),
        ("thread_local!(vmi.read_u8(a) -> b);", unseen),
    ]);
}

#[test]
fn expressions_in_the_arguments_of_macros() {
    for call in [
        "dbg!(b?);",
        "g! { \"a\" => b?, }",
        "g! { unix => { b? + 1 } _ => { 1 } }",
        "g!({ \"a\": b? });",
        "g!(x if b? => 1);",
        "g!(let x: u8 = b?, y);",
    ] {
        assert!(expansion(call).contains(":: question_mark (b"), "{call}");
    }
    for call in [
        "line!(vmi.read_u8(a));",
        "concat!(vmi.read_u8(a));",
        "other::quote!(vmi.read_u8(a));",
        "g!(vmi.read_u8(a) => b);",
        "g! { unix => { vmi.read_u8(a)? } _ => { b } }",
        "g! { if #[cfg(unix)] { vmi.read_u8(a)? } else { b } }",
        "g! { x = y => { vmi.read_u8(a)? } }",
        "g!({ \"a\": { \"b\": [1, vmi.read_u8(a)?] } });",
        "format!(\"{:?}\", ..vmi.read_u8(a));",
    ] {
        assert!(expansion(call).contains(":: read ("), "{call}");
    }
    for (call, message) in [
        (
            "assert!(a == vmi.read_u8(a)?);",
            "assertion failed: a == vmi",
        ),
        (
            "anyhow::ensure!(vmi.read_u8(a)?);",
            "Condition failed: `vmi",
        ),
        ("eyre::ensure!(vmi.read_u8(a)?);", "Condition failed: `vmi"),
    ] {
        assert!(expansion(call).contains(message), "{call}");
    }
    assert!(!expansion("ensure!(vmi.read_u8(a)?);").contains("Condition failed"));
    assert!(!expansion("assert!(vmi.read_u8(a)?, b);").contains("assertion failed"));
}

/// What stands in `@(..)` becomes parentheses where it would fall apart.
#[test]
fn invisible_delimiters() {
    for (body, text) in [
        ("g(@(1 + 2) * 8);", "(1 + 2) * 8"),
        ("vmi.read_u8(@(1 + 2) * 8)??;", "(1 + 2) * 8"),
        ("vmi.read_u8(a? + @(1 + 2) * 8)??;", "(1 + 2) * 8"),
        ("@(a + b).c();", "(a + b) . c ()"),
        ("@(@(a + b)).c();", "(a + b) . c ()"),
        ("@(a = b).c();", "(a = b) . c ()"),
        ("@(-1).abs();", "(- 1) . abs ()"),
        ("@(a as u8) as u64;", "(a as u8) as u64"),
        ("@(|x| x)(2);", "(| x | x) (2)"),
        ("@(0..4).sum();", "(0 .. 4) . sum ()"),
        ("@(&a).b();", "(& a) . b ()"),
        (
            "let x = @(if a { b } else { c }) + 1;",
            "(if a { b } else { c }) + 1",
        ),
        ("@(S { a }).b();", "(S { a }) . b ()"),
        ("@(m! { a }).b();", "(m ! { a }) . b ()"),
        ("@(m!(a)).b();", "; m ! (a) . b ()"),
        ("@(@(a)).b();", "; a . b ()"),
        ("a as &@(dyn A + B);", "as & (dyn A + B)"),
        ("@(a.b()).c();", "; a . b () . c ()"),
        ("@(a).b();", "; a . b ()"),
        ("@(a[0]).b();", "; a [0] . b ()"),
        ("@([a]).b();", "; [a] . b ()"),
        ("@((a, b)).c();", "; (a , b) . c ()"),
        ("@(1).b();", "; 1 . b ()"),
        ("@({ a; }) let b = 1;", "{ a ; } let b = 1"),
        ("h(@({ a; }) + 1); @({ a; }) let b = 1;", "h ({ a ; } + 1)"),
        ("@(match a { _ => b })", "; match a { _ => b }"),
        ("let a: &@(dyn A + B) = b;", "& (dyn A + B)"),
        ("let a: &@(dyn A) = b;", "& dyn A ="),
        ("let a: @(impl A + B) = b;", ": (impl A + B)"),
        ("let a = [0; @(1 + 2) * 8];", "(1 + 2) * 8"),
        ("let a = const { @(1 + 2) * 8 };", "(1 + 2) * 8"),
        ("f::<{ @(1 + 2) * 8 }>();", "(1 + 2) * 8"),
        ("a.f::<{ @(1 + 2) * 8 }>();", "(1 + 2) * 8"),
        ("fn h() { @(1 + 2) * 8 }", "(1 + 2) * 8"),
        ("fn h() { m!(@(1 + 2) * 8) }", "(1 + 2) * 8"),
        ("fn h() { @({ a }) b }", "{ { a } b }"),
        ("fn h() { stringify!(@(1 + 2) * 8) }", "! (1 + 2 * 8)"),
        ("m!(@(1 + 2) * 8);", "(1 + 2) * 8"),
        ("m!(b?, @(1 + 2) * 8);", "(1 + 2) * 8"),
        ("m!([@(1 + 2) * 8] => a);", "(1 + 2) * 8"),
        ("m!(@(1 as u8) as u64 => a);", "(1 as u8) as u64"),
        ("m!(@(|x| x)(2) => a);", "(| x | x) (2)"),
        ("m!(@(0..4).a() => a);", "(0 .. 4) . a ()"),
        ("m!(@(&a).b() => a);", "(& a) . b ()"),
        ("m!(@(!a).b() => a);", "(! a) . b ()"),
        ("m!(@(-a).b() => a);", "(- a) . b ()"),
        ("m!(@(-1) => a);", "(- 1 => a)"),
        ("m!(@(a) => b);", "(a => b)"),
        ("m!(@(a => b) => c);", "(a => b => c)"),
        ("m!(@({ a }) => b);", "({ a } => b)"),
        ("m!(#[@(a = b)] c => d);", "# [a = b]"),
        ("stringify!(@(1 + 2) * 8);", "! (1 + 2 * 8)"),
        ("unprobed!(@(1 + 2) * 8);", "(1 + 2) * 8"),
    ] {
        let expansion = expansion(body);
        assert!(expansion.contains(text), "{body}: {expansion}");
    }
    let expansion = expansion_of("(vmi: &Vmi, a: [u8; @(1 + 2) * 8])", "", &quote!());
    assert!(expansion.contains("(1 + 2) * 8"), "{expansion}");
}

#[test]
#[should_panic(expected = "an error was found, and not reported")]
fn an_error_that_is_lost_panics() {
    let mut errors = Errors::default();
    errors.at(proc_macro2::Span::call_site(), "wrong");
    drop(errors);
}

/// rustc compiles only what is not the same tokens as before.
#[test]
fn the_same_tokens_each_time() {
    let item = quote! {
        fn sum(x: &X) -> Result<u8, E> {
            x.check()?;
            let (a, b) = (x.a()?, x.b()?);
            let c = x.c()?;
            let d = x.d(a)?;
            let e = x.e(b)?;
            let f = x.f(c)?;
            Ok(a + b + c + d + e + f)
        }
    };
    let expansion = expand::probed(quote!(), &item).to_string();
    assert!(expansion.matches("type_of").count() > 2, "{expansion}");
    for _ in 0..10 {
        assert_eq!(expand::probed(quote!(), &item).to_string(), expansion);
    }
}
