//! A call of a probed function that meets no fault allocates nothing.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

use prober::{ProbeError, SuppressedPages, probe, probed, settle, testing::Guest};
use vmi_core::{AddressContext, Va, VmiError, VmiOs, VmiRead, VmiState};

/// Counts what the current thread allocates.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: All is left to `System`.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: The caller keeps the contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: The caller keeps the contract.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: The caller keeps the contract.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static GLOBAL: Counting = Counting;

/// How often a function allocates.
fn allocations<R>(function: impl FnOnce() -> R) -> (u64, R) {
    let before = ALLOCATIONS.get();
    let result = function();
    (ALLOCATIONS.get() - before, result)
}

const NUMBERS: Va = Va(0x40_0000);
const OTHER: Va = Va(0x50_0000);

#[probed(options)]
fn sum<Os>(vmi: &VmiState<'_, Os>, address: Va) -> Result<u64, VmiError>
where
    Os: VmiOs,
    Os::Driver: VmiRead,
{
    let first = vmi.read_u64(address)?;
    let second = vmi.read_u64(address + 8)?;
    Ok(first.unwrap_or(0) + second.unwrap_or(0))
}

/// All forms in which a function may read.
#[probed(options)]
fn forms<Os>(vmi: &VmiState<'_, Os>, address: Va) -> prober::Result<u64>
where
    Os: VmiOs,
    Os::Driver: VmiRead,
{
    let other = vmi.read_va64_in(vmi.address_context(address + 16))?;
    let number = vmi.read_u64(other? + 8)??;
    let array = vmi.read_struct::<[u64; 8]>(other?)?;
    let mut buffer = [0; 16];
    let filled = vmi.read(other?, &mut buffer)?;
    let inner = probe!(sum(vmi, address, suppressed))?;
    settle!();
    let last = sum(vmi, address, suppressed)?;
    let first = array.zip(filled).map(|(array, ())| array[0]);
    Ok(number + inner? + last + first?)
}

fn guest() -> Guest {
    let guest = Guest::new();
    guest.write_u64(NUMBERS, 1);
    guest.write_u64(NUMBERS + 8, 2);
    guest.write_va(NUMBERS + 16, OTHER);
    guest.write_u64(OTHER, 10);
    guest.write_u64(OTHER + 8, 20);
    guest
}

#[test]
fn the_allocator_counts() {
    assert_eq!(allocations(|| vec![0_u8; 10]).0, 1);
}

#[test]
fn a_call_without_a_fault_allocates_nothing() {
    let guest = guest();
    let vm = guest.vm();
    let mut suppressed = SuppressedPages::new();
    for page in 0..1000 {
        suppressed.insert(AddressContext::new(OTHER + page * 0x1000, guest.root()));
    }
    vm.with(|vmi| {
        // vmi-core's caches allocate when they meet a page for the first time.
        let expected = forms(vmi, NUMBERS, &suppressed).unwrap();

        let (allocated, result) = allocations(|| forms(vmi, NUMBERS, &suppressed));
        assert_eq!(result.unwrap(), expected);
        assert_eq!(allocated, 0);
    });
}

#[test]
fn a_set_of_ones_own_is_cloned_without_an_allocation() {
    let (allocated, set) = {
        let suppressed = SuppressedPages::new();
        let (allocated, clone) = allocations(|| suppressed.clone());
        (allocated, (suppressed, clone))
    };
    drop(set);
    assert_eq!(allocated, 0);
}

#[test]
fn a_fault_is_what_allocates() {
    let guest = guest();
    guest.page_out(OTHER);
    guest.vm().with(|vmi| {
        let none = SuppressedPages::new();
        let (allocated, result) = allocations(|| forms(vmi, NUMBERS, &none));
        assert!(matches!(result, Err(ProbeError::PageFaults(faults)) if faults.len() == 1));
        assert_ne!(allocated, 0);
    });
}
