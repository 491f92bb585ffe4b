use vmi_core::{AddressContext, Pa, Va};

use super::{State, Thread};
use crate::{PageFaults, SuppressedPages};

const THREAD: Thread = Thread {
    root: 1,
    stack_pointer: 0x1000,
};

fn thread(stack_pointer: u64) -> Thread {
    Thread {
        stack_pointer,
        ..THREAD
    }
}

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
        let thread = thread(stack_pointer);
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
        // The last thread was handed it, too.
        assert_eq!(state.handed_out.len(), 1);
        state.begin();
    }
    assert!(state.handed_out.is_empty() && state.history.is_empty());
}

#[test]
fn what_waits_is_found_in_a_history_that_was_swept() {
    let mut state = State::new(SuppressedPages::new());
    state.forget_after = 15_000;
    let hand_out = |state: &mut State, number, page| {
        state.begin();
        state.take(thread(number), &PageFaults::from_iter([fault(page)]));
        state.hand_out(thread(number), fault(page), false);
    };
    // The first thread goes on to a page that the second one is handed later.
    hand_out(&mut state, 0, 0);
    hand_out(&mut state, 0, 1);
    hand_out(&mut state, 1, 1);
    for number in 2..100 {
        hand_out(&mut state, number, number);
    }
    let live = state.threads.len() + state.handed_out.len();
    assert_eq!(live, 200);
    for _ in 0..10_000 {
        hand_out(&mut state, 1_000, 1_000);
        state.came_in(thread(1_000), &fault(1_000));
        state.finish(thread(1_000));
        assert!(state.history.len() <= 64 + 4 * (live + 2));
    }
    for _ in 0..=15_000 {
        state.begin();
    }
    assert!(state.threads.is_empty() && state.handed_out.is_empty());
    assert!(state.history.is_empty());
}

#[test]
fn a_history_shrinks_when_many_have_ended() {
    let mut state = State::new(SuppressedPages::new());
    for number in 0..1_000 {
        state.begin();
        state.hand_out(thread(number), fault(number), false);
    }
    assert_eq!(state.history.len(), 1_000);
    for number in 0..1_000 {
        state.finish(thread(number));
    }
    state.hand_out(THREAD, fault(0), false);
    assert_eq!(state.history.len(), 1);
}

#[test]
fn what_another_root_suppressed_still_expires() {
    let other = AddressContext::new(Va(0x40_0000), Pa(0x2000));
    let mut state = State::new(SuppressedPages::new());
    state.suppress_for = 3;
    assert!(state.suppress(fault(0)) && state.suppress(other));
    // With the bits of a process-context identifier.
    state.forget_root(Pa(0x1003));
    assert!(!state.suppressed.contains(&fault(0)));
    assert!(state.suppressed.contains(&other));
    for _ in 0..4 {
        state.begin();
    }
    assert!(!state.suppressed.contains(&other));
}
