//! Where the kernel image holds its symbols. A guest that is made may choose.

use vmi_core::Va;

/// The kernel image's base.
pub(super) const KERNEL_BASE: Va = Va(0xffff_f800_0200_0000);

/// The first symbol's offset from the base, in bytes. The others follow, each
/// on a page of its own.
const FIRST: u64 = 0x10_0000;
const PAGE: u64 = 0x1000;

/// What `WindowsOs` asks for.
#[rustfmt::skip]
pub(super) const SYMBOLS: &[&str] = &[
    "PsActiveProcessHead", "PsIdleProcess", "PsInitialSystemProcess", "PsLoadedModuleList", "CmpHiveListHead",
    "KeNumberProcessors", "KiProcessorBlock", "KiKvaShadow", "KiSystemCall32", "KiSystemCall64", "MmUnloadedDrivers",
    "MmLastUnloadedDriver", "MmPfnDatabase", "MmHighestUserAddress", "NtBuildNumber", "NtBuildLab", "ExAllocatePool",
    "ExAllocatePoolWithTag", "ExFreePool", "ExFreePoolWithTag", "MmGetSystemRoutineAddress", "ObpRootDirectoryObject",
    "ObHeaderCookie", "ObTypeIndexTable", "ObpInfoMaskToOffset", "ObpKernelHandleTable", "CmKeyObjectType",
    "IoFileObjectType", "PsProcessType", "PsThreadType", "PsJobType", "SeTokenObjectType",
];

/// The offset of a symbol from the kernel's base, in bytes.
pub(super) fn offset(index: u64) -> u64 {
    FIRST + index * PAGE
}

/// The address of a symbol.
pub(super) fn address(symbol: &str) -> Va {
    let index = SYMBOLS.iter().position(|name| *name == symbol);
    let index = index.expect("the table has every symbol that the builder writes");
    KERNEL_BASE + offset(index as u64)
}
