use vmi_core::{AddressContext, Pa, Va};

use super::{State, Thread};
use crate::{PageFaults, SuppressedPages};

const THREAD: Thread = Thread {
    root: 1,
    stack_pointer: 0x1000,
};

fn fault(page: u64) -> AddressContext {
    AddressContext::new(Va(0x40_0000 + page * 0x1000), Pa(0x1000))
}

#[test]
fn what_is_over_leaves_nothing_behind() {
    let mut state = State::new(SuppressedPages::new());
    state.forget_after = u64::MAX;
    for page in 0..10_000 {
        state.begin();
        let batch = PageFaults::from_iter([fault(page)]);
        assert_eq!(state.take(THREAD, &batch), batch);
        state.hand_out(THREAD, fault(page), false);
        state.begin();
        state.came_in(THREAD, &fault(page));
        state.finish(THREAD);
        assert!(state.threads.is_empty() && state.handed_out.is_empty());
        assert!(state.history.len() < 100);
    }
}

#[test]
fn what_goes_on_is_kept() {
    let mut state = State::new(SuppressedPages::new());
    state.forget_after = 3_000;
    for stack_pointer in 0..2_000 {
        let thread = Thread {
            stack_pointer,
            ..THREAD
        };
        state.begin();
        state.take(thread, &PageFaults::from_iter([fault(0)]));
        state.hand_out(thread, fault(0), false);
    }
    assert_eq!((state.threads.len(), state.handed_out.len()), (2_000, 1));
    for idle in 0_usize..2_000 {
        // The first thread was handed its page in run 1, and goes in run 3,002.
        assert_eq!(state.threads.len(), 2_000 - idle.saturating_sub(1_001));
        state.begin();
    }
    while !state.threads.is_empty() {
        state.begin();
    }
    assert!(state.handed_out.is_empty() && state.history.is_empty());
}
