//! A dump of the stopped guest, for vmi-driver-kdmp.

use std::{
    fs::File,
    io::{self, Write as _},
    path::Path,
};

use vmi_core::Pa;

/// A dump's header, and where it holds what.
const HEADER: usize = 0x2000;
const ROOT: usize = 0x10;
/// The list of loaded modules, which vmi-driver-kdmp gives out as the system call entry.
const SYSTEM_CALL_ENTRY: usize = 0x28;
/// Number of runs, number of pages, then first page and number of pages of each run.
const RUNS: usize = 0x88;
const DUMP_TYPE: usize = 0xf98;
const FULL: u64 = 1;

/// Writes a dump of all of `ram`, whose page tables are at `root`.
pub(crate) fn write(to: &Path, ram: &Path, root: Pa, system_call_entry: u64) -> io::Result<()> {
    let mut ram = File::open(ram)?;
    let pages = ram.metadata()?.len() / 4096;
    let mut header = vec![0; HEADER];
    header[..8].copy_from_slice(b"PAGEDU64");
    let words = [
        (ROOT, root.0),
        (SYSTEM_CALL_ENTRY, system_call_entry),
        (RUNS, 1),
        (RUNS + 8, pages),
        (RUNS + 16, 0),
        (RUNS + 24, pages),
        (DUMP_TYPE, FULL),
    ];
    for (place, word) in words {
        header[place..place + 8].copy_from_slice(&word.to_le_bytes());
    }
    let mut dump = File::create(to)?;
    dump.write_all(&header)?;
    io::copy(&mut ram, &mut dump)?;
    Ok(())
}
