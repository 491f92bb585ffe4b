//! The guest of the Windows tests and the example.

use prober::testing::windows::{Module, Object, Process, Region, WindowsBuilder};
use vmi_core::Va;

/// A guest with four processes beside System, one of them of 32 bits.
pub fn builder() -> WindowsBuilder {
    let system32 = |name, base| Module::new(name, Va(base));
    WindowsBuilder::new()
        .driver(system32("ntoskrnl.exe", 0xffff_f800_0200_0000))
        .driver(system32("hal.dll", 0xffff_f800_0180_0000))
        .driver(system32("tcpip.sys", 0xffff_f800_0500_0000))
        .process(
            Process::new(388, "smss.exe")
                .module(system32("smss.exe", 0x7ff6_1000_0000))
                .module(system32("ntdll.dll", 0x7ff8_2000_0000)),
        )
        .process(
            Process::new(500, "csrss.exe")
                .parent(388)
                .command_line(r"%SystemRoot%\system32\csrss.exe ObjectDirectory=\Windows")
                .thread(512)
                .module(system32("csrss.exe", 0x7ff6_3000_0000))
                .module(system32("ntdll.dll", 0x7ff8_2000_0000))
                .module(system32("kernel32.dll", 0x7ff8_1000_0000))
                .handle(Object::Event("CsrReady".to_owned()))
                .handle(Object::Process(388)),
        )
        .process(
            Process::new(724, "services.exe")
                .parent(500)
                .module(system32("services.exe", 0x7ff6_5000_0000))
                .module(system32("ntdll.dll", 0x7ff8_2000_0000))
                .handle(Object::File(r"\Windows\System32\config\SYSTEM".to_owned()))
                .handle(Object::Mutant("ScmLock".to_owned()))
                .region(Region::private(Va(0x1_8000_0000), 32))
                .region(Region::data(
                    Va(0x2_0000_0000),
                    8,
                    r"\Windows\System32\locale.nls",
                )),
        )
        .process(
            Process::new(1204, "setup32.exe")
                .parent(724)
                .wow64()
                .command_line("setup32.exe /quiet")
                .module(system32("setup32.exe", 0x40_0000 + 0x40_0000))
                .module(system32("ntdll.dll", 0x7700_0000))
                .handle(Object::File(r"\Temp\setup.log".to_owned())),
        )
}
