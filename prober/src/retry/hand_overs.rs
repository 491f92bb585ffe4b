//! How often each page was handed to a pager.

use vmi_core::AddressContext;

use crate::page::{Page, PageMap};

/// How many pages a generation holds at most.
const GENERATION: usize = 65_536;

/// How often each page was handed to a pager.
///
/// Bounded: a guest can make an operation miss other pages in each run. Pages
/// that were not handed over for a long time are forgotten; an operation that
/// misses so many ends at the limit of runs.
#[derive(Debug, Default)]
pub(super) struct HandOvers {
    /// The number of the current batch.
    batch: u64,
    young: PageMap<Times>,
    old: PageMap<Times>,
}

/// How often one page was handed over.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Times {
    /// The last batch that held the page.
    batch: u64,

    /// How often since the last batch without the page.
    pub(super) in_a_row: u32,

    /// How often in all.
    pub(super) in_all: u32,
}

impl HandOvers {
    /// A run came back with another batch.
    pub(super) fn next_batch(&mut self) {
        self.batch += 1;
    }

    /// Counts a hand-over of a page, in the current batch.
    pub(super) fn count(&mut self, fault: &AddressContext) -> Times {
        let page = Page::from(fault);
        let known = self.young.get(&page).or_else(|| self.old.get(&page));
        let mut times = known.copied().unwrap_or_default();

        if times.batch + 1 != self.batch {
            // A run in between did not miss it.
            times.in_a_row = 0;
        }
        times.batch = self.batch;
        times.in_a_row = times.in_a_row.saturating_add(1);
        times.in_all = times.in_all.saturating_add(1);

        self.young.insert(page, times);
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        times
    }
}

#[cfg(test)]
mod tests {
    use vmi_core::{AddressContext, Pa, Va};

    use super::{GENERATION, HandOvers};

    #[test]
    fn memory_is_bounded_and_what_is_in_use_is_kept() {
        let fault = |page: u64| AddressContext::new(Va(page << 12), Pa(0x1000));
        let mut hand_overs = HandOvers::default();
        for batch in 1..=1000_u32 {
            hand_overs.next_batch();
            for page in 0..500 {
                hand_overs.count(&fault(u64::from(batch) * 500 + page));
            }
            // In every batch.
            let times = hand_overs.count(&fault(0));
            assert_eq!((times.in_a_row, times.in_all), (batch, batch));
            assert!(hand_overs.young.len() + hand_overs.old.len() <= 2 * GENERATION);
        }
    }
}
