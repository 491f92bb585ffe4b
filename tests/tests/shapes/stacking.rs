//! Other attribute macros above and below.
#![allow(clippy::unused_async, clippy::unnecessary_wraps)] // The shapes under test.

use prober::{ProbeError, probed};
use prober_tests::{Vmi, block_on, faults, hard, none, suppress, tick};
use vmi_core::VmiError;

mod instrument_above {
    use super::*;

    #[tracing::instrument(skip_all, err)]
    #[probed(options)]
    pub(super) fn sync(vmi: &Vmi, a: u64) -> prober::Result<u64> {
        if a == 9 {
            return Err(VmiError::Other("nine").into());
        }
        Ok(vmi.read_u64(a)?.unwrap_or(0) + vmi.read_u64(2)?.unwrap_or(0))
    }

    #[tracing::instrument(skip_all, err)]
    #[probed(options)]
    pub(super) async fn later(vmi: &Vmi, a: u64) -> prober::Result<u64> {
        if a == 9 {
            return Err(VmiError::Other("nine").into());
        }
        tick().await;
        Ok(vmi.read_u64(a)?.unwrap_or(0) + vmi.read_u64(2)?.unwrap_or(0))
    }

    // Every parameter is recorded, the added one too.
    #[tracing::instrument]
    #[probed(options)]
    pub(super) fn records(vmi: &Vmi, a: u64) -> prober::Result<u64> {
        Ok(vmi.read_u64(a)?.unwrap_or(0) + vmi.read_u64(2)?.unwrap_or(0))
    }
}

mod instrument_below {
    use super::*;

    #[probed(options)]
    #[tracing::instrument(skip_all, err)]
    pub(super) fn sync(vmi: &Vmi, a: u64) -> prober::Result<u64> {
        if a == 9 {
            return Err(VmiError::Other("nine").into());
        }
        Ok(vmi.read_u64(a)?.unwrap_or(0) + vmi.read_u64(2)?.unwrap_or(0))
    }

    #[probed(options)]
    #[tracing::instrument(skip_all, err)]
    pub(super) async fn later(vmi: &Vmi, a: u64) -> prober::Result<u64> {
        if a == 9 {
            return Err(VmiError::Other("nine").into());
        }
        tick().await;
        Ok(vmi.read_u64(a)?.unwrap_or(0) + vmi.read_u64(2)?.unwrap_or(0))
    }

    #[probed(options)]
    #[tracing::instrument(skip(vmi), ret, level = "error", fields(b = a + 1))]
    pub(super) fn records(vmi: &Vmi, a: u64) -> prober::Result<u64> {
        Ok(vmi.read_u64(a)?.unwrap_or(0) + vmi.read_u64(2)?.unwrap_or(0))
    }
}

#[test]
fn instrument() {
    for f in [
        instrument_above::sync,
        instrument_above::records,
        instrument_below::sync,
        instrument_below::records,
    ] {
        assert_eq!(f(&Vmi::default(), 1, &none()).unwrap(), 3);
        assert_eq!(faults(f(&Vmi::with(&[1, 2]), 1, &none())), [1, 2]);
        assert_eq!(f(&Vmi::with(&[1, 2]), 1, &suppress(&[1, 2])).unwrap(), 0);
    }
    assert_eq!(
        hard(instrument_above::sync(&Vmi::default(), 9, &none())),
        "nine"
    );
    assert_eq!(
        hard(instrument_below::sync(&Vmi::default(), 9, &none())),
        "nine"
    );
}

#[test]
fn instrument_of_an_async_function() {
    let (vmi, lost, suppressed) = (Vmi::default(), Vmi::with(&[1, 2]), none());
    assert_eq!(
        block_on(instrument_above::later(&vmi, 1, &suppressed)).unwrap(),
        3
    );
    assert_eq!(
        block_on(instrument_below::later(&vmi, 1, &suppressed)).unwrap(),
        3
    );
    assert_eq!(
        faults(block_on(instrument_above::later(&lost, 1, &suppressed))),
        [1, 2]
    );
    assert_eq!(
        faults(block_on(instrument_below::later(&lost, 1, &suppressed))),
        [1, 2]
    );
    assert_eq!(
        hard(block_on(instrument_above::later(&lost, 9, &suppressed))),
        "nine"
    );
    assert_eq!(
        hard(block_on(instrument_below::later(&lost, 9, &suppressed))),
        "nine"
    );
}

