//! An in-memory amd64 guest, for unit tests of introspection code.
//!
//! A [`Guest`] has physical frames of 4 KiB and 4-level page tables that live in them; vmi-arch-amd64
//! walks those tables as it walks those of a real guest. [`Guest::write`] maps pages, [`Guest::page_out`] pages them out,
//! and the guest's pager brings them back.
//! A [`Vm`] gives the code under test its [`VmiState`](vmi_core::VmiState).
//!
//! ```
//! use prober::testing::Guest;
//! use vmi_core::{Va, VmiError};
//!
//! let guest = Guest::new();
//! guest.write_u64(Va(0x1000_0000), 42);
//! guest.page_out(Va(0x1000_0000));
//!
//! let vm = guest.vm();
//! let read = || vm.with(|vmi| vmi.read_u64(Va(0x1000_0000)));
//! assert!(matches!(read(), Err(VmiError::Translation(fault)) if fault.va == Va(0x1000_0000)));
//!
//! guest.page_in(Va(0x1000_0000));
//! assert_eq!(read()?, 42);
//! # Ok::<(), VmiError>(())
//! ```
//!
//! The first 64 KiB are where null pointers point, so [`SuppressedPages::new`](crate::SuppressedPages::new) holds them:
//! a page that is paged out there is unserviceable. Map the pages of a test from `Va(0x1_0000)` on.
//!
//! [`Vm::with_context`] gives a handler's [`VmiContext`](vmi_core::VmiContext), and [`Vm::at_breakpoint`] runs one until
//! it is done, with page faults injected and served in between.
//!
//! A [`GuestDriver`] has events too, for vmi-core's `VmiSession::handle`: a handler injects page faults, and
//! the guest serves them, loses them, or answers with an exception. See [`Vm::breakpoint`].
//!
//! # What the guest does not do
//!
//! It runs no code. Accessed and dirty bits stay clear, and the write and user bits of a page table entry
//! can be looked at but refuse nobody. Memory is never given back to the allocator before
//! the last handle of the guest is gone.

#![forbid(unsafe_code)]

mod control;
mod counts;
mod driver;
mod events;
mod frame;
mod guest;
mod handler;
mod losses;
mod memory;
mod missing_frame;
mod pager;
mod registers;
mod setup;
mod views;
mod vm;
#[cfg(feature = "testing-windows")]
pub mod windows;

pub use self::{
    counts::Counts, driver::GuestDriver, guest::Guest, missing_frame::MissingFrame, vm::Vm,
};
