//! Random guests against what must hold at every step, whatever the guest does.

use std::collections::HashMap;

use prober::{FaultQueue, MayInject, Stats, Step, testing::Guest};
use vmi_arch_amd64::Registers;
use vmi_core::{AddressContext, Va, VmiError};

use super::{KERNEL, event, hand_out::in_spaces, switch_root, switch_to};

const THREADS: u64 = 4;
const MAX_INJECTIONS: u32 = 3;

/// A generator of numbers that look random (xorshift).
struct Random(u64);

impl Random {
    fn next(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % below
    }

    fn index(&mut self, below: u64) -> usize {
        usize::try_from(self.next(below)).unwrap()
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.next(n) == 0
    }
}

fn pages() -> Vec<Va> {
    let user = (1..7).map(|page| Va(page * 0x10_0000));
    user.chain((1..3).map(|page| KERNEL + page * 0x10_0000))
        .collect()
}

/// Two address spaces with the same pages, which are out.
fn two_spaces() -> [Guest; 2] {
    let first = Guest::new();
    let guests = [first.clone(), first.new_space()];
    for guest in &guests {
        for page in pages() {
            guest.write_u64(page, page.0);
        }
    }
    first.page_out_all();
    guests
}

/// The veto's answer, which is a matter of the page.
fn may_inject(va: Va) -> MayInject {
    match va.0 >> 20 & 7 {
        5 => MayInject::NotNow,
        6 => MayInject::Never,
        _ => MayInject::Now,
    }
}

#[test]
fn at_every_step() {
    for seed in 1..100 {
        run(seed);
    }
}

fn run(seed: u64) {
    let random = &mut Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let guests @ [first, _] = &two_spaces();
    let vm = first.vm();
    let faults = FaultQueue::new()
        .max_injections(MAX_INJECTIONS)
        .suppress_for(40)
        .forget_after(60)
        .may_inject(|_: &Registers, fault: &AddressContext| may_inject(fault.va));

    // What each thread waits for, and what it was handed last.
    let mut wants: HashMap<u64, Vec<Va>> = HashMap::new();
    let mut done = 0;
    for step in 0..400 {
        let thread = random.next(THREADS);
        let guest = &guests[usize::try_from(thread % 2).unwrap()];
        switch_to(&vm, thread);
        switch_root(&vm, guest.root());
        let want = wants.entry(thread).or_insert_with(|| {
            let all = pages();
            let count = 1 + random.next(5);
            (0..count).map(|_| all[random.index(8)]).collect()
        });

        let before = faults.stats();
        let suppressed = faults.suppressed();
        let result = event(&vm, &faults, want);
        let after = faults.stats();
        let told = format!("seed {seed}, step {step}, {want:x?}, {result:?}");
        let delta = |count: fn(&Stats) -> u64| count(&after) - count(&before);
        // A run of the operation more than one takes a page that was suppressed.
        let newly = delta(|stats| stats.given_up + stats.vetoed);
        assert!(delta(|stats| stats.operation_runs) <= 1 + newly, "{told}");

        match result {
            Err(VmiError::Translation(fault)) => {
                assert_eq!(delta(|stats| stats.injections), 1, "{told}");
                assert_eq!(fault.root, guest.root(), "{told}");
                assert!(!guest.is_resident(fault.va), "{told}");
                assert_eq!(may_inject(fault.va), MayInject::Now, "{told}");
                assert!(!faults.suppressed().contains(&fault), "{told}");
                assert!(faults.is_handed_out(&fault), "{told}");
                match random.next(6) {
                    0 => {} // lost
                    1 => faults.refuse(fault),
                    _ => guest.page_in(fault.va),
                }
            }
            Err(VmiError::Os(error)) => {
                // Only what the veto holds back.
                assert!(
                    want.iter().any(|va| may_inject(*va) == MayInject::NotNow),
                    "{told} {error}"
                );
                wants.remove(&thread);
            }
            Err(error) => panic!("{told} {error}"),
            Ok(values) => {
                for (va, value) in want.iter().zip(values) {
                    let fault = AddressContext::new(*va, guest.root());
                    let known = suppressed.contains(&fault) || faults.suppressed().contains(&fault);
                    assert!(value.map_or(known, |value| value == va.0), "{told}");
                }
                done += 1;
                wants.remove(&thread);
            }
        }

        // The guest does as it likes.
        let any = pages()[random.index(8)];
        let other = &guests[random.index(2)];
        match random.next(12) {
            0 | 1 => other.page_out(any),
            2 => other.page_in(any),
            3 => faults.refuse(AddressContext::new(any, other.root())),
            4 if random.one_in(8) => {
                faults.forget_root(other.root());
                wants.retain(|thread, _| {
                    guests[usize::try_from(thread % 2).unwrap()].root() != other.root()
                });
            }
            5 => {
                // It is killed.
                wants.remove(&random.next(THREADS));
            }
            _ => {}
        }
    }
    assert!(done > 20, "seed {seed}: {done}");
}