// With a subscriber the spans are made, and the fields recorded.
#[test]
fn instrument_when_enabled() {
    use std::sync::{Arc, Mutex};

    struct Fields(Arc<Mutex<Vec<String>>>);

    impl tracing::Subscriber for Fields {
        fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
            metadata.is_span() && metadata.target().starts_with(module_path!())
        }
        fn new_span(&self, span: &tracing::span::Attributes<'_>) -> tracing::span::Id {
            let fields = span.metadata().fields().iter().map(|field| field.name());
            self.0.lock().unwrap().extend(fields.map(str::to_owned));
            tracing::span::Id::from_u64(1)
        }
        fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
        fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
        fn event(&self, _: &tracing::Event<'_>) {}
        fn enter(&self, _: &tracing::span::Id) {}
        fn exit(&self, _: &tracing::span::Id) {}
    }

    let run = || {
        let f = instrument_below::records;
        assert_eq!(faults(f(&Vmi::with(&[1, 2]), 1, &none())), [1, 2]);
        let f = instrument_above::records;
        assert_eq!(faults(f(&Vmi::with(&[1, 2]), 1, &none())), [1, 2]);
    };
    // Other tests run meanwhile. Were one of them the first to reach these
    // spans, `tracing` would take them for disabled, for that test has no
    // subscriber.
    run();
    let seen = Arc::default();
    tracing::subscriber::with_default(Fields(Arc::clone(&seen)), run);
    let seen = seen.lock().unwrap();
    assert!(
        seen.contains(&"a".to_owned()) && seen.contains(&"b".to_owned()),
        "{seen:?}"
    );
}

// What makes a boxed future must come after.
#[probed(options)]
#[async_recursion::async_recursion(?Send)]
async fn depth(vmi: &Vmi, a: u64) -> prober::Result<u64> {
    match vmi.read_u64(a)? {
        None | Some(0) => Ok(0),
        Some(x) => Ok(1 + depth(vmi, x - 1, suppressed).await?),
    }
}

#[probed]
#[async_recursion::async_recursion(?Send)]
async fn kept_depth(vmi: &Vmi, a: u64) -> prober::Result<u64> {
    match vmi.read_u64(a)? {
        0 => Ok(0),
        x => Ok(1 + kept_depth(vmi, x - 1, suppressed).await?),
    }
}

// On a trait it always comes first.
#[async_trait::async_trait(?Send)]
trait Scan {
    async fn scan(&self, vmi: &Vmi, a: u64) -> Result<u64, ProbeError>;

    async fn count(&mut self, vmi: &Vmi, a: u64) -> Result<u64, ProbeError>;

    #[probed(options)]
    async fn added(&self, vmi: &Vmi, a: u64) -> Result<u64, ProbeError>;

    #[probed]
    async fn provided(&self, vmi: &Vmi, a: u64) -> Result<u64, ProbeError> {
        let first = self.added(vmi, a, suppressed).await?;
        tick().await;
        let second = vmi.read_u64(a + 1)?;
        Ok(first + second)
    }
}

struct S(prober::SuppressedPages, Vmi, u64);

#[async_trait::async_trait(?Send)]
impl Scan for S {
    #[probed(options, suppressed = self.0, vmi = self.1)]
    async fn scan(&self, vmi: &Vmi, a: u64) -> Result<u64, ProbeError> {
        let own = self.1.read_u64(a)?;
        tick().await;
        let other = vmi.read_u64(a + 1)?.unwrap_or(0);
        Ok(own? + other)
    }

    #[probed(suppressed = self.0)]
    async fn count(&mut self, vmi: &Vmi, a: u64) -> Result<u64, ProbeError> {
        let first = vmi.read_u64(a)?;
        self.2 += 1;
        let second = vmi.read_u64(a + 1)?;
        Ok(first + second)
    }

    #[probed(options)]
    async fn added(&self, vmi: &Vmi, a: u64) -> Result<u64, ProbeError> {
        let first = vmi.read_u64(a)?;
        let second = vmi.read_u64(a + 1)?;
        Ok(first? + second?)
    }
}

// A function that returns its future.
#[probed]
#[allow(clippy::manual_async_fn)]
fn future(vmi: &Vmi, a: u64) -> impl Future<Output = prober::Result<u64>> {
    async move {
        let first = vmi.read_u64(a)?;
        tick().await;
        let second = vmi.read_u64(a + 1)?;
        Ok(first + second)
    }
}

#[probed(options)]
fn boxed<'v>(
    vmi: &'v Vmi,
    a: u64,
) -> std::pin::Pin<Box<dyn Future<Output = prober::Result<u64>> + 'v>> {
    Box::pin(async move {
        let first = vmi.read_u64(a)?;
        let second = vmi.read_u64(a + 1)?;
        tick().await;
        Ok(first? + second?)
    })
}

