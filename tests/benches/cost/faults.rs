//! Reads of data that is missing.

use std::sync::LazyLock;

use indexmap::IndexSet;
use prober::{SuppressedPages, probed};
use vmi_core::{AddressContext, Pa, Va, VmiError, VmiProber, vmi_probe};

use super::{
    Case, case,
    machine::{Vmi, missing},
};

pub(crate) const CASES: &[Case] = &[
    case!(fault::plain),
    case!(fault_suppressed::vmi_core),
    case!(fault_suppressed::probed),
    case!(fault_again::vmi_core),
    case!(fault_again::probed),
    case!(batch_1::vmi_core),
    case!(batch_1::probed),
    case!(batch_100::vmi_core),
    case!(batch_100::probed),
    case!(batch_10000::vmi_core),
    case!(batch_10000::probed),
];

/// The first pages that are missing.
static SUPPRESSED: LazyLock<IndexSet<AddressContext>> = LazyLock::new(|| {
    let pages = (0..FEW).map(missing);
    pages
        .map(|va| AddressContext::new(va, Pa(0x1000)))
        .collect()
});

/// The pages over which reads go round that meet the same pages again.
const FEW: u64 = 8;

static NONE: LazyLock<IndexSet<AddressContext>> = LazyLock::new(IndexSet::new);

/// Reads with vmi-core's prober, and says how many faults it has recorded.
#[inline(never)]
fn read_by_hand(
    vmi: &Vmi<'_>,
    addresses: impl Iterator<Item = Va>,
    suppressed: &IndexSet<AddressContext>,
) -> Result<u64, VmiError> {
    let prober = VmiProber::new(suppressed);
    let mut sum = 0;
    for address in addresses {
        sum += vmi_probe!(prober, vmi.read_u64(address))?.unwrap_or(0);
    }
    prober.error_for_page_faults()?;
    Ok(sum)
}

#[probed(options, limit = 1_000_000)]
#[inline(never)]
fn read_probed(vmi: &Vmi<'_>, addresses: impl Iterator<Item = Va>) -> prober::Result<u64> {
    let mut sum = 0;
    for address in addresses {
        sum += vmi.read_u64(address)?.unwrap_or(0);
    }
    Ok(sum)
}

/// A read alone.
mod fault {
    use super::*;

    pub(super) fn plain(vmi: &Vmi<'_>, times: u64) -> Result<u64, VmiError> {
        let results = (0..times).map(|index| vmi.read_u64(missing(index % FEW)));
        Ok(results.filter(Result::is_err).count() as u64)
    }
}

/// Faults on suppressed pages, in one operation.
mod fault_suppressed {
    use super::*;

    pub(super) fn vmi_core(vmi: &Vmi<'_>, times: u64) -> Result<u64, VmiError> {
        read_by_hand(
            vmi,
            (0..times).map(|index| missing(index % FEW)),
            &SUPPRESSED,
        )
    }

    pub(super) fn probed(vmi: &Vmi<'_>, times: u64) -> Result<u64, VmiError> {
        let suppressed = SuppressedPages::from(&*SUPPRESSED);
        Ok(read_probed(
            vmi,
            (0..times).map(|index| missing(index % FEW)),
            &suppressed,
        )?)
    }
}

/// Faults on the same pages again, in one operation.
mod fault_again {
    use super::*;

    pub(super) fn vmi_core(vmi: &Vmi<'_>, times: u64) -> Result<u64, VmiError> {
        let result = read_by_hand(vmi, (0..times).map(|index| missing(index % FEW)), &NONE);
        assert!(matches!(result, Err(VmiError::Translation(_))));
        Ok(times)
    }

    pub(super) fn probed(vmi: &Vmi<'_>, times: u64) -> Result<u64, VmiError> {
        let result = read_probed(
            vmi,
            (0..times).map(|index| missing(index % FEW)),
            &SuppressedPages::empty(),
        );
        assert!(matches!(result, Err(prober::ProbeError::PageFaults(_))));
        Ok(times)
    }
}

/// Operations that each meet a number of missing pages.
macro_rules! batches {
    ($($module:ident: $pages:literal;)*) => {$(
        mod $module {
            use super::*;

            pub(super) fn vmi_core(vmi: &Vmi<'_>, times: u64) -> Result<u64, VmiError> {
                for _ in 0..times {
                    let result = read_by_hand(vmi, (0..$pages).map(missing), &NONE);
                    assert!(matches!(result, Err(VmiError::Translation(_))));
                }
                Ok(times)
            }

            pub(super) fn probed(vmi: &Vmi<'_>, times: u64) -> Result<u64, VmiError> {
                let suppressed = SuppressedPages::empty();
                for _ in 0..times {
                    let result = read_probed(vmi, (0..$pages).map(missing), &suppressed);
                    assert!(matches!(result, Err(prober::ProbeError::PageFaults(faults))
                        if faults.len() == $pages));
                }
                Ok(times)
            }
        }
    )*};
}

batches! {
    batch_1: 1;
    batch_100: 100;
    batch_10000: 10_000;
}
