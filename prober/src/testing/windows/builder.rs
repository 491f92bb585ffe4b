use std::collections::HashMap;

use vmi_core::{MemoryAccess, Va};

use super::{
    Module, Object, Process, Region, RegionKind, WindowsGuest,
    guest::Place,
    kernel::{Kernel, link},
    layout,
    symbols::address,
    user::{self, User},
};
use crate::testing::Guest;

const PAGE: u64 = 0x1000;
/// The entries of a handle table of one page.
const HANDLES: usize = 256;

/// Lays out a [`WindowsGuest`].
///
/// ```
/// use prober::testing::windows::{Module, Object, Process, WindowsBuilder};
/// use vmi_core::{Va, os::{VmiOsModule as _, VmiOsProcess as _}};
///
/// let windows = WindowsBuilder::new()
///     .driver(Module::new("ntoskrnl.exe", Va(0xffff_f800_0200_0000)))
///     .process(Process::new(400, "csrss.exe").handle(Object::Event("Ready".to_owned())))
///     .build();
/// windows.vm(400).with(|vmi| {
///     assert_eq!(vmi.os().current_process()?.name()?, "csrss.exe");
///     let mut drivers = vmi.os().modules()?;
///     let first = drivers.next().expect("the guest has a driver")?;
///     assert_eq!(first.name()?, "ntoskrnl.exe");
///     Ok::<(), vmi_core::VmiError>(())
/// })?;
/// # Ok::<(), vmi_core::VmiError>(())
/// ```
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct WindowsBuilder {
    drivers: Vec<Module>,
    processes: Vec<Process>,
    kva_shadow: bool,
}

impl WindowsBuilder {
    /// A guest with nothing but System, and one translation root a process.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a module of the kernel.
    pub fn driver(mut self, driver: Module) -> Self {
        self.drivers.push(driver);
        self
    }

    /// Adds a process.
    pub fn process(mut self, process: Process) -> Self {
        self.processes.push(process);
        self
    }

    /// Gives each process a second translation root, for user mode, which lacks
    /// the kernel.
    pub fn kva_shadow(mut self) -> Self {
        self.kva_shadow = true;
        self
    }

    /// Lays the guest out. Everything is resident.
    ///
    /// # Panics
    ///
    /// When two processes have the same ID, a handle refers to a process that
    /// the guest lacks, a process has more than 255 handles, or a 32-bit process
    /// has a module above 4 GiB.
    #[must_use]
    pub fn build(self) -> WindowsGuest {
        let guest = Guest::new();
        let mut kernel = Kernel::new(guest.clone());
        let system = Process {
            parent: 0,
            image_path: String::new(),
            command_line: String::new(),
            ..Process::new(4, "System")
        };
        let mut processes = vec![system];
        processes.extend(self.processes);

        let mut eprocesses = HashMap::new();
        for process in &processes {
            let eprocess = kernel.object("_EPROCESS", "Process", None);
            let before = eprocesses.insert(process.id, eprocess);
            assert!(before.is_none(), "two processes have the ID {}", process.id);
        }
        globals(&mut kernel, &processes, &eprocesses, self.kva_shadow);
        drivers(&mut kernel, &self.drivers);
        let places = (0..).zip(&mut processes).map(|(cpu, process)| {
            let space = if process.id == 4 {
                guest.clone()
            } else {
                guest.new_space()
            };
            lay_out(
                &mut kernel,
                process,
                &eprocesses,
                space,
                self.kva_shadow,
                cpu,
            )
        });
        let places = places.collect();
        WindowsGuest {
            guest,
            drivers: self.drivers,
            processes,
            places,
            paged_pool: kernel.paged_pool().collect(),
        }
    }
}