#[test]
fn async_traits() {
    let lost = Vmi::with(&[1, 2]);
    let there = Vmi::default();
    let mut s = S(none(), Vmi::with(&[1]), 0);
    assert_eq!(faults(block_on(s.scan(&lost, 1))), [1, 2]);
    assert_eq!(faults(block_on(s.added(&lost, 1, &none()))), [1, 2]);
    assert_eq!(faults(block_on(s.provided(&lost, 1, &none()))), [1, 2]);
    assert_eq!(
        faults(block_on(s.provided(&Vmi::with(&[2]), 1, &none()))),
        [2]
    );
    assert_eq!(block_on(s.provided(&there, 1, &none())).unwrap(), 5);
    assert_eq!(faults(block_on(s.count(&lost, 1))), [1, 2]);
    assert_eq!(s.2, 0, "it waits for the data");
    assert_eq!(block_on(s.count(&there, 1)).unwrap(), 3);
    assert_eq!(s.2, 1);
    s = S(suppress(&[2]), Vmi::default(), 0);
    assert_eq!(block_on(s.scan(&lost, 1)).unwrap(), 1);
}

#[test]
fn functions_that_return_a_future() {
    let (lost, there, set) = (Vmi::with(&[1, 2]), Vmi::default(), none());
    assert_eq!(faults(block_on(future(&lost, 1, &set))), [1, 2]);
    assert_eq!(block_on(future(&there, 1, &set)).unwrap(), 3);
    assert_eq!(faults(block_on(boxed(&lost, 1, &set))), [1, 2]);
    assert_eq!(block_on(boxed(&there, 1, &set)).unwrap(), 3);
}

#[test]
fn recursion() {
    assert_eq!(block_on(depth(&Vmi::default(), 3, &none())).unwrap(), 3);
    assert_eq!(faults(block_on(depth(&Vmi::with(&[1]), 3, &none()))), [1]);
    assert_eq!(
        block_on(kept_depth(&Vmi::default(), 3, &none())).unwrap(),
        3
    );
    assert_eq!(
        faults(block_on(kept_depth(&Vmi::with(&[1]), 3, &none()))),
        [1]
    );
}

