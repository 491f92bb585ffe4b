//! Runs the cases. What a compiler says differs from release to release, so
//! they are pinned to one, and skipped under any other.

/// Compiles each case: `pass/` must compile, all others must fail with what
/// stands beside them.
///
/// `ordinary/` has the mistakes in the default form, `derive/` and `queue/` those
/// about types of the runtime. The other folders are by cause, most of them under
/// `options`. A mistake that both forms can make has a case in each.
///
/// `TRYBUILD=overwrite cargo test -p prober-ui-tests` writes that anew. Read
/// it then as the person would who gets it.
#[rustversion::attr(
    not(stable(1.95)),
    ignore = "what rustc says is pinned to that of Rust 1.95"
)]
#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/pass/*.rs");
    cases.compile_fail("tests/args/*.rs");
    cases.compile_fail("tests/signature/*.rs");
    cases.compile_fail("tests/body/*.rs");
    cases.compile_fail("tests/markers/*.rs");
    cases.compile_fail("tests/macros/*.rs");
    cases.compile_fail("tests/types/*.rs");
    cases.compile_fail("tests/ordinary/*.rs");
    cases.compile_fail("tests/hazards/*.rs");
    cases.compile_fail("tests/half-typed/*.rs");
    cases.compile_fail("tests/derive/*.rs");
    cases.compile_fail("tests/queue/*.rs");
}

/// For a build that must not skip the cases: `PROBER_UI=required`.
#[rustversion::not(stable(1.95))]
#[test]
fn ui_is_not_skipped() {
    assert_ne!(
        std::env::var("PROBER_UI").as_deref(),
        Ok("required"),
        "the cases in `tests/` were skipped: they need Rust 1.95",
    );
}
