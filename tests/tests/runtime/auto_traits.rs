//! Which public types are `Send` and `Sync`.

use prober::{
    FaultQueue, PageFaults, ProbeError, ProbeLimit, Retry, SuppressedPages, Unavailable, VmiProber,
    page_faults, suppressed_pages,
    testing::{Guest, Vm},
};

/// Whether a type is `Send` and whether it is `Sync`.
macro_rules! auto_traits {
    ($type:ty) => {{
        #[allow(dead_code, reason = "found by method lookup")]
        trait Not {
            const SEND: bool = false;
            const SYNC: bool = false;
        }
        impl<T: ?Sized> Not for T {}

        #[allow(dead_code)]
        struct IsSend<T: ?Sized>(std::marker::PhantomData<T>);
        #[allow(dead_code)]
        impl<T: ?Sized + Send> IsSend<T> {
            const SEND: bool = true;
        }

        #[allow(dead_code)]
        struct IsSync<T: ?Sized>(std::marker::PhantomData<T>);
        #[allow(dead_code)]
        impl<T: ?Sized + Sync> IsSync<T> {
            const SYNC: bool = true;
        }
        (<IsSend<$type>>::SEND, <IsSync<$type>>::SYNC)
    }};
}

#[test]
fn data_can_be_shared_and_sent() {
    for both in [
        auto_traits!(PageFaults),
        auto_traits!(page_faults::Iter<'static>),
        auto_traits!(page_faults::IntoIter),
        auto_traits!(ProbeError),
        auto_traits!(ProbeLimit),
        auto_traits!(Retry),
        auto_traits!(SuppressedPages),
        auto_traits!(suppressed_pages::Iter<'static>),
        auto_traits!(Unavailable),
    ] {
        assert_eq!(both, (true, true));
    }
}

/// What takes part in reads stays on its thread, as vmi-core's types do.
#[test]
fn readers_stay_on_their_thread() {
    for neither in [
        auto_traits!(VmiProber<'static>),
        auto_traits!(FaultQueue),
        auto_traits!(Guest),
        auto_traits!(Vm),
    ] {
        assert_eq!(neither, (false, false));
    }
}