/// Attributes that put the body into a closure or an async block, above and
/// below, in both forms.
macro_rules! wrapped {
    ($($name:ident: $error:ty, [$($above:tt)*], [$($below:tt)*];)*) => {$(
        mod $name {
            use super::*;

            $($above)*
            #[probed(options)]
            $($below)*
            fn options(vmi: &Vmi, log: &mut Vec<u64>, at: u64) -> Result<u64, $error> {
                let a = vmi.read_u64(at)?;
                let b = vmi.read_u64(at + 1)?;
                vmi.write_u64(9, at)?;
                let sum = a? + b?;
                prober::settle!();
                log.push(sum);
                Ok(sum)
            }

            $($above)*
            #[probed]
            $($below)*
            fn kept(vmi: &Vmi, log: &mut Vec<u64>, at: u64) -> Result<u64, $error> {
                let a = vmi.read_u64(at)?;
                let b = vmi.read_u64(at + 1)?;
                vmi.write_u64(9, at)?;
                log.push(a + b);
                Ok(a + b)
            }

            $($above)*
            #[probed(options)]
            $($below)*
            async fn options_later(vmi: &Vmi, at: u64) -> Result<u64, $error> {
                let a = vmi.read_u64(at)?;
                tick().await;
                let b = vmi.read_u64(at + 1)?;
                Ok(a? + b?)
            }

            $($above)*
            #[probed]
            $($below)*
            async fn kept_later(vmi: &Vmi, at: u64) -> Result<u64, $error> {
                let a = vmi.read_u64(at)?;
                tick().await;
                let b = vmi.read_u64(at + 1)?;
                Ok(a + b)
            }

            #[test]
            fn finds_and_waits() {
                let (lost, there, set) = (Vmi::with(&[1, 2]), Vmi::default(), none());
                let mut log = Vec::new();
                for f in [options, kept] {
                    assert_eq!(faults(f(&lost, &mut log, 1, &set)), [1, 2]);
                    assert!(lost.written().is_empty());
                    assert_eq!(log, [0; 0]);
                    assert_eq!(f(&there, &mut log, 1, &set).unwrap(), 3);
                    assert_eq!(std::mem::take(&mut log), [3]);
                }
                assert_eq!(faults(block_on(options_later(&lost, 1, &set))), [1, 2]);
                assert_eq!(faults(block_on(kept_later(&lost, 1, &set))), [1, 2]);
                assert_eq!(block_on(options_later(&there, 1, &set)).unwrap(), 3);
                assert_eq!(block_on(kept_later(&there, 1, &set)).unwrap(), 3);
            }
        }
    )*};
}
wrapped! {
    instrumented_above: ProbeError, [#[tracing::instrument(skip_all)]], [];
    instrumented_below: ProbeError, [], [#[tracing::instrument(skip_all)]];
    instrumented_with_err_above: ProbeError, [#[tracing::instrument(skip_all, err)]], [];
    instrumented_with_err_below: ProbeError, [], [#[tracing::instrument(skip_all, err)]];
    instrumented_with_all_above: ProbeError, [#[tracing::instrument(skip_all, err, ret)]], [];
    with_context_above: anyhow::Error, [#[fn_error_context::context("reading")]], [];
    with_context_below: anyhow::Error, [], [#[fn_error_context::context("reading")]];
}

/// It names what it makes, so it does not work in what a macro made.
mod logged {
    use super::*;

    #[logcall::logcall(err = "error", input = "{at}")]
    #[probed(options)]
    fn above(vmi: &Vmi, at: u64) -> prober::Result<u64> {
        let a = vmi.read_u64(at)?;
        let b = vmi.read_u64(at + 1)?;
        Ok(a? + b?)
    }

    #[probed(options)]
    #[logcall::logcall(err = "error", input = "{at}")]
    fn below(vmi: &Vmi, at: u64) -> prober::Result<u64> {
        let a = vmi.read_u64(at)?;
        let b = vmi.read_u64(at + 1)?;
        let sum = a? + b?;
        Ok(Some(sum)?)
    }

    #[logcall::logcall("info", input = "{at}")]
    #[probed]
    fn kept_above(vmi: &Vmi, at: u64) -> prober::Result<u64> {
        let a = vmi.read_u64(at)?;
        let b = vmi.read_u64(at + 1)?;
        Ok(a + b)
    }

    #[logcall::logcall(err = "error", input = "{at}")]
    #[probed(options)]
    async fn later(vmi: &Vmi, at: u64) -> prober::Result<u64> {
        let a = vmi.read_u64(at)?;
        let b = vmi.read_u64(at + 1)?;
        tick().await;
        Ok(a? + b?)
    }

    #[test]
    fn finds_and_goes_on() {
        let (lost, there, set) = (Vmi::with(&[1, 2]), Vmi::default(), none());
        for f in [above, below, kept_above] {
            assert_eq!(faults(f(&lost, 1, &set)), [1, 2]);
            assert_eq!(f(&there, 1, &set).unwrap(), 3);
        }
        assert_eq!(faults(block_on(later(&lost, 1, &set))), [1, 2]);
        assert_eq!(block_on(later(&there, 1, &set)).unwrap(), 3);
    }
}

/// Attributes of tests.
mod of_tests {
    use super::*;

    #[probed(options, suppressed = none())]
    #[rstest::rstest]
    #[case(1)]
    #[case(2)]
    fn cases_below(#[case] at: u64) -> prober::Result<()> {
        let vmi = Vmi::default();
        let a = vmi.read_u64(at)?;
        assert_eq!(a, Some(at));
        Ok(Some(())?)
    }

    #[probed(options, suppressed = none())]
    #[test_case::test_case(1; "first")]
    #[test_case::test_case(2; "second")]
    fn more_cases_below(at: u64) -> prober::Result<()> {
        let vmi = Vmi::default();
        let a = vmi.read_u64(at)?;
        assert_eq!(a?, at);
        Ok(Some(())?)
    }

    #[probed(options, suppressed = none())]
    #[test]
    #[serial_test::serial]
    fn one_by_one_below() -> prober::Result<()> {
        let vmi = Vmi::default();
        let a = vmi.read_u64(1)?;
        assert_eq!(a?, 1);
        Ok(Some(())?)
    }

    #[test]
    #[serial_test::serial]
    #[probed(options, suppressed = none())]
    fn one_by_one_above() -> prober::Result<()> {
        let vmi = Vmi::default();
        let a = vmi.read_u64(1)?;
        assert_eq!(a?, 1);
        Ok(Some(())?)
    }
}

mod tests_with_their_own_set {
    use super::*;

    #[test]
    #[probed(options, suppressed = none())]
    fn above() -> prober::Result<()> {
        let vmi = Vmi::default();
        assert_eq!(vmi.read_u64(1)?, Some(1));
        Ok(())
    }

    #[probed(options, suppressed = suppress(&[1]))]
    #[test]
    fn below() -> prober::Result<()> {
        let vmi = Vmi::with(&[1]);
        assert_eq!(vmi.read_u64(1)?, None);
        Ok(())
    }
}
