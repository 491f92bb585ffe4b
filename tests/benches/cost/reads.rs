//! Reads of data that is there: plain, through `vmi_core::VmiProber`, and in
//! a `#[probed]` function.

use std::hint::black_box;

use indexmap::IndexSet;
use prober::{SuppressedPages, probed};
use vmi_core::{VmiError, VmiProber, vmi_probe};

use super::{
    Case, case,
    machine::{NUMBERS, STRING, Vmi},
};

pub(crate) const CASES: &[Case] = &[
    case!(read_u64::plain),
    case!(read_u64::vmi_core),
    case!(read_u64::probed),
    case!(read_struct::plain),
    case!(read_struct::vmi_core),
    case!(read_struct::probed),
    case!(read_string::plain),
    case!(read_string::vmi_core),
    case!(read_string::probed),
];

/// The three forms of a loop that reads, and uses what it read.
macro_rules! reads {
    ($module:ident: $vmi:ident => $read:expr, |$value:pat_param| $used:expr) => {
        mod $module {
            use super::*;

            pub(super) fn plain($vmi: &Vmi<'_>, times: u64) -> Result<u64, VmiError> {
                let mut sum = 0;
                for _ in 0..times {
                    let $value = $read?;
                    sum ^= $used;
                }
                Ok(sum)
            }

            pub(super) fn vmi_core($vmi: &Vmi<'_>, times: u64) -> Result<u64, VmiError> {
                let prober = VmiProber::new(&IndexSet::new());
                let mut sum = 0;
                for _ in 0..times {
                    if let Some($value) = vmi_probe!(prober, $read)? {
                        sum ^= $used;
                    }
                }
                prober.error_for_page_faults()?;
                Ok(sum)
            }

            #[probed(options, suppressed = SuppressedPages::empty())]
            pub(super) fn probed($vmi: &Vmi<'_>, times: u64) -> Result<u64, VmiError> {
                let mut sum = 0;
                for _ in 0..times {
                    if let Some($value) = $read? {
                        sum ^= $used;
                    }
                }
                Ok(sum)
            }
        }
    };
}

reads!(read_u64: vmi => vmi.read_u64(black_box(NUMBERS)), |number| number);
reads!(
    read_struct: vmi => vmi.read_struct::<[u64; 8]>(black_box(NUMBERS)),
    |[first, .., last]| first ^ last
);
reads!(read_string: vmi => vmi.read_string(black_box(STRING)), |text| text.len() as u64);
