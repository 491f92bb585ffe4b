//! The bookkeeping of a queue, without a guest.

use std::panic::Location;

use vmi_core::{AddressContext, Pa, Va};

use super::{HandOutKind, Lane, Operation, State, Thread, Waiter};
use crate::{PageFaults, SuppressedPages};

fn thread(stack_pointer: u64) -> Thread {
    Thread {
        root: 1,
        stack_pointer,
    }
}

#[track_caller]
fn operation(stack_pointer: u64) -> Operation {
    Operation {
        waiter: Waiter::Thread(thread(stack_pointer)),
        place: Some((Location::caller(), "operation")),
    }
}

fn fault(page: u64) -> AddressContext {
    AddressContext::new(Va(0x40_0000 + page * 0x1000), Pa(0x1000))
}

fn state() -> State {
    State::new(SuppressedPages::new())
}

/// A thread misses some pages, and is handed the first.
fn misses(state: &mut State, of: Operation, pages: impl IntoIterator<Item = u64>) {
    let Waiter::Thread(thread) = of.waiter else {
        panic!("a thread")
    };
    let batch: PageFaults = pages.into_iter().map(fault).collect();
    state.begin(of.waiter);
    state.wait_for(of.waiter, &batch, |_| true);
    let lanes = [Lane::User(1)].into_iter();
    let next = state
        .waiters
        .change(of.waiter, |waiting| waiting.pop(lanes));
    if let Some(next) = next.flatten() {
        state.hand_out(of, thread, next.fault, HandOutKind::Missing);
    }
}

#[test]
fn what_is_over_leaves_nothing_behind() {
    let mut state = state();
    let of = operation(0x1000);
    for page in 0..1_000 {
        misses(&mut state, of, [page, page + 1]);
        state.begin(of.waiter);
        state.is_back_and_has(of.waiter, thread(0x1000), &fault(page));
        let waiting = state.waiters.get(of.waiter);
        let handed = waiting.and_then(|waiting| waiting.handed(thread(0x1000)));
        assert_eq!(handed, None);
        state.end(&of);
        assert_eq!((state.waiters.threads(), state.hand_outs.len()), (0, 0));
        assert!(!state.is_waiting(of.waiter));
    }
    assert_eq!(state.stats.dropped, 0);
}

#[test]
fn threads_are_bounded_and_the_one_that_waits_longest_goes() {
    let mut state = state();
    state.settings.max_threads = 100;
    for number in 0..1_000 {
        misses(&mut state, operation(number), [number, number + 1]);
        assert!(state.waiters.threads() <= 100);
    }
    assert!(state.is_waiting(operation(900).waiter));
    assert!(!state.is_waiting(operation(899).waiter));
    assert_eq!(state.stats.dropped, 900 * 2);
}

#[test]
fn pending_pages_are_bounded_in_all_threads_together() {
    let mut state = state();
    state.settings.max_pending = 1_000;
    for number in 0..100 {
        misses(
            &mut state,
            operation(number),
            number * 300..number * 300 + 300,
        );
        let waiting = (0..100).filter(|other| state.is_waiting(operation(*other).waiter));
        assert!(waiting.count() <= 3);
    }
    assert!(state.is_waiting(operation(99).waiter) && state.stats.dropped > 0);
    // One batch that is larger is cut short; the next run meets the rest.
    let dropped = state.stats.dropped;
    misses(&mut state, operation(200), 0..5_000);
    assert_eq!(state.wanted(operation(200).waiter).len(), 512);
    assert_eq!(state.stats.dropped - dropped, 4_000 + 900);
}

#[test]
fn injections_are_bounded_and_the_oldest_is_forgotten() {
    let mut state = state();
    state.settings.max_hand_outs = 50;
    for page in 0..1_000 {
        misses(&mut state, operation(page), [page]);
        assert!(state.hand_outs.len() <= 50);
    }
    assert!(state.is_handed_out(&fault(950)) && !state.is_handed_out(&fault(949)));
}

#[test]
fn injections_of_one_page_that_nobody_comes_back_for_are_bounded() {
    let mut state = state();
    let mut times = 0;
    for number in 0..1_000 {
        let of = operation(number);
        if !state.misses(&of, thread(number), &fault(0)) {
            misses(&mut state, of, [0]);
            times += 1;
        }
    }
    assert_eq!((times, state.stats.given_up), (64, 1));
    assert_eq!(state.hand_outs.len(), 0);

    // Of one that comes in each time, little is kept.
    for number in 0..1_000 {
        misses(&mut state, operation(number), [1]);
        state.came_in(operation(number).waiter, &fault(1));
    }
    assert!(state.hand_outs.len() <= 128, "{}", state.hand_outs.len());
    assert!(!state.suppressed().contains(&fault(1)));
}

