//! The suppressed set that the user names.

use crate::{SuppressedPages, sealed::Sealed};

/// The value of `#[probed(suppressed = EXPR)]`, cloned at entry.
#[inline]
pub fn clone_set<S: AsSuppressed + ?Sized>(suppressed: &S) -> SuppressedPages {
    suppressed.as_suppressed().clone()
}

/// What `#[probed(suppressed = EXPR)]` takes.
#[diagnostic::on_unimplemented(
    message = "`#[probed(suppressed = ...)]` takes a `SuppressedPages` or a reference to one, not a `{Self}`",
    label = "not a `SuppressedPages`"
)]
pub trait AsSuppressed: Sealed {
    fn as_suppressed(&self) -> &SuppressedPages;
}

impl AsSuppressed for SuppressedPages {
    #[inline]
    fn as_suppressed(&self) -> &SuppressedPages {
        self
    }
}

#[diagnostic::do_not_recommend]
impl<S: AsSuppressed + ?Sized> AsSuppressed for &S {
    #[inline]
    fn as_suppressed(&self) -> &SuppressedPages {
        (**self).as_suppressed()
    }
}

#[diagnostic::do_not_recommend]
impl<S: AsSuppressed + ?Sized> AsSuppressed for &mut S {
    #[inline]
    fn as_suppressed(&self) -> &SuppressedPages {
        (**self).as_suppressed()
    }
}
