//! `ProbeError` and its like: what becomes of a batch, and where it is found again.

use std::{error::Error, io, sync::Arc};

use anyhow::Context;
use prober::{FaultError, Missing, PageFaults, ProbeError, Result, Unavailable};
use vmi_core::VmiError;

use crate::fault;

fn batch() -> PageFaults {
    [fault(0x50_0000), fault(0x40_0000)].into_iter().collect()
}

/// What an error carries.
#[derive(Debug, PartialEq)]
enum Carries {
    Batch(PageFaults),
    Unavailable,
    Nothing,
}

fn carries(error: &impl FaultError) -> Carries {
    match error.missing() {
        Some(Missing::PageFault(fault)) => Carries::Batch(PageFaults::from_iter([fault])),
        Some(Missing::PageFaults(faults)) => Carries::Batch(faults.clone()),
        Some(Missing::Unavailable(_)) => Carries::Unavailable,
        _ => Carries::Nothing,
    }
}

#[test]
fn a_batch_shrinks_to_its_first_fault_in_a_vmi_error() {
    let error = VmiError::from(ProbeError::from(batch()));
    assert!(matches!(error, VmiError::Translation(first) if first == fault(0x50_0000)));
    let ProbeError::PageFaults(back) = ProbeError::from(error) else {
        panic!("a page fault is a batch of one");
    };
    assert_eq!(back, PageFaults::from_iter([fault(0x50_0000)]));
}

#[test]
fn a_batch_behind_a_vmi_error_is_found_whole() {
    let error = VmiError::os(batch());
    assert_eq!(carries(&error), Carries::Batch(batch()));
    assert!(matches!(ProbeError::from(error), ProbeError::PageFaults(faults) if faults == batch()));
    let error = VmiError::os(ProbeError::from(batch()));
    assert_eq!(carries(&error), Carries::Batch(batch()));
    let error = VmiError::os(VmiError::os(batch()));
    assert_eq!(carries(&error), Carries::Batch(batch()));
}

#[test]
fn unavailable_is_found_behind_a_vmi_error() {
    let error = VmiError::from(ProbeError::from(Unavailable::default()));
    assert!(matches!(error, VmiError::Os(_)));
    assert_eq!(Unavailable::of(&error), Some(&Unavailable::default()));
    assert_eq!(carries(&error), Carries::Unavailable);
    assert!(matches!(
        ProbeError::from(error),
        ProbeError::Unavailable(_)
    ));
    assert_eq!(Unavailable::of(&VmiError::Timeout), None);
    assert_eq!(
        Unavailable::of(&VmiError::Translation(fault(0x40_0000))),
        None
    );
}

#[test]
fn any_other_error_comes_back_as_it_was() {
    let error = ProbeError::from(VmiError::OutOfBounds);
    assert_eq!(carries(&error), Carries::Nothing);
    assert_eq!(error.to_string(), VmiError::OutOfBounds.to_string());
    assert!(matches!(VmiError::from(error), VmiError::OutOfBounds));
}

#[test]
fn faults_are_found_in_boxes() {
    let boxed: [Box<dyn Error>; 4] = [
        ProbeError::from(batch()).into(),
        VmiError::os(batch()).into(),
        batch().into(),
        Box::new(ProbeError::Vmi(VmiError::os(batch()))),
    ];
    for error in &boxed {
        assert_eq!(carries(error), Carries::Batch(batch()), "{error:?}");
    }
    let sent: [Box<dyn Error + Send + Sync>; 2] = [
        ProbeError::from(batch()).into(),
        VmiError::os(batch()).into(),
    ];
    for error in &sent {
        assert_eq!(carries(error), Carries::Batch(batch()), "{error:?}");
    }
    let none: [Box<dyn Error>; 2] = ["other".into(), io::Error::other("other").into()];
    for error in &none {
        assert_eq!(carries(error), Carries::Nothing, "{error:?}");
    }
    let error: Box<dyn Error> = Unavailable::default().into();
    assert_eq!(carries(&error), Carries::Unavailable);
}

