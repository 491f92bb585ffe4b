//! Rule 6: the error is the one that the function declares.

use std::error::Error;

use prober::{FaultError, Missing, ProbeError, Result, SuppressedPages, probed};
use vmi_core::VmiError;

use crate::{Pages, State, faults, page, unavailable};

/// An error of the user's own that faults can be taken out of.
#[derive(Debug)]
enum Own {
    Probe(ProbeError),
    Vmi(VmiError),
}

impl From<ProbeError> for Own {
    fn from(error: ProbeError) -> Self {
        Self::Probe(error)
    }
}

impl From<VmiError> for Own {
    fn from(error: VmiError) -> Self {
        Self::Vmi(error)
    }
}

impl FaultError for Own {
    fn missing(&self) -> Option<Missing<'_>> {
        match self {
            Self::Probe(error) => error.missing(),
            Self::Vmi(error) => error.missing(),
        }
    }
}

/// An error that nothing can be taken out of.
#[derive(Debug)]
struct Opaque(ProbeError);

impl From<ProbeError> for Opaque {
    fn from(error: ProbeError) -> Self {
        Self(error)
    }
}

impl From<VmiError> for Opaque {
    fn from(error: VmiError) -> Self {
        Self(error.into())
    }
}

/// A function of each error, whose callee fails with the same error, by `?` or at the tail.
macro_rules! functions {
    ($($name:ident: $error:ty,)*) => {$(
        mod $name {
            use super::*;

            #[probed(options)]
            pub(super) fn callee(vmi: &State<'_>) -> Result<u64, $error> {
                let second = vmi.read_u64(page(2))?;
                let third = vmi.read_u64(page(3))?;
                Ok(second? + third?)
            }

            #[probed(options)]
            pub(super) fn by_question(vmi: &State<'_>) -> Result<u64, $error> {
                let first = vmi.read_u64(page(1))?;
                let rest = callee(vmi, suppressed)?;
                Ok(first? + rest)
            }

            #[probed(options)]
            pub(super) fn by_tail(vmi: &State<'_>) -> Result<u64, $error> {
                let _: Option<u64> = vmi.read_u64(page(1))?;
                callee(vmi, suppressed)
            }
        }
    )*};
}

functions! {
    probe_error: ProbeError,
    vmi_error: VmiError,
    any: anyhow::Error,
    boxed: Box<dyn Error>,
    boxed_to_send: Box<dyn Error + Send + Sync>,
    own: Own,
    opaque: Opaque,
}