fn globals(
    kernel: &mut Kernel,
    processes: &[Process],
    eprocesses: &HashMap<u32, Va>,
    kva_shadow: bool,
) {
    let guest = &kernel.guest;
    let links = layout::field("_EPROCESS", "ActiveProcessLinks").1;
    let links = processes
        .iter()
        .map(|process| eprocesses[&process.id] + links);
    link(
        guest,
        address("PsActiveProcessHead"),
        &links.collect::<Vec<_>>(),
    );
    guest.write_va(address("PsInitialSystemProcess"), eprocesses[&4]);
    guest.write_u64(address("MmHighestUserAddress"), 0x7fff_fffe_ffff);
    // 19041, of a free build.
    guest.write_u32(address("NtBuildNumber"), 0xf000_4a61);
    guest.write_str(address("NtBuildLab"), "19041.vb_release.191206-1406");
    guest.write_u8(address("KiKvaShadow"), kva_shadow.into());
    let count = u8::try_from(processes.len()).expect("one processor for each process");
    guest.write_u8(address("KeNumberProcessors"), count);
    link(guest, address("CmpHiveListHead"), &[]);
}

fn drivers(kernel: &mut Kernel, drivers: &[Module]) {
    const ENTRY: &str = "_KLDR_DATA_TABLE_ENTRY";
    let mut links = Vec::new();
    for driver in drivers {
        let entry = kernel.nonpaged(ENTRY);
        kernel.put(entry, ENTRY, "DllBase", driver.base.0);
        kernel.put(entry, ENTRY, "EntryPoint", driver.base.0 + PAGE);
        kernel.put(entry, ENTRY, "SizeOfImage", driver.size.into());
        kernel.nonpaged_string(entry, ENTRY, "BaseDllName", &driver.name);
        kernel.string(entry, ENTRY, "FullDllName", &driver.path);
        links.push(entry + layout::field(ENTRY, "InLoadOrderLinks").1);
    }
    link(&kernel.guest, address("PsLoadedModuleList"), &links);
}

fn lay_out(
    kernel: &mut Kernel,
    process: &mut Process,
    eprocesses: &HashMap<u32, Va>,
    space: Guest,
    kva_shadow: bool,
    cpu: u64,
) -> Place {
    // Each process has its share of the paged pool on pages of its own.
    kernel.new_paged_page();
    let eprocess = eprocesses[&process.id];
    let user = (process.id != 4).then(|| user::lay_out(&space, process));
    let user_space = (kva_shadow && process.id != 4).then(|| space.new_space_without_kernel());
    let user_root = user_space.as_ref().map_or(0, |space| space.root().0);

    let name: Vec<u8> = process.name.bytes().take(14).collect();
    let at = eprocess + layout::field("_EPROCESS", "ImageFileName").1;
    kernel.guest.write(at, &name);
    let put = |field, value| kernel.put(eprocess, "_EPROCESS", field, value);
    put("UniqueProcessId", process.id.into());
    put("InheritedFromUniqueProcessId", process.parent.into());
    if let Some(image) = process.modules.first() {
        put("SectionBaseAddress", image.base.0);
    }
    let put = |field, value| kernel.put(eprocess, "_KPROCESS", field, value);
    put("DirectoryTableBase", space.root().0);
    put("UserDirectoryTableBase", user_root);

    let tebs = user.as_ref().map_or(&[][..], |user| &user.tebs);
    let threads = threads(kernel, process, eprocess, tebs);
    let kpcr = processor(kernel, cpu, threads.first().copied());

    let mut user_pages = Vec::new();
    if let Some(user) = user {
        let User { peb, peb32, .. } = user;
        kernel.put(eprocess, "_EPROCESS", "Peb", peb.0);
        if let Some(peb32) = peb32 {
            let wow64 = kernel.nonpaged("_EWOW64PROCESS");
            kernel.put(wow64, "_EWOW64PROCESS", "Peb", peb32.0);
            kernel.put(eprocess, "_EPROCESS", "WoW64Process", wow64.0);
        }
        process.regions.extend(user.regions);
        process
            .regions
            .extend(process.modules.iter().map(image_region));
        process.regions.sort_by_key(|region| region.start);
        regions(kernel, eprocess, &process.regions);
        user_pages = user.pages;
    }
    if let Some(user_space) = &user_space {
        for va in &user_pages {
            space.alias(*va, user_space, *va);
        }
    }
    handles(kernel, eprocess, process, eprocesses);
    Place {
        eprocess,
        kpcr,
        space,
        user_space,
        user_pages,
    }
}

