use std::hash::BuildHasher;

use indexmap::IndexSet;
use vmi_core::AddressContext;

use crate::{
    SuppressedPages,
    page::{PAGE_SIZE, Page},
    sealed::Sealed,
};

/// A set of suppressed pages that [`VmiProber::new`](crate::VmiProber::new)
/// can borrow: a [`SuppressedPages`], or an
/// `IndexSet<AddressContext>` as vmi-core's prober takes it.
///
/// Sealed: these two are all.
///
/// # Examples
///
/// ```
/// use indexmap::IndexSet;
/// use prober::{PageSet, SuppressedPages, VmiProber};
/// use vmi_core::{AddressContext, Pa, Va};
///
/// fn is_suppressed(set: &impl PageSet) -> bool {
///     set.contains_page(&AddressContext::new(Va(0x40_0123), Pa(0x1000)))
/// }
///
/// let page = AddressContext::new(Va(0x40_0000), Pa(0x1000));
/// assert!(is_suppressed(&IndexSet::<_>::from([page])));
/// assert!(is_suppressed(&SuppressedPages::from_iter([page])));
/// assert!(!is_suppressed(&SuppressedPages::new()));
/// ```
pub trait PageSet: Sealed {
    /// Returns whether the set holds the page of a fault.
    fn contains_page(&self, fault: &AddressContext) -> bool;
}

impl PageSet for SuppressedPages {
    fn contains_page(&self, fault: &AddressContext) -> bool {
        self.contains(fault)
    }
}

/// Finds a page by any address on it. That takes a walk over the set when the
/// very address of the fault and the start of its page are not in it; a
/// [`SuppressedPages`] takes logarithmic time.
impl<S: BuildHasher> PageSet for IndexSet<AddressContext, S> {
    fn contains_page(&self, fault: &AddressContext) -> bool {
        let mut start = *fault;
        start.va.0 &= !(PAGE_SIZE - 1);
        let page = Page::from(fault);
        self.contains(fault)
            || self.contains(&start)
            || self.iter().any(|other| Page::from(other) == page)
    }
}
