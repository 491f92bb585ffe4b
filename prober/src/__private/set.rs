//! The suppressed set that the user names.

use crate::{SuppressedPages, sealed::Sealed};

/// What `#[probed(suppressed = EXPR)]` takes.
#[diagnostic::on_unimplemented(
    message = "`#[probed(suppressed = EXPR)]` takes a `SuppressedPages` or a reference to one, not a `{Self}`",
    label = "not a `SuppressedPages`"
)]
pub trait AsSuppressedPages: Sealed {
    fn as_suppressed(&self) -> &SuppressedPages;

    /// The value of `#[probed(suppressed = EXPR)]`, cloned at entry.
    #[inline]
    fn clone_set(&self) -> SuppressedPages {
        self.as_suppressed().clone()
    }
}

#[diagnostic::do_not_recommend]
impl AsSuppressedPages for SuppressedPages {
    #[inline]
    fn as_suppressed(&self) -> &SuppressedPages {
        self
    }
}

#[diagnostic::do_not_recommend]
impl<S: AsSuppressedPages + ?Sized> AsSuppressedPages for &S {
    #[inline]
    fn as_suppressed(&self) -> &SuppressedPages {
        (**self).as_suppressed()
    }
}

#[diagnostic::do_not_recommend]
impl<S: AsSuppressedPages + ?Sized> AsSuppressedPages for &mut S {
    #[inline]
    fn as_suppressed(&self) -> &SuppressedPages {
        (**self).as_suppressed()
    }
}
