//! The registers of a processor in 64-bit mode.

use vmi_arch_amd64::{Cr0, Cr3, Cr4, MsrEfer, Registers, Rflags, SegmentDescriptor};
use vmi_core::Pa;

// Access rights: present, accessed, 4 KiB granularity; privilege level 0 unless `USER` is added.
const CODE: u32 = 0xa9b;
const DATA: u32 = 0xc93;
const USER: u32 = 0x60;

pub(super) fn kernel_mode(root: Pa) -> Registers {
    Registers {
        rip: 0xffff_8000_0000_1000,
        rsp: 0xffff_c000_0000_8000,
        rflags: Rflags(0x202),
        cr0: Cr0(0x8005_0031),
        cr3: Cr3(root.0),
        cr4: Cr4(0x35_0ef8),
        msr_efer: MsrEfer(0xd01),
        cs: segment(0x10, CODE),
        ss: segment(0x18, DATA),
        ds: segment(0x2b, DATA | USER),
        es: segment(0x2b, DATA | USER),
        ..Registers::default()
    }
}

pub(super) fn user_mode(root: Pa) -> Registers {
    Registers {
        rip: 0x40_1000,
        rsp: 0x7fff_f000_8000,
        cs: segment(0x33, CODE | USER),
        ss: segment(0x2b, DATA | USER),
        ..kernel_mode(root)
    }
}

fn segment(selector: u16, access: u32) -> SegmentDescriptor {
    SegmentDescriptor {
        base: 0,
        limit: u32::MAX,
        selector: selector.into(),
        access: access.into(),
    }
}