#[test]
fn own_suppressed_pages_are_bounded() {
    let mut state = state();
    state.settings.max_suppressed = 10;
    for page in 0..100 {
        state.suppress(fault(page));
    }
    assert_eq!(state.suppressed().iter().len(), 10);
    assert!(state.suppressed().contains(&fault(90)));
    assert_eq!(state.stats.dropped, 90);
}

#[test]
fn what_another_root_suppressed_still_expires() {
    let other = AddressContext::new(Va(0x40_0000), Pa(0x2000));
    let mut state = state();
    state.settings.suppress_for = 3;
    assert!(state.suppress(fault(0)) && state.suppress(other));
    // With the bits of a process-context identifier.
    state.forget_root(Pa(0x1003));
    assert!(!state.suppressed().contains(&fault(0)));
    assert!(state.suppressed().contains(&other));
    for _ in 0..4 {
        state.begin(operation(0).waiter);
    }
    assert!(!state.suppressed().contains(&other));
}

#[test]
fn what_is_suppressed_anew_stays_so_for_longer() {
    let mut state = state();
    state.settings.suppress_for = 2;
    // The last run that finds it suppressed, counted from the one that did it.
    let lasts = |state: &mut State| {
        assert!(state.suppress(fault(0)));
        let mut runs = 0;
        loop {
            state.begin(operation(0).waiter);
            if !state.suppressed().contains(&fault(0)) {
                return runs;
            }
            runs += 1;
        }
    };
    assert_eq!([2, 4, 8, 16].map(|_| lasts(&mut state)), [2, 4, 8, 16]);
    state.came_in(operation(0).waiter, &fault(0));
    assert_eq!(lasts(&mut state), 2);
    state.forget_root(fault(0).root);
    assert_eq!(lasts(&mut state), 2);

    // What is remembered of it is bounded, too.
    state.settings.max_suppressed = 1;
    assert_eq!(lasts(&mut state), 4);
    assert!(state.suppress(fault(1)));
    for _ in 0..3 {
        state.begin(operation(0).waiter);
    }
    assert_eq!(lasts(&mut state), 2);

    state.settings.suppress_for = 0;
    assert_eq!([2, 4].map(|_| lasts(&mut state)), [2, 4]);
}

/// Or else an operation that lacks one page more would never end.
#[test]
fn what_stays_suppressed_for_long_leaves_room() {
    let mut state = state();
    state.settings.suppress_for = 2;
    state.settings.max_suppressed = 2;
    for _ in 0..2 {
        assert!(state.suppress(fault(0)) && state.suppress(fault(1)));
        for _ in 0..3 {
            state.begin(operation(0).waiter);
        }
    }
    // Both stay for longer than a new one.
    assert!((0..2).all(|page| state.suppressed().contains(&fault(page))));
    assert!(state.suppress(fault(2)));
    assert!((1..3).all(|page| state.suppressed().contains(&fault(page))));
    assert!(!state.suppressed().contains(&fault(0)));
}

/// A page that expired under one root, and is suppressed under three.
#[test]
fn a_page_that_is_suppressed_everywhere_expires_as_a_whole() {
    let kernel = |root: u64| AddressContext::new(Va(0xffff_8000_0040_0000), Pa(root * 0x1000));
    let mut state = state();
    state.settings.suppress_for = 2;
    state.suppress(kernel(1));
    for _ in 0..3 {
        state.begin(operation(0).waiter);
    }
    assert!(!state.suppressed().contains(&kernel(1)));
    assert!((1..=3).all(|root| state.suppress(kernel(root))));
    for _ in 0..4 {
        state.begin(operation(0).waiter);
        assert!((1..=9).all(|root| state.suppressed().contains(&kernel(root))));
    }
    state.begin(operation(0).waiter);
    assert!((1..=9).all(|root| !state.suppressed().contains(&kernel(root))));
    assert!(state.suppress(kernel(1)));
}

#[test]
fn a_job_gives_up_lanes_that_do_not_get_on() {
    let mut state = state();
    state.settings.wait_for_space = 10;
    let job = Waiter::Job(state.waiters.new_job());
    let elsewhere = AddressContext::new(Va(0x40_0000), Pa(0x2000));
    let batch = PageFaults::from_iter([fault(0), elsewhere]);
    state.begin(job);
    state.wait_for(job, &batch, |_| false);
    for step in 0..20 {
        state.begin(job);
        state.step(job, [Lane::User(1)].into_iter());
        if step < 10 {
            // The first one gets on.
            state.came_in(job, &fault(0));
        }
        let wanted = state.wanted(job);
        assert_eq!(wanted.contains(&elsewhere), step < 10, "{step}");
        assert!(wanted.contains(&fault(0)), "{step}");
    }
    assert!(state.suppressed_for(job).contains(&elsewhere));
    assert!(!state.suppressed().contains(&elsewhere));
    assert_eq!(state.stats.given_up, 1);
    // Its operation ends, and with it what was given up.
    state.end(&Operation {
        waiter: job,
        place: None,
    });
    assert!(!state.suppressed_for(job).contains(&elsewhere));
}
