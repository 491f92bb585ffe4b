//! Start and finish of an operation that reads nothing, with sets of
//! suppressed pages of several sizes.

use std::{hint::black_box, sync::LazyLock};

use indexmap::IndexSet;
use prober::{SuppressedPages, probed};
use vmi_core::{AddressContext, Pa, VmiError, VmiProber, vmi_probe};

use super::{
    Case, case,
    machine::{NUMBERS, Vmi, missing},
};

pub(crate) const CASES: &[Case] = &[
    case!(suppressed_0::vmi_core),
    case!(suppressed_0::probed),
    case!(suppressed_100::vmi_core),
    case!(suppressed_100::probed),
    case!(suppressed_10000::vmi_core),
    case!(suppressed_10000::probed),
    case!(suppressed_100000::vmi_core),
    case!(suppressed_100000::probed),
];

/// Two operations that could read, but do not.
macro_rules! operations {
    ($($module:ident: $pages:literal;)*) => {$(
        mod $module {
            use super::*;

            static PAGES: LazyLock<IndexSet<AddressContext>> = LazyLock::new(|| {
                (0..$pages).map(|index| AddressContext::new(missing(index), Pa(0x1000))).collect()
            });

            static SUPPRESSED: LazyLock<SuppressedPages> =
                LazyLock::new(|| SuppressedPages::from(&*PAGES));

            pub(super) fn vmi_core(vmi: &Vmi<'_>, times: u64) -> Result<u64, VmiError> {
                #[inline(never)]
                fn operation(
                    vmi: &Vmi<'_>,
                    suppressed: &IndexSet<AddressContext>,
                ) -> Result<u64, VmiError> {
                    let prober = VmiProber::new(suppressed);
                    let mut number = None;
                    if black_box(false) {
                        number = vmi_probe!(prober, vmi.read_u64(NUMBERS))?;
                    }
                    prober.error_for_page_faults()?;
                    Ok(number.unwrap_or(0))
                }

                (0..times).try_fold(0, |sum, _| Ok(sum + operation(vmi, &PAGES)?))
            }

            pub(super) fn probed(vmi: &Vmi<'_>, times: u64) -> Result<u64, VmiError> {
                #[probed(options)]
                #[inline(never)]
                fn operation(vmi: &Vmi<'_>) -> Result<u64, VmiError> {
                    let mut number = None;
                    if black_box(false) {
                        number = vmi.read_u64(NUMBERS)?;
                    }
                    Ok(number.unwrap_or(0))
                }

                (0..times).try_fold(0, |sum, _| Ok(sum + operation(vmi, &SUPPRESSED)?))
            }
        }
    )*};
}

operations! {
    suppressed_0: 0;
    suppressed_100: 100;
    suppressed_10000: 10_000;
    suppressed_100000: 100_000;
}
