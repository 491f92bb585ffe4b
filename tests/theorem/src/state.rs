use std::collections::HashSet;

use prober::SuppressedPages;
use vmi_core::{AddressContext, Pa, Va};

/// Which pages are out, and which are suppressed.
#[derive(Debug, Clone, Default)]
pub struct State {
    seed: u64,
    /// How many of eight pages are out.
    odds: u64,
    /// The pages that are out, where they are listed.
    listed: Option<HashSet<u64>>,
    resident: HashSet<u64>,
    suppressed: HashSet<u64>,
}

impl State {
    /// All pages are in.
    #[must_use]
    pub fn resident() -> Self {
        Self::default()
    }

    /// So many of eight pages are out.
    #[must_use]
    pub fn random(seed: u64, odds: u64) -> Self {
        Self {
            seed,
            odds,
            ..Self::default()
        }
    }

    /// These pages are out.
    #[must_use]
    pub fn listed(pages: HashSet<u64>) -> Self {
        Self {
            listed: Some(pages),
            ..Self::default()
        }
    }

    /// Suppresses pages.
    pub fn suppress(&mut self, pages: impl IntoIterator<Item = u64>) {
        self.suppressed.extend(pages);
    }

    /// Brings a page in.
    pub fn bring_in(&mut self, page: u64) {
        self.resident.insert(page);
    }

    /// Whether a page is out.
    #[must_use]
    pub fn is_out(&self, page: u64) -> bool {
        if self.resident.contains(&page) {
            return false;
        }
        match &self.listed {
            Some(listed) => listed.contains(&page),
            None => mix(self.seed ^ page) % 8 < self.odds,
        }
    }

    /// Whether a page is suppressed.
    #[must_use]
    pub fn is_suppressed(&self, page: u64) -> bool {
        self.suppressed.contains(&page)
    }

    /// The suppressed pages, as a function takes them.
    #[must_use]
    pub fn set(&self) -> SuppressedPages {
        self.suppressed.iter().map(|page| fault(*page)).collect()
    }

    /// The same for these pages, in few words.
    #[must_use]
    pub fn narrowed(&self, pages: &HashSet<u64>) -> Self {
        let keep = |page: &u64| pages.contains(page);
        Self {
            listed: Some(
                pages
                    .iter()
                    .copied()
                    .filter(|page| self.is_out(*page))
                    .collect(),
            ),
            suppressed: self.suppressed.iter().copied().filter(keep).collect(),
            ..Self::default()
        }
    }

    /// The pages that are out, where they are listed.
    pub fn pages(&self) -> impl Iterator<Item = u64> {
        self.listed.iter().flatten().copied()
    }
}

/// A fault on a page.
pub(crate) fn fault(page: u64) -> AddressContext {
    AddressContext::new(Va(page << 12), Pa(0x1000))
}

/// Random bits that follow from a number.
pub(crate) fn mix(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
