//! What a `FaultQueue` keeps, and what its events take: the time of an event
//! that finds all pending pages in, and the memory of a guest that makes
//! threads as it likes. Times are of this machine; compare rows of one run.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    env,
    sync::atomic::{AtomicUsize, Ordering},
    time::Instant,
};

use prober::{FaultQueue, PageFaults, ProbeError, Step, testing::Guest};
use vmi_core::{AddressContext, Va};

/// Counts what is allocated.
struct Counting;

static BYTES: AtomicUsize = AtomicUsize::new(0);

// SAFETY: All is done by the allocator of the system.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        BYTES.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: The caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        BYTES.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: The caller's promise.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const FIRST: Va = Va(0x1_0000_0000);

fn batch(guest: &Guest, first: u64, pages: u64) -> ProbeError {
    let fault = |page| AddressContext::new(FIRST + page * 0x1000, guest.root());
    ProbeError::PageFaults((first..first + pages).map(fault).collect::<PageFaults>())
}

/// Nanoseconds a page, of an event that finds all pages of a batch in.
fn all_came_in(pages: u64) -> u128 {
    let guest = Guest::new();
    let vm = guest.vm();
    let faults = FaultQueue::new().max_pending(usize::MAX);
    let inject = vm.with(|vmi| faults.step(vmi, |_| Err::<(), _>(batch(&guest, 0, pages))));
    assert!(matches!(inject, Step::Inject(_)));
    // One frame for all of them.
    guest.write_u64(FIRST, 1);
    for page in 1..pages {
        guest.alias(FIRST + page * 0x1000, &guest, FIRST);
    }
    let start = Instant::now();
    let done = vm.with(|vmi| faults.step(vmi, |_| Ok::<_, ProbeError>(())));
    assert!(matches!(done, Step::Done(())));
    assert_eq!(faults.stats().came_in + faults.stats().served, pages);
    start.elapsed().as_nanos() / u128::from(pages)
}

/// Bytes that a queue keeps for so many threads that wait for 512 pages each.
fn memory(threads: u64) -> usize {
    let guest = Guest::new();
    let vm = guest.vm();
    let faults = FaultQueue::new();
    let before = BYTES.load(Ordering::Relaxed);
    for thread in 0..threads {
        vm.change_registers(|registers| registers.rsp = 0xffff_c000_0000_0000 + thread * 0x1000);
        let first = thread * 512;
        let inject = vm.with(|vmi| faults.step(vmi, |_| Err::<(), _>(batch(&guest, first, 512))));
        assert!(matches!(inject, Step::Inject(_)));
    }
    BYTES.load(Ordering::Relaxed) - before
}

fn main() {
    // Without that it is a test, which is not to take long.
    let is_bench = env::args().any(|arg| arg == "--bench");
    let (pages, threads): (&[u64], &[u64]) = if is_bench {
        (&[1_000, 10_000, 100_000], &[100, 1_000, 10_000])
    } else {
        (&[100], &[10])
    };
    println!("| pages that all came in meanwhile | ns a page, in one event |");
    println!("|--:|--:|");
    for &pages in pages {
        println!("| {pages} | {} |", all_came_in(pages));
    }
    println!();
    println!("| threads that wait for 512 pages each | KiB kept |");
    println!("|--:|--:|");
    for &threads in threads {
        println!("| {threads} | {} |", memory(threads) / 1024);
    }
}
