//! The least that vmi-core needs under it: a driver that hands out static
//! pages, so that what is counted is vmi-core and what stands on it.

use std::{marker::PhantomData, sync::LazyLock};

use vmi_arch_amd64::{Amd64, Cr0, Cr3, Cr4, MsrEfer, Registers};
use vmi_core::{
    Architecture as _, Gfn, Va, VmiCore, VmiDriver, VmiError, VmiInfo, VmiMappedPage, VmiRead,
    VmiSession, VmiState, os::NoOS,
};

/// What the cases read through.
pub(crate) type Vmi<'a> = VmiState<'a, NoOS<Driver>>;

/// A page that is there, filled with `0xaa`.
const RESIDENT: Va = Va(0x40_0000);

/// Where a number and a structure of 64 bytes lie in it.
pub(crate) const NUMBERS: Va = Va(RESIDENT.0 + 0x100);

/// Where a string of 15 characters lies in it.
pub(crate) const STRING: Va = Va(RESIDENT.0 + TEXT_OFFSET as u64);

const TEXT_OFFSET: usize = 0x200;
const TEXT: &[u8; 16] = b"csrss.exe -s 42\0";

/// Where nothing is mapped: 2 MiB, and more behind.
const MISSING: Va = Va(0x60_0000);

/// A page that is not there.
pub(crate) fn missing(index: u64) -> Va {
    Va(MISSING.0 + index * 0x1000)
}

type Page = [u8; 4096];

/// The frames: page tables from frame 1, the root's, to frame 4; then the page.
static FRAMES: LazyLock<Vec<Page>> = LazyLock::new(|| {
    let mut frames = vec![[0; 4096]; 5];
    frames.push([0xaa; 4096]);
    for (table, level) in [(1_u64, 3), (2, 2), (3, 1), (4, 0)] {
        let index = index(RESIDENT.0 >> (12 + 9 * level) & 511);
        let entry = (table + 1) << 12 | 0b11;
        frames[self::index(table)][index * 8..][..8].copy_from_slice(&entry.to_le_bytes());
    }
    frames[5][TEXT_OFFSET..][..TEXT.len()].copy_from_slice(TEXT);
    frames
});

fn index(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// Hands out [`FRAMES`].
pub(crate) struct Driver;

impl VmiDriver for Driver {
    type Architecture = Amd64;

    fn info(&self) -> Result<VmiInfo, VmiError> {
        Ok(VmiInfo {
            page_size: Amd64::PAGE_SIZE,
            page_shift: Amd64::PAGE_SHIFT,
            max_gfn: Gfn(FRAMES.len() as u64 - 1),
            vcpus: 1,
        })
    }
}

impl VmiRead for Driver {
    fn read_page(&self, gfn: Gfn) -> Result<VmiMappedPage, VmiError> {
        let frame = FRAMES.get(index(gfn.0)).ok_or(VmiError::OutOfBounds)?;
        Ok(VmiMappedPage::new(&frame[..]))
    }
}

/// A virtual machine, its processor in 64-bit mode.
pub(crate) struct Machine {
    core: VmiCore<Driver>,
    registers: Registers,
}

impl Machine {
    pub(crate) fn new() -> Self {
        Self {
            core: VmiCore::new(Driver).expect("vmi-core takes any driver"),
            registers: Registers {
                cr0: Cr0(0x8005_0031),
                cr3: Cr3(0x1000),
                cr4: Cr4(0x35_0ef8),
                msr_efer: MsrEfer(0xd01),
                ..Registers::default()
            },
        }
    }

    pub(crate) fn with<R>(&self, operation: impl FnOnce(&Vmi<'_>) -> R) -> R {
        let session = VmiSession::new(&self.core, &NoOS(PhantomData));
        operation(&session.with_registers(&self.registers))
    }
}
