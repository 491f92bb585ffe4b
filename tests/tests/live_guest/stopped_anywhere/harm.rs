//! What the veto, and the right error code, keep from the guest.

use anyhow::Result;
use prober::FaultQueue;
use vmi_arch_amd64::Interrupt;
use vmi_core::{AddressContext, VmiError};

use super::stops::Stops;
use crate::{
    driver::Mode,
    gdb::{RawRegisters, Register},
    linux_guest::LinuxGuest,
};

/// Injects what the queue hands out without the veto, until a program is killed, and then until the
/// kernel takes a fault for its own.
pub(crate) fn follows(guest: &LinuxGuest, stops: &mut Stops) -> Result<()> {
    // As vmi-utils' reactor does it, whoever was interrupted.
    let fault = missing_page(guest, stops, is_in_user_mode)?;
    guest.inject_interrupt(Interrupt::page_fault(fault.va, 0))?;
    guest.run_until_said(&[&report(fault), "supervisor read access in user mode"])?;
    guest.run_until_said(&["ENDED", ", signal 9\n"])?;

    // With the right error code, but in the kernel.
    let fault = missing_page(guest, stops, is_in_the_kernel)?;
    guest.inject(fault)?;
    guest.run_until_said(&[&report(fault), "supervisor read access in kernel mode"])
}

/// A page that a queue without the veto hands out, at a stop that is wanted.
fn missing_page(
    guest: &LinuxGuest,
    stops: &mut Stops,
    is_wanted: fn(&RawRegisters) -> bool,
) -> Result<AddressContext> {
    loop {
        let stop = stops.next(is_wanted)?;
        match stop.read(&FaultQueue::new())? {
            Err(VmiError::Translation(fault)) => return Ok(fault),
            Err(error) => return Err(error.into()),
            Ok(_) => guest.ask_to_swap_out(stop.worker.root)?,
        }
    }
}

fn is_in_user_mode(registers: &RawRegisters) -> bool {
    Mode::of(registers) == Mode::User
}

/// But not where the kernel means to read a program's memory: there it takes the fault.
fn is_in_the_kernel(registers: &RawRegisters) -> bool {
    const ACCESS_TO_USER_PAGES: u64 = 1 << 18;
    Mode::of(registers) == Mode::Kernel
        && registers.get(Register::RFLAGS) & ACCESS_TO_USER_PAGES == 0
}

/// What the kernel says of a fault that it takes for one of its own.
fn report(fault: AddressContext) -> String {
    let address = fault.va.0;
    format!("BUG: unable to handle page fault for address: {address:016x}\n")
}
