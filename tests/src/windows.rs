//! The guest of the Windows tests and the example, and what a listing of it must give.

mod event_loop;

use std::ops::Range;

use prober::{
    FaultError, SuppressedPages,
    testing::{
        GuestDriver,
        windows::{Module, Object, Process, Region, RegionKind, WindowsBuilder, WindowsGuest},
    },
};
use vmi_core::{Va, VmiState};
use vmi_os_windows::WindowsOs;

pub use self::event_loop::in_turn;
use crate::measured::Measured;

/// The state of a Windows guest: the one in memory, or that of a dump.
pub type State<'a, Driver = GuestDriver> = VmiState<'a, WindowsOs<Driver>>;

/// The process that is current in [`measure`].
pub const CURRENT: u32 = 500;

/// The processes that have user memory.
pub const PIDS: [u32; 4] = [388, 500, 724, 1204];

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
                .command_line("services.exe -start")
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

/// What the guest of [`lossy`] has lost: texts on pages that nothing backs.
pub const LOST: [(u32, &str); 2] = [(500, "kernel32.dll"), (724, "services.exe -start")];

/// The guest with everything paged out that Windows may page out.
#[must_use]
pub fn cold() -> WindowsGuest {
    let guest = builder().build();
    guest.page_out();
    guest
}

/// The same, with two pages that nothing backs: [`LOST`].
#[must_use]
pub fn lossy() -> WindowsGuest {
    let guest = cold();
    for (pid, text) in LOST {
        guest.space(pid).unbacked(page_of(&guest, pid, text));
    }
    guest
}

/// The page of a process's memory that begins with a text.
///
/// # Panics
///
/// When there is none.
#[must_use]
pub fn page_of(guest: &WindowsGuest, pid: u32, text: &str) -> Va {
    let units = text.encode_utf16().chain([0]);
    let bytes: Vec<u8> = units.flat_map(u16::to_le_bytes).collect();
    let mut pages = guest.user_pages(pid).iter();
    let page = pages.find(|page| guest.space(pid).content(**page, bytes.len()) == bytes);
    *page.expect("the process has the text at the start of a page")
}

/// What a listing tells of a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessRow {
    /// Its number.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// Its command line, empty where it has no user memory; `None` if nothing backs its page.
    pub line: Option<String>,
    /// The names of its modules; `None` if nothing backs the page of one.
    pub modules: Vec<Option<String>>,
    /// Its handles.
    pub handles: Vec<HandleRow>,
    /// Its regions.
    pub regions: Vec<RegionRow>,
}

/// What a listing tells of a handle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandleRow {
    /// Its value.
    pub value: u64,
    /// The type of its object.
    pub kind: String,
    /// The name of its object, if that has one.
    pub name: Option<String>,
}

/// What a listing tells of a region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegionRow {
    /// Its addresses.
    pub range: Range<Va>,
    /// The file that is mapped there.
    pub path: Option<String>,
}

/// What a listing of the guest must tell, from what the builder was told.
#[must_use]
pub fn expected(guest: &WindowsGuest, lost: &[(u32, &str)]) -> Vec<ProcessRow> {
    let rows = guest.processes().iter().map(|process| {
        let backed = |text: &String| (!lost.contains(&(process.id, text))).then(|| text.clone());
        ProcessRow {
            id: process.id,
            name: process.name.clone(),
            line: backed(&process.command_line),
            modules: process.modules.iter().map(|m| backed(&m.name)).collect(),
            handles: handles(process),
            regions: process.regions.iter().map(region).collect(),
        }
    });
    rows.collect()
}

fn handles(process: &Process) -> Vec<HandleRow> {
    let values = (4..).step_by(4);
    let rows = values.zip(&process.handles).map(|(value, handle)| {
        let name = match &handle.object {
            Object::File(name) | Object::Event(name) | Object::Mutant(name) => Some(name.clone()),
            Object::Process(_) => None,
        };
        let kind = handle.object.type_name().to_owned();
        HandleRow { value, kind, name }
    });
    rows.collect()
}

fn region(region: &Region) -> RegionRow {
    let path = match &region.kind {
        RegionKind::Image(path) | RegionKind::Data(path) => Some(path.clone()),
        RegionKind::Private => None,
    };
    let range = region.start..region.end();
    RegionRow { range, path }
}

/// Runs an operation under `retry` with [`CURRENT`] as the current process, and the guest as the pager.
pub fn measure<T, E: FaultError>(
    guest: &WindowsGuest,
    operation: impl FnMut(&State<'_>, &SuppressedPages) -> Result<T, E>,
) -> Measured<Result<T, E>> {
    crate::measured::measure_vm(&guest.vm(CURRENT), operation)
}