type Function<E> = fn(&State<'_>, &SuppressedPages) -> Result<u64, E>;

/// What the functions of an error that carries whole batches come to.
fn carries_all<E: FaultError>(functions: [Function<E>; 3]) {
    let pages = Pages::without([1, 2, 3]);
    let [callee, by_question, by_tail] = functions;
    assert_eq!(faults(pages.run(callee)), [2, 3].map(page));
    for outer in [by_question, by_tail] {
        let with = |gone: &[u64]| {
            pages
                .vm
                .with(|vmi| outer(vmi, &pages.suppress(gone.iter().copied())))
        };
        assert_eq!(faults(with(&[])), [1, 2, 3].map(page));
        assert_eq!(faults(with(&[1, 2])), [page(3)]);
        assert_eq!(faults(with(&[2, 3])), [page(1)]);
        assert_eq!(unavailable(with(&[1, 2, 3])), [1, 2, 3].map(page));
    }
    let pages = Pages::without([]);
    for outer in [by_question, by_tail] {
        assert!(pages.run(outer).is_ok());
    }
}

#[test]
fn errors_that_carry_the_batch() {
    use self::{any, boxed, boxed_to_send, own, probe_error};

    carries_all([
        probe_error::callee,
        probe_error::by_question,
        probe_error::by_tail,
    ]);
    carries_all([any::callee, any::by_question, any::by_tail]);
    carries_all([boxed::callee, boxed::by_question, boxed::by_tail]);
    carries_all([
        boxed_to_send::callee,
        boxed_to_send::by_question,
        boxed_to_send::by_tail,
    ]);
    carries_all([own::callee, own::by_question, own::by_tail]);
}

#[test]
fn a_vmi_error_carries_the_first_fault() {
    use vmi_error::{by_question, by_tail, callee};

    let pages = Pages::without([1, 2, 3]);
    let first = |run: Function<VmiError>, gone: &[u64]| {
        let suppressed = pages.suppress(gone.iter().copied());
        match pages.vm.with(|vmi| run(vmi, &suppressed)) {
            Err(VmiError::Translation(fault)) => fault,
            result => panic!("expected a page fault, found {result:?}"),
        }
    };
    assert_eq!(first(callee, &[]), pages.fault(page(2)));
    for outer in [by_question, by_tail] {
        assert_eq!(first(outer, &[]), pages.fault(page(1)));
        assert_eq!(first(outer, &[1]), pages.fault(page(2)));
        assert_eq!(first(outer, &[1, 2]), pages.fault(page(3)));
        let result = pages.vm.with(|vmi| outer(vmi, &pages.suppress([1, 2, 3])));
        assert_eq!(unavailable(result), [1, 2, 3].map(page));
    }
}

#[test]
fn an_opaque_error_carries_the_functions_own_batch() {
    use opaque::{by_question, by_tail, callee};

    let pages = Pages::without([1, 2, 3]);
    let batch = |run: Function<Opaque>, gone: &[u64]| {
        let suppressed = pages.suppress(gone.iter().copied());
        pages
            .vm
            .with(|vmi| run(vmi, &suppressed))
            .map_err(|Opaque(error)| error)
    };
    assert_eq!(faults(batch(callee, &[])), [2, 3].map(page));
    for outer in [by_question, by_tail] {
        // The callee's is not merged, but takes its turn.
        assert_eq!(faults(batch(outer, &[])), [page(1)]);
        assert_eq!(faults(batch(outer, &[1])), [2, 3].map(page));
        assert_eq!(unavailable(batch(outer, &[1, 2, 3])), [2, 3].map(page));
    }
}

#[test]
fn the_batch_of_one_error_is_merged_into_another() {
    use anyhow::Context;

    #[probed(options)]
    fn any(vmi: &State<'_>) -> anyhow::Result<u64> {
        let first = vmi.read_u64(page(1))?;
        let rest = probe_error::callee(vmi, suppressed).context("while adding up")?;
        Ok(first? + rest)
    }

    #[probed(options)]
    fn any_of_any(vmi: &State<'_>) -> anyhow::Result<u64> {
        let fourth = vmi.read_u64(page(4))?;
        Ok(any(vmi, suppressed).with_context(|| "at the second level")? + fourth?)
    }

    #[probed(options)]
    fn boxed(vmi: &State<'_>) -> Result<u64, Box<dyn Error>> {
        let fourth = vmi.read_u64(page(4))?;
        let first = vmi.read_u64(page(1))?;
        Ok(probe_error::callee(vmi, suppressed)? + first? + fourth?)
    }

    let pages = Pages::without(1..5);
    let all = [4, 1, 2, 3].map(page);
    assert_eq!(faults(pages.run(any_of_any)), all);
    assert_eq!(faults(pages.run(boxed)), all);
    let gone = pages.suppress(1..5);
    let result = pages.vm.with(|vmi| any_of_any(vmi, &gone));
    assert_eq!(unavailable(result), all);
    let result = pages.vm.with(|vmi| boxed(vmi, &gone));
    assert_eq!(unavailable(result), all);
}

/// By the time the gate sees such an error there is nothing to be found in it: `?` looks into the error that it meets.
#[test]
fn a_fault_is_found_before_its_error_is_converted() {
    fn plain(vmi: &State<'_>) -> Result<u64, VmiError> {
        vmi.read_u64(page(2))
    }

    #[probed(options)]
    fn into_opaque(vmi: &State<'_>) -> Result<u64, Opaque> {
        let first = vmi.read_u64(page(1))?;
        Ok(plain(vmi)? + first?)
    }

    #[probed(options)]
    fn into_boxed(vmi: &State<'_>) -> Result<u64, Box<dyn Error + Send + Sync>> {
        let first = vmi.read_u64(page(1))?;
        // `anyhow` hides what it holds when it is converted.
        Ok(any::callee(vmi, suppressed)? + first?)
    }

    let pages = Pages::without([1, 2, 3]);
    let opaque = |gone: &[u64]| {
        let suppressed = pages.suppress(gone.iter().copied());
        let result = pages.vm.with(|vmi| into_opaque(vmi, &suppressed));
        result.map_err(|Opaque(error)| error)
    };
    assert_eq!(faults(opaque(&[])), [page(1), page(2)]);
    assert_eq!(faults(opaque(&[1])), [page(2)]);
    // And a suppressed page does not leave as one to inject.
    assert_eq!(unavailable(opaque(&[1, 2])), [page(1), page(2)]);
    assert_eq!(faults(pages.run(into_boxed)), [1, 2, 3].map(page));
}