fn image_region(module: &Module) -> Region {
    let path = module.path.strip_prefix("C:").unwrap_or(&module.path);
    Region {
        start: module.base,
        pages: u64::from(module.size) / PAGE,
        protection: MemoryAccess::RWX,
        kind: RegionKind::Image(path.to_owned()),
    }
}

fn threads(kernel: &mut Kernel, process: &Process, eprocess: Va, tebs: &[Va]) -> Vec<Va> {
    let mut threads = Vec::new();
    for (index, id) in process.threads.iter().enumerate() {
        let thread = kernel.object("_ETHREAD", "Thread", None);
        let cid = thread + layout::field("_ETHREAD", "Cid").1;
        kernel.put(cid, "_CLIENT_ID", "UniqueProcess", process.id.into());
        kernel.put(cid, "_CLIENT_ID", "UniqueThread", (*id).into());
        kernel.put(thread, "_KTHREAD", "Process", eprocess.0);
        let state = thread + layout::field("_KTHREAD", "ApcState").1;
        kernel.put(state, "_KAPC_STATE", "Process", eprocess.0);
        if let Some(teb) = tebs.get(index) {
            kernel.put(thread, "_KTHREAD", "Teb", teb.0);
        }
        threads.push(thread);
    }
    for (process, thread) in [("_KPROCESS", "_KTHREAD"), ("_EPROCESS", "_ETHREAD")] {
        let links = layout::field(thread, "ThreadListEntry").1;
        let links: Vec<Va> = threads.iter().map(|thread| *thread + links).collect();
        let head = eprocess + layout::field(process, "ThreadListHead").1;
        link(&kernel.guest, head, &links);
    }
    threads
}

/// A processor that runs the thread. Returns its KPCR.
fn processor(kernel: &mut Kernel, cpu: u64, thread: Option<Va>) -> Va {
    let kpcr = kernel.nonpaged("_KPCR");
    let prcb = kpcr + layout::field("_KPCR", "Prcb").1;
    kernel.put(
        prcb,
        "_KPRCB",
        "CurrentThread",
        thread.unwrap_or_default().0,
    );
    kernel
        .guest
        .write_va(address("KiProcessorBlock") + cpu * 8, prcb);
    kpcr
}

fn handles(kernel: &mut Kernel, eprocess: Va, process: &Process, eprocesses: &HashMap<u32, Va>) {
    if process.id == 4 {
        return;
    }
    assert!(process.handles.len() < HANDLES, "more than 255 handles");
    let table = kernel.paged(layout::size("_HANDLE_TABLE"));
    kernel.new_paged_page();
    let entries = kernel.paged(PAGE);
    kernel.put(table, "_HANDLE_TABLE", "TableCode", entries.0);
    let end = 4 * HANDLES as u64;
    kernel.put(table, "_HANDLE_TABLE", "NextHandleNeedingPool", end);
    kernel.put(eprocess, "_EPROCESS", "ObjectTable", table.0);
    // The entry of the value 0 stays free.
    let mut entry = entries + layout::size("_HANDLE_TABLE_ENTRY");
    for handle in &process.handles {
        let type_name = handle.object.type_name();
        let object = match &handle.object {
            Object::File(path) => file(kernel, path),
            Object::Event(name) | Object::Mutant(name) => {
                kernel.object("_LIST_ENTRY", type_name, Some(name))
            }
            Object::Process(id) => match eprocesses.get(id) {
                Some(eprocess) => *eprocess,
                None => panic!("the guest has no process {id}"),
            },
        };
        let header = object.0 - layout::field("_OBJECT_HEADER", "Body").1;
        let put = |field, value| kernel.put(entry, "_HANDLE_TABLE_ENTRY", field, value);
        put("ObjectPointerBits", header >> 4);
        put("GrantedAccessBits", handle.access.into());
        entry += layout::size("_HANDLE_TABLE_ENTRY");
    }
}

