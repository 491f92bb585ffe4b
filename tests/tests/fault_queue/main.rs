//! What a `FaultQueue` promises, one test a sentence, by what comes out.

mod bounds;
mod hand_out;
mod hostile;
mod jobs;
mod other_architecture;
mod outcomes;
mod random;
mod step;
mod suppressed;
mod threads;
mod within;

use prober::{
    FaultError, FaultQueue, Missing, Unavailable, probed,
    testing::{Guest, GuestDriver, Vm},
};
use vmi_core::{AddressContext, Pa, Va, VmiError, VmiState, os::NoOS};

type State<'a> = VmiState<'a, NoOS<GuestDriver>>;

const A: Va = Va(0x10_0000);
const B: Va = Va(0x20_0000);
const C: Va = Va(0x30_0000);
const KERNEL: Va = Va(0xffff_f800_0010_0000);

#[probed(options)]
fn values(vmi: &State<'_>, pages: &[Va]) -> prober::Result<Vec<Option<u64>>> {
    let mut values = Vec::new();
    for page in pages {
        values.push(vmi.read_u64(*page)?);
    }
    Ok(values)
}

/// A value on each page, and all pages taken away.
fn guest(pages: &[Va]) -> (Guest, Vm) {
    let guest = Guest::new();
    for page in pages {
        guest.write_u64(*page, page.0 + 1);
    }
    guest.page_out_all();
    let vm = guest.vm();
    (guest, vm)
}

/// One event.
fn event(vm: &Vm, faults: &FaultQueue, pages: &[Va]) -> Result<Vec<Option<u64>>, VmiError> {
    vm.with(|vmi| faults.run(vmi, |suppressed| values(vmi, pages, suppressed)))
}

fn skip(vm: &Vm, faults: &FaultQueue, pages: &[Va]) -> Result<Option<Vec<Option<u64>>>, VmiError> {
    vm.with(|vmi| faults.run_or_skip(vmi, |suppressed| values(vmi, pages, suppressed)))
}

#[track_caller]
fn injected<T>(result: Result<T, VmiError>) -> AddressContext {
    match result {
        Err(VmiError::Translation(fault)) => fault,
        Err(other) => panic!("expected a fault to inject, found {other:?}"),
        Ok(_) => panic!("expected a fault to inject, found a value"),
    }
}

#[track_caller]
fn batch<T>(result: Result<T, VmiError>) -> Vec<Va> {
    let Err(error @ VmiError::Os(_)) = result else {
        panic!("expected an error that is not injected")
    };
    let Some(Missing::PageFaults(faults)) = error.missing() else {
        panic!("expected a batch, found {error:?}")
    };
    faults.iter().map(|fault| fault.va).collect()
}

#[track_caller]
fn unavailable<T>(result: Result<T, VmiError>) -> Vec<Va> {
    let Err(error) = result else {
        panic!("expected `Unavailable`")
    };
    let Some(unavailable) = Unavailable::of(&error) else {
        panic!("expected `Unavailable`, found {error:?}")
    };
    unavailable.pages().iter().map(|fault| fault.va).collect()
}

/// Gives the processor to another thread of the same process.
fn switch_to(vm: &Vm, thread: u64) {
    vm.change_registers(|registers| registers.rsp = 0xffff_c000_0000_0000 + thread * 0x1000);
}

fn switch_root(vm: &Vm, root: Pa) {
    vm.change_registers(|registers| registers.cr3.0 = root.0);
}
