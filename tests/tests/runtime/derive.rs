//! `#[derive(FaultError)]`.

use std::{error::Error, io};

use prober::{
    FaultError, Missing, PageFaults, ProbeError, SuppressedPages, Unavailable, probed, retry,
    testing::{Guest, GuestDriver},
};
use vmi_core::{Va, VmiError, VmiState, os::NoOS};

use crate::fault;

const A: u64 = 0x40_0000;

#[derive(Debug, thiserror::Error, FaultError)]
enum AppError {
    #[error(transparent)]
    Probe(#[from] ProbeError),
    #[error("the guest")]
    Vmi(#[from] VmiError),
    #[error("the configuration")]
    Io(#[from] io::Error),
    #[error("{what}")]
    Context { what: String, source: Inner },
    #[error("boxed")]
    Boxed(#[source] Box<dyn Error + Send + Sync>, u32),
    #[error("left out")]
    #[fault_error(skip)]
    LeftOut(VmiError),
    #[error("left out as well")]
    LeftOutField(#[fault_error(skip)] VmiError),
    #[error("no error: {0} {1}")]
    Plain(u32, u32),
    #[error("bad magic")]
    BadMagic,
}

#[derive(Debug, thiserror::Error, FaultError)]
#[error("inner")]
struct Inner(#[from] ProbeError);

fn faults<E: FaultError>(error: &E) -> Option<PageFaults> {
    error.missing().and_then(Missing::into_faults)
}

#[test]
fn each_variant_is_asked_by_what_it_holds() {
    let translation = || VmiError::Translation(fault(A));
    let batch = || ProbeError::from(PageFaults::from_iter([fault(A), fault(A + 0x1000)]));
    let first = Some(PageFaults::from_iter([fault(A)]));
    let both = batch().page_faults().cloned();
    let cases = [
        (AppError::from(batch()), both.clone()),
        (AppError::from(translation()), first.clone()),
        (AppError::from(io::Error::other("lost")), None),
        (
            AppError::Context {
                what: "reading".into(),
                source: batch().into(),
            },
            both,
        ),
        (AppError::Boxed(Box::new(translation()), 7), first),
        (AppError::LeftOut(translation()), None),
        (AppError::LeftOutField(translation()), None),
        (AppError::Plain(1, 2), None),
        (AppError::BadMagic, None),
    ];
    for (error, expected) in cases {
        assert_eq!(faults(&error), expected, "{error:?}");
    }
    let unavailable = AppError::from(ProbeError::from(Unavailable::default()));
    assert!(matches!(
        unavailable.missing(),
        Some(Missing::Unavailable(_))
    ));
}

/// What depends on a type parameter must be able to carry faults.
#[derive(Debug, FaultError)]
struct Wrapped<'a, E> {
    source: E,
    _name: &'a str,
}

impl<E: From<ProbeError>> From<ProbeError> for Wrapped<'_, E> {
    fn from(error: ProbeError) -> Self {
        Self {
            source: error.into(),
            _name: "",
        }
    }
}

#[test]
fn generic_errors() {
    let error: Wrapped<'_, VmiError> = ProbeError::from(PageFaults::from_iter([fault(A)])).into();
    assert_eq!(faults(&error).map(|faults| faults.len()), Some(1));
}

/// From a function to `retry`, with the batch of a callee merged.
#[test]
fn a_probed_function_with_an_error_of_its_own() {
    type State<'a> = VmiState<'a, NoOS<GuestDriver>>;

    #[probed]
    fn inner(vmi: &State<'_>, at: Va) -> Result<u64, AppError> {
        Ok(vmi.read_u64(at)?)
    }

    #[probed]
    fn outer(vmi: &State<'_>) -> Result<u64, AppError> {
        let a = inner(vmi, Va(A), suppressed)?;
        let b = vmi.read_u64(Va(A + 0x1000))?;
        if a == 0 {
            return Err(AppError::BadMagic);
        }
        Ok(a + b)
    }

    let guest = Guest::new();
    guest.write_u64(Va(A), 40);
    guest.write_u64(Va(A + 0x1000), 2);
    guest.page_out_all();
    let vm = guest.vm();
    let value = retry(&mut &guest, &mut SuppressedPages::new(), |suppressed| {
        vm.with(|vmi| outer(vmi, suppressed))
    });
    assert_eq!(value.unwrap(), 42);
    assert_eq!(guest.counts().batches, 1);
}
