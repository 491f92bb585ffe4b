//! What `#[probed]` promises, on a guest with page tables: by the faults that come out, the values, and the runs.
//!
//! The shapes of code are tested with a stand-in elsewhere; here it is vmi-core that reads.

mod acting;
mod arguments;
mod errors;
mod exits;
mod limit;
mod limit_text;
mod nested;
mod probes;
mod questions;

use prober::{
    FaultError, Missing, PageFaults, SuppressedPages,
    testing::{Guest, Vm},
};
pub(crate) use prober_tests::measured::State;
use vmi_core::{AddressContext, Gfn, Va, VmiError};

/// The page of this number. It holds the address of the next one, twice.
pub(crate) fn page(number: u64) -> Va {
    Va(0x40_0000 + number * 0x1000)
}

/// A guest with the pages 0 to 9, of which some are paged out.
pub(crate) struct Pages {
    pub(crate) guest: Guest,
    pub(crate) vm: Vm,
}

impl Pages {
    pub(crate) fn without(out: impl IntoIterator<Item = u64>) -> Self {
        let guest = Guest::new();
        for number in 0..10 {
            guest.write_va(page(number), page(number + 1));
            guest.write_va(page(number) + 8, page(number + 1));
        }
        for number in out {
            guest.page_out(page(number));
        }
        let vm = guest.vm();
        Self { guest, vm }
    }

    pub(crate) fn fault(&self, va: Va) -> AddressContext {
        AddressContext::new(va, self.guest.root())
    }

    pub(crate) fn suppress(&self, numbers: impl IntoIterator<Item = u64>) -> SuppressedPages {
        numbers
            .into_iter()
            .map(|number| self.fault(page(number)))
            .collect()
    }

    /// Runs a function that takes a set, with nothing suppressed.
    pub(crate) fn run<R>(&self, run: impl FnOnce(&State<'_>, &SuppressedPages) -> R) -> R {
        self.vm.with(|vmi| run(vmi, &SuppressedPages::new()))
    }

    /// A page that is mapped to a frame which the driver cannot map: its reads fail, but not for missing data.
    pub(crate) fn broken(&self) -> Va {
        let va = page(100);
        self.guest.map_frame(va, Gfn(0xf_ffff));
        va
    }
}

/// The addresses of the batch that came out, in order.
#[track_caller]
#[allow(clippy::needless_pass_by_value)] // It takes what a function returns.
pub(crate) fn faults<T, E: FaultError>(result: Result<T, E>) -> Vec<Va> {
    match result.as_ref().err().and_then(FaultError::missing) {
        Some(Missing::PageFaults(faults)) => addresses(faults),
        Some(Missing::PageFault(fault)) => vec![fault.va],
        missing => panic!("expected a batch, found {missing:?}"),
    }
}

/// The addresses of the suppressed pages that an `Unavailable` lists.
#[track_caller]
#[allow(clippy::needless_pass_by_value)] // It takes what a function returns.
pub(crate) fn unavailable<T, E: FaultError>(result: Result<T, E>) -> Vec<Va> {
    match result.as_ref().err().and_then(FaultError::missing) {
        Some(Missing::Unavailable(unavailable)) => addresses(unavailable.pages()),
        missing => panic!("expected an `Unavailable`, found {missing:?}"),
    }
}

/// Whether an error is that of [`Pages::broken`].
pub(crate) fn is_broken(error: &VmiError) -> bool {
    matches!(error, VmiError::Driver(error) if error.is::<prober::testing::MissingFrame>())
}

fn addresses(faults: &PageFaults) -> Vec<Va> {
    faults.iter().map(|fault| fault.va).collect()
}
