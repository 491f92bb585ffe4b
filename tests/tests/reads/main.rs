//! Reads over several pages, and strings: as probes they find every page that they need.

mod numbers;
mod ranges;
mod receivers;
mod strings;

use prober::{
    PageFaults, ProbeError, SuppressedPages,
    testing::{Guest, GuestDriver},
};
use vmi_core::{AddressContext, Va, VmiState, os::NoOS};

type Os = NoOS<GuestDriver>;
type State<'a> = VmiState<'a, Os>;

const PAGE: u64 = 0x1000;

/// What came out of a probed function that needs nothing.
#[derive(Debug, PartialEq, Eq)]
enum Outcome<T> {
    Value(T),
    /// The probe missed, and nothing is to be injected.
    Missing,
    Faults(Vec<AddressContext>),
}

#[track_caller]
fn outcome<T>(result: prober::Result<Option<T>>) -> Outcome<T> {
    match result {
        Ok(Some(value)) => Outcome::Value(value),
        Ok(None) => Outcome::Missing,
        Err(ProbeError::PageFaults(faults)) => Outcome::Faults(faults.iter().copied().collect()),
        Err(error) => panic!("neither a value nor page faults: {error:?}"),
    }
}

fn faults(guest: &Guest, pages: impl IntoIterator<Item = Va>) -> Vec<AddressContext> {
    let root = guest.root();
    pages
        .into_iter()
        .map(|va| AddressContext::new(va, root))
        .collect()
}

fn none() -> SuppressedPages {
    SuppressedPages::new()
}

/// Takes pages away: those of the `subset` (a bit mask) from `first` on.
fn page_out(guest: &Guest, first: Va, subset: u64) {
    for page in 0..64 {
        if subset >> page & 1 == 1 {
            guest.page_out(first + page * PAGE);
        }
    }
}

fn page_in(guest: &Guest, first: Va, subset: u64) {
    for page in 0..64 {
        if subset >> page & 1 == 1 {
            guest.page_in(first + page * PAGE);
        }
    }
}

fn batch(faults: &[AddressContext]) -> PageFaults {
    faults.iter().copied().collect()
}
