//! Dumps for `vmi-driver-kdmp`, written from a testing guest.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU32, Ordering},
};

use prober::testing::{Guest, GuestDriver};
use vmi_core::{Gfn, VmiDriver as _, VmiRead as _};

/// Size of the header of a 64-bit dump in bytes.
const HEADER: usize = 0x2000;
/// Where the header holds the physical memory runs.
const RUNS: usize = 0x88;
const DIRECTORY_TABLE_BASE: usize = 0x10;
const DUMP_TYPE: usize = 0xf98;
const FULL: u32 = 1;

/// A full Windows memory dump in a file, which goes when this is dropped.
#[derive(Debug)]
pub struct DumpFile(PathBuf);

impl DumpFile {
    /// Writes all frames of a guest, page tables too, but for those in `without`.
    ///
    /// The directory table base, which vmi-driver-kdmp takes for CR3, is the root of the guest's handle.
    ///
    /// # Errors
    ///
    /// Those of writing the file.
    ///
    /// # Panics
    ///
    /// With more than 42 runs of frames, which is what the header has room for.
    pub fn of(guest: &Guest, without: &[Gfn]) -> io::Result<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("prober-{}-{number}.dmp", process::id());
        let file = Self(env::temp_dir().join(name));
        fs::write(file.path(), contents(guest, without))?;
        Ok(file)
    }

    /// Where the dump is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for DumpFile {
    fn drop(&mut self) {
        // Nothing can be done about it.
        let _ = fs::remove_file(&self.0);
    }
}

fn contents(guest: &Guest, without: &[Gfn]) -> Vec<u8> {
    let driver = GuestDriver::new(guest);
    let last = driver.info().map_or(0, |info| info.max_gfn.0);
    let mut dump = vec![0; HEADER];
    // (first frame, number of frames)
    let mut runs: Vec<(u64, u64)> = Vec::new();
    for gfn in 0..=last {
        let Ok(page) = driver.read_page(Gfn(gfn)) else {
            continue;
        };
        if without.contains(&Gfn(gfn)) {
            continue;
        }
        dump.extend_from_slice(&page);
        match runs.last_mut() {
            Some((first, count)) if *first + *count == gfn => *count += 1,
            _ => runs.push((gfn, 1)),
        }
    }
    assert!(runs.len() <= 42, "more runs than the header has room for");

    let pages: u64 = runs.iter().map(|(_, count)| count).sum();
    let mut block = vec![runs.len() as u64, pages];
    block.extend(runs.into_iter().flat_map(<[u64; 2]>::from));
    for (place, value) in (RUNS..).step_by(8).zip(block) {
        dump[place..place + 8].copy_from_slice(&value.to_le_bytes());
    }
    dump[..8].copy_from_slice(b"PAGEDU64");
    dump[DIRECTORY_TABLE_BASE..][..8].copy_from_slice(&guest.root().0.to_le_bytes());
    dump[DUMP_TYPE..][..4].copy_from_slice(&FULL.to_le_bytes());
    dump
}
