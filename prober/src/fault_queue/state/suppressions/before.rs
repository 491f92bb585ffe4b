use std::collections::BTreeMap;

use vmi_core::Pa;

use crate::page::Page;

/// How often pages were suppressed that have expired.
#[derive(Debug, Default)]
pub(super) struct Before {
    /// How often, and the place in the order.
    pages: BTreeMap<Page, (u32, u64)>,

    /// By when they expired.
    order: BTreeMap<u64, Page>,
    next: u64,
}

impl Before {
    pub(super) fn add(&mut self, page: Page, times: u32) {
        self.take(&page);
        self.pages.insert(page, (times, self.next));
        self.order.insert(self.next, page);
        self.next += 1;
    }

    /// How often a page was suppressed: it is forgotten here.
    pub(super) fn take(&mut self, page: &Page) -> u32 {
        let Some((times, place)) = self.pages.remove(page) else {
            return 0;
        };
        self.order.remove(&place);
        times
    }

    /// Forgets those that expired first, until no more than `most` are left.
    pub(super) fn shrink_to(&mut self, most: usize) {
        while self.pages.len() > most
            && let Some((_, page)) = self.order.pop_first()
        {
            self.pages.remove(&page);
        }
    }

    pub(super) fn forget_root(&mut self, root: Pa) {
        let pages = self.pages.range(Page::all_of(root));
        for page in pages.map(|(page, _)| *page).collect::<Vec<_>>() {
            self.take(&page);
        }
    }
}
