//! What a `FaultQueue` adds to an operation whose data is there, and what an
//! event costs that hands out one of many pending pages.

use std::{cell::OnceCell, hint::black_box};

use prober::{FaultQueue, PageFaults, ProbeError, Step, SuppressedPages, probed};
use vmi_core::{AddressContext, VmiError};

use super::{
    Case, case,
    machine::{NUMBERS, Vmi, missing},
};

pub(crate) const CASES: &[Case] = &[
    case!(step::alone),
    case!(step::queued),
    case!(event_500::queued),
    case!(event_8000::queued),
];

/// 8 reads of data that is there.
mod step {
    use super::*;

    #[probed]
    #[inline(never)]
    fn operation(vmi: &Vmi<'_>) -> prober::Result<u64> {
        let mut sum = 0_u64;
        for index in 0..8 {
            let number = vmi.read_u64(NUMBERS + index * 8)?;
            sum = sum.wrapping_add(number);
        }
        Ok(sum)
    }

    pub(super) fn alone(vmi: &Vmi<'_>, times: u64) -> Result<u64, VmiError> {
        let suppressed = SuppressedPages::new();
        let mut sum = 0_u64;
        for _ in 0..times {
            sum = sum.wrapping_add(operation(vmi, &suppressed)?);
        }
        Ok(sum)
    }

    pub(super) fn queued(vmi: &Vmi<'_>, times: u64) -> Result<u64, VmiError> {
        let faults = FaultQueue::new();
        let mut sum = 0_u64;
        for _ in 0..times {
            match faults.step(vmi, |suppressed| operation(vmi, suppressed)) {
                Step::Done(number) => sum = sum.wrapping_add(number),
                _ => return Err(VmiError::Other("the data is there")),
            }
        }
        Ok(sum)
    }
}

/// Events of a thread that waits for so many pages, none of which comes in.
macro_rules! events {
    ($($module:ident: $pages:literal;)*) => {$(
        mod $module {
            use super::*;

            thread_local!(static QUEUE: OnceCell<FaultQueue> = const { OnceCell::new() });

            pub(super) fn queued(vmi: &Vmi<'_>, times: u64) -> Result<u64, VmiError> {
                QUEUE.with(|queue| {
                    let queue = queue.get_or_init(|| {
                        FaultQueue::new().max_injections(u32::MAX).max_injections_in_all(u32::MAX)
                    });
                    let mut events = 0;
                    for _ in 0..times {
                        let step = queue.step(vmi, |_| Err::<(), _>(batch(vmi, $pages)));
                        events += u64::from(matches!(black_box(step), Step::Inject(_)));
                    }
                    Ok(events)
                })
            }
        }
    )*};
}

events! {
    event_500: 500;
    event_8000: 8_000;
}

fn batch(vmi: &Vmi<'_>, pages: u64) -> ProbeError {
    let faults = (0..pages).map(|index| {
        let va = missing(index);
        AddressContext::new(va, vmi.translation_root(va))
    });
    ProbeError::PageFaults(faults.collect::<PageFaults>())
}
