//! A Windows guest in memory, for unit tests of code that reads Windows through
//! vmi-os-windows.
//!
//! [`WindowsBuilder`] lays the kernel's structures of Windows 10 19041 out in a
//! [`Guest`](super::Guest): processes, threads, modules, handle tables, regions.
//! The unmodified `WindowsOs` reads them there, through real page tables.
//! [`WindowsGuest::page_out`] pages out what Windows may page out: user memory
//! and the paged pool.
//!
//! ```
//! use prober::{SuppressedPages, retry, testing::windows::{Process, WindowsBuilder}};
//! use vmi_core::{VmiError, os::VmiOsProcess as _};
//!
//! let windows = WindowsBuilder::new().process(Process::new(700, "lsass.exe")).build();
//! windows.page_out();
//! let vm = windows.vm(700);
//! let line = retry(&mut windows.guest(), &mut SuppressedPages::new(), |_| vm.with(|vmi| {
//!     let peb = vmi.os().current_process()?.native_peb()?;
//!     peb.ok_or(VmiError::NotSupported)?.command_line()
//! }))?;
//! assert_eq!(line, r"C:\Windows\System32\lsass.exe");
//! # Ok::<(), VmiError>(())
//! ```
//!
//! # What is there
//!
//! The System process (PID 4), which has no user memory, then those that were
//! asked for. Each has an address space of its own, and is the current process
//! of a processor of its own. The guest runs no code, and has no registry,
//! sessions, tokens or object directories.

mod builder;
mod guest;
mod handle;
mod kernel;
mod layout;
mod module;
mod object;
mod process;
mod profile;
mod region;
mod region_kind;
mod symbols;
mod user;

pub use self::{
    builder::WindowsBuilder, guest::WindowsGuest, handle::Handle, module::Module, object::Object,
    process::Process, profile::WindowsProfile, region::Region, region_kind::RegionKind,
};