#[test]
fn faults_are_found_under_context() {
    fn read() -> Result<()> {
        Err(batch().into())
    }

    fn under_context() -> anyhow::Result<()> {
        read()
            .context("reading")
            .with_context(|| format!("listing {}", 1))
    }

    let error = under_context().unwrap_err();
    assert_eq!(carries(&error), Carries::Batch(batch()));
    assert_eq!(error.to_string(), "listing 1");

    let translation = VmiError::Translation(fault(0x40_0000));
    let error = anyhow::Error::from(translation).context("reading");
    assert_eq!(
        carries(&error),
        Carries::Batch(PageFaults::from_iter([fault(0x40_0000)]))
    );

    // The other way round: a batch as the context of another error.
    let error = anyhow::Error::msg("other").context(ProbeError::from(batch()));
    assert_eq!(carries(&error), Carries::Batch(batch()));
    assert_eq!(
        carries(&anyhow::anyhow!("other").context("reading")),
        Carries::Nothing
    );
}

#[test]
fn faults_are_found_behind_the_source_of_an_error() {
    #[derive(Debug)]
    struct Wrapped(ProbeError);

    impl std::fmt::Display for Wrapped {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(f, "wrapped: {}", self.0)
        }
    }

    impl Error for Wrapped {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.0)
        }
    }

    let error = anyhow::Error::from(Wrapped(batch().into()));
    assert_eq!(carries(&error), Carries::Batch(batch()));
}

#[derive(Debug, thiserror::Error)]
#[error("held")]
enum Held {
    Box(#[source] Box<VmiError>),
    Arc(#[source] Arc<VmiError>),
    Probe(#[source] Box<ProbeError>),
    Any(#[source] Box<dyn Error + Send + Sync>),
}

#[test]
fn faults_are_found_in_what_holds_an_error() {
    let vmi = || VmiError::Translation(fault(0x50_0000));
    let first = Carries::Batch(PageFaults::from_iter([fault(0x50_0000)]));
    for held in [
        Held::Box(Box::new(vmi())),
        Held::Arc(Arc::new(vmi())),
        Held::Any(vmi().into()),
        Held::Any(io::Error::other(vmi()).into()),
        Held::Any(io::Error::other(Held::Box(Box::new(vmi()))).into()),
    ] {
        let text = format!("{held:?}");
        let error: Box<dyn Error + Send + Sync> = held.into();
        assert_eq!(carries(&error), first, "{text}");
    }
    let error = anyhow::Error::from(Held::Arc(Arc::new(vmi()))).context("context");
    assert_eq!(carries(&error), first);
    let error = VmiError::Os(io::Error::other(ProbeError::from(batch())).into());
    assert_eq!(carries(&error), Carries::Batch(batch()));
    let error: Box<dyn Error> = Held::Probe(Box::new(batch().into())).into();
    assert_eq!(carries(&error), Carries::Batch(batch()));
    let error: Box<dyn Error> = io::Error::other("no fault").into();
    assert_eq!(carries(&error), Carries::Nothing);
}

#[test]
fn errors_convert_by_the_question_mark() {
    fn vmi() -> Result<(), VmiError> {
        Err(ProbeError::from(batch()))?
    }
    fn probe() -> Result<()> {
        Err(VmiError::os(batch()))?
    }
    fn any() -> anyhow::Result<()> {
        Err(ProbeError::from(batch()))?
    }
    fn boxed() -> Result<(), Box<dyn Error + Send + Sync>> {
        Err(ProbeError::from(batch()))?
    }

    let first = PageFaults::from_iter(batch().first().copied());
    assert_eq!(carries(&vmi().unwrap_err()), Carries::Batch(first));
    assert_eq!(carries(&probe().unwrap_err()), Carries::Batch(batch()));
    assert_eq!(carries(&any().unwrap_err()), Carries::Batch(batch()));
    assert_eq!(carries(&boxed().unwrap_err()), Carries::Batch(batch()));
}

#[test]
fn the_source_of_an_error_is_what_it_carries_or_that_of_vmi_cores() {
    let cause = io::Error::new(io::ErrorKind::Interrupted, "a signal");
    let error = ProbeError::from(VmiError::os(Wrapped(cause)));
    let source = error.source().expect("the error has a cause");
    assert!(source.is::<io::Error>());
    let batch = ProbeError::from(batch());
    assert!(batch.source().is_some_and(<dyn Error>::is::<PageFaults>));
    let unavailable = ProbeError::from(Unavailable::default());
    assert!(
        unavailable
            .source()
            .is_some_and(<dyn Error>::is::<Unavailable>)
    );
}

#[derive(Debug)]
struct Wrapped(io::Error);

impl std::fmt::Display for Wrapped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("wrapped")
    }
}

impl Error for Wrapped {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}