/// A job over two address spaces, among threads with operations of their own.
#[test]
fn a_job_at_every_step() {
    let mut ended = 0;
    for seed in 1..100 {
        ended += run_job(seed);
    }
    assert!(ended > 1_000, "{ended}");
}

/// Returns how often the job's operation ended.
fn run_job(seed: u64) -> u32 {
    let random = &mut Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let guests @ [first, _] = &two_spaces();
    let vm = first.vm();
    let faults = FaultQueue::new()
        .max_injections(MAX_INJECTIONS)
        .suppress_for(40)
        .wait_for_space(30)
        .may_inject(|_: &Registers, fault: &AddressContext| may_inject(fault.va));
    let job = faults.job();
    let mut want = Vec::new();
    let (mut ended, mut since) = (0, 0);
    for step in 0..600 {
        let guest = &guests[random.index(2)];
        switch_to(&vm, random.next(THREADS));
        switch_root(&vm, guest.root());
        if want.is_empty() {
            let pages = pages();
            let count = 1 + random.next(6);
            want.extend((0..count).map(|_| {
                let root = guests[random.index(2)].root();
                AddressContext::new(pages[random.index(8)], root)
            }));
            since = step;
        }
        let told = format!("seed {seed}, step {step}, {want:?}");
        // Whatever is lost, held back or kept away: it ends.
        assert!(step - since < 300, "{told}");

        if random.one_in(4) {
            // A thread of its own mind, which shares the queue.
            let page = pages()[random.index(8)];
            let _ = event(&vm, &faults, &[page]);
        }
        let before = faults.stats();
        let result = vm.with(|vmi| job.step(vmi, |suppressed| in_spaces(vmi, &want, suppressed)));
        let after = faults.stats();
        let newly = (after.given_up + after.vetoed) - (before.given_up + before.vetoed);
        let runs = after.operation_runs - before.operation_runs;
        assert!(runs <= 1 + newly, "{told}");
        match result {
            Step::Inject(fault) => {
                let kernel = fault.va.0 >> 63 == 1;
                assert!(kernel || fault.root == guest.root(), "{told} {fault}");
                assert!(
                    !guests
                        .iter()
                        .any(|of| of.root() == fault.root && of.is_resident(fault.va))
                );
                assert_eq!(may_inject(fault.va), MayInject::Now, "{told}");
                assert!(!faults.suppressed().contains(&fault), "{told}");
                match random.next(6) {
                    0 => {} // lost
                    1 => faults.refuse(fault),
                    _ => guest.page_in(fault.va),
                }
            }
            Step::NotNow(pages) => {
                assert!(!pages.is_empty(), "{told}");
                // They are of what it wants.
                assert!(
                    pages.iter().all(|page| want.contains(page)),
                    "{told} {pages:?}"
                );
            }
            Step::Done(values) => {
                for (page, value) in want.iter().zip(values) {
                    assert!(
                        value.is_none_or(|value| value == page.va.0.to_le_bytes()[0]),
                        "{told}"
                    );
                }
                ended += 1;
                want.clear();
            }
            other => panic!("{told} {other:?}"),
        }

        let any = pages()[random.index(8)];
        let other = &guests[random.index(2)];
        match random.next(12) {
            0 => other.page_out(any),
            1 | 2 => other.page_in(any),
            3 => faults.refuse(AddressContext::new(any, other.root())),
            4 if random.one_in(8) => faults.forget_root(other.root()),
            _ => {}
        }
    }
    ended
}

/// A page that never comes in costs a thread that many injections, in whatever order the others run.
#[test]
fn nothing_is_injected_without_end() {
    for seed in 1..50 {
        let random = &mut Random(seed);
        let guest = Guest::new();
        let vm = guest.vm();
        let faults = FaultQueue::new().max_injections(MAX_INJECTIONS);
        let mut injected: HashMap<Va, u64> = HashMap::new();
        let some: Vec<_> = (1..5).map(|page| Va(page * 0x10_0000)).collect();
        for _ in 0..500 {
            switch_to(&vm, random.next(THREADS));
            if let Err(VmiError::Translation(fault)) = event(&vm, &faults, &some) {
                *injected.entry(fault.va).or_default() += 1;
            }
        }
        for (page, times) in injected {
            // Each thread may have one under way when the others give up.
            let most = u64::from(MAX_INJECTIONS) + THREADS - 1;
            assert!(times <= most, "{page} {times}");
        }
        assert_eq!(faults.stats().given_up, 4);
    }
}