fn file(kernel: &mut Kernel, path: &str) -> Va {
    let file = kernel.object("_FILE_OBJECT", "File", None);
    kernel.string(file, "_FILE_OBJECT", "FileName", path);
    file
}

fn regions(kernel: &mut Kernel, eprocess: Va, regions: &[Region]) {
    let root = tree(kernel, regions, Va(0));
    kernel.put(eprocess, "_EPROCESS", "VadRoot", root.0);
    kernel.put(eprocess, "_EPROCESS", "VadHint", root.0);
}

/// A balanced search tree of the regions, which are sorted.
fn tree(kernel: &mut Kernel, regions: &[Region], parent: Va) -> Va {
    let middle = regions.len() / 2;
    let Some(region) = regions.get(middle) else {
        return Va(0);
    };
    let vad = vad(kernel, region);
    let left = tree(kernel, &regions[..middle], vad);
    let right = tree(kernel, &regions[middle + 1..], vad);
    let put = |field, value| kernel.put(vad, "_RTL_BALANCED_NODE", field, value);
    put("Left", left.0);
    put("Right", right.0);
    put("ParentValue", parent.0);
    vad
}

fn vad(kernel: &mut Kernel, region: &Region) -> Va {
    let vad = kernel.nonpaged("_MMVAD");
    let (first, last) = (region.start.0 / PAGE, region.end().0 / PAGE - 1);
    let put = |field, value| kernel.put(vad, "_MMVAD_SHORT", field, value);
    put("StartingVpn", first & 0xffff_ffff);
    put("StartingVpnHigh", first >> 32);
    put("EndingVpn", last & 0xffff_ffff);
    put("EndingVpnHigh", last >> 32);
    let flags = vad + layout::field("_MMVAD_SHORT", "VadFlags").1;
    let private = region.kind == RegionKind::Private;
    let put = |field, value| kernel.put(flags, "_MMVAD_FLAGS", field, value);
    put("Protection", protection(region));
    put("PrivateMemory", private.into());
    put(
        "VadType",
        if matches!(region.kind, RegionKind::Image(_)) {
            2
        } else {
            0
        },
    );
    let flags = vad + layout::field("_MMVAD_SHORT", "VadFlags1").1;
    kernel.put(flags, "_MMVAD_FLAGS1", "MemCommit", private.into());
    if private {
        kernel.put(flags, "_MMVAD_FLAGS1", "CommitCharge", region.pages);
    }
    if let RegionKind::Image(path) | RegionKind::Data(path) = &region.kind {
        let file = file(kernel, path);
        let control_area = kernel.nonpaged("_CONTROL_AREA");
        // The lowest 4 bits of a fast reference count references.
        kernel.put(control_area, "_CONTROL_AREA", "FilePointer", file.0 | 7);
        let subsection = kernel.nonpaged("_SUBSECTION");
        kernel.put(subsection, "_SUBSECTION", "ControlArea", control_area.0);
        kernel.put(vad, "_MMVAD", "Subsection", subsection.0);
    }
    vad
}

/// The `MM_*` number of a region's protection.
fn protection(region: &Region) -> u64 {
    let image = matches!(region.kind, RegionKind::Image(_));
    match region.protection {
        MemoryAccess::R => 1,
        MemoryAccess::X => 2,
        MemoryAccess::RX => 3,
        MemoryAccess::RW => 4,
        // What an image is mapped with: each process has its own copy.
        MemoryAccess::RWX if image => 7,
        MemoryAccess::RWX => 6,
        _ => 0,
    }
}
