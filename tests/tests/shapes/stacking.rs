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

// On a trait it always comes first: there the body is a function of its own.
#[async_trait::async_trait(?Send)]
trait Scan {
    async fn scan(&self, vmi: &Vmi, a: u64) -> Result<u64, ProbeError>;
}

struct S(prober::SuppressedPages);

impl S {
    #[probed(options, suppressed = self.0)]
    async fn scanned(&self, vmi: &Vmi, a: u64) -> prober::Result<u64> {
        tick().await;
        Ok(vmi.read_u64(a)?.unwrap_or(0))
    }
}

#[async_trait::async_trait(?Send)]
impl Scan for S {
    async fn scan(&self, vmi: &Vmi, a: u64) -> Result<u64, ProbeError> {
        self.scanned(vmi, a).await
    }
}

#[test]
fn boxed_futures() {
    assert_eq!(faults(block_on(S(none()).scan(&Vmi::with(&[1]), 1))), [1]);
    assert_eq!(
        block_on(S(suppress(&[1])).scan(&Vmi::with(&[1]), 1)).unwrap(),
        0
    );
    assert_eq!(block_on(depth(&Vmi::default(), 3, &none())).unwrap(), 3);
    assert_eq!(faults(block_on(depth(&Vmi::with(&[1]), 3, &none()))), [1]);
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
