//! A tool's lists, plain and annotated: the same rows, those that the builder was told of.

use prober::{
    FaultError, SuppressedPages, probed, retry,
    testing::windows::{Module, Object, Process, RegionKind, WindowsGuest},
};
pub(crate) use prober_tests::windows::{PIDS, State};
use vmi_arch_amd64::Amd64;
use vmi_core::{
    MemoryAccess, Va, VmiRead, VmiVa as _,
    os::{
        VmiOsMapped as _, VmiOsModule as _, VmiOsProcess as _, VmiOsRegion as _, VmiOsRegionKind,
        VmiOsThread as _, VmiOsUserModule as _,
    },
};

pub(crate) type ModuleRow = (String, String, Va, u64);
pub(crate) type ThreadRow = (u32, Option<Va>);
pub(crate) type HandleRow = (u64, String, Option<String>, u32);
pub(crate) type RegionRow = (Va, Va, MemoryAccess, Option<String>);

/// What [`plain::processes`] gives of a process.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ProcessRow {
    id: u32,
    parent: u32,
    name: String,
    line: Option<String>,
}

pub(crate) mod plain {
    use super::*;

    macro_rules! tool {
        ($($item:tt)*) => {
            $($item)*
        };
    }
    include!("tools.rs");
}

pub(crate) mod annotated {
    use super::*;

    macro_rules! tool {
        ($($item:tt)*) => {
            #[probed]
            $($item)*
        };
    }
    include!("tools.rs");
}

pub(crate) fn guest() -> WindowsGuest {
    prober_tests::windows::builder().build()
}

/// Runs a tool with the process as the current one, and counts its runs.
pub(crate) fn run<T, E: FaultError>(
    guest: &WindowsGuest,
    pid: u32,
    mut tool: impl FnMut(&State<'_>, &SuppressedPages) -> Result<T, E>,
) -> Result<(T, usize), E> {
    let vm = guest.vm(pid);
    let mut runs = 0;
    let mut suppressed = SuppressedPages::new();
    let value = retry(&mut guest.guest(), &mut suppressed, |suppressed| {
        runs += 1;
        vm.with(|vmi| tool(vmi, suppressed))
    })?;
    Ok((value, runs))
}

pub(crate) fn processes(guest: &WindowsGuest) -> Vec<ProcessRow> {
    let rows = guest.processes().iter().map(|process| ProcessRow {
        id: process.id,
        parent: process.parent,
        name: process.name.clone(),
        line: (process.id != 4).then(|| process.command_line.clone()),
    });
    rows.collect()
}

fn process(guest: &WindowsGuest, pid: u32) -> &Process {
    let mut processes = guest.processes().iter();
    processes.find(|process| process.id == pid).unwrap()
}

pub(crate) fn modules(guest: &WindowsGuest, pid: u32) -> Vec<ModuleRow> {
    process(guest, pid).modules.iter().map(module).collect()
}

pub(crate) fn drivers(guest: &WindowsGuest) -> Vec<ModuleRow> {
    guest.drivers().iter().map(module).collect()
}

fn module(module: &Module) -> ModuleRow {
    let (name, path) = (module.name.clone(), module.path.clone());
    (name, path, module.base, module.size.into())
}

pub(crate) fn threads(guest: &WindowsGuest, pid: u32) -> Vec<ThreadRow> {
    let threads = process(guest, pid).threads.iter();
    // The PEB is on the first page of the user memory.
    let peb = guest.user_pages(pid).first().copied();
    threads.map(|id| (*id, peb)).collect()
}

pub(crate) fn handles(guest: &WindowsGuest, pid: u32) -> Vec<HandleRow> {
    let rows = (4..)
        .step_by(4)
        .zip(&process(guest, pid).handles)
        .map(|(value, handle)| {
            let name = match &handle.object {
                Object::File(name) | Object::Event(name) | Object::Mutant(name) => {
                    Some(name.clone())
                }
                Object::Process(_) => None,
            };
            let kind = handle.object.type_name().to_owned();
            (value, kind, name, handle.access)
        });
    rows.collect()
}

pub(crate) fn regions(guest: &WindowsGuest, pid: u32) -> Vec<RegionRow> {
    let rows = process(guest, pid).regions.iter().map(|region| {
        let path = match &region.kind {
            RegionKind::Image(path) | RegionKind::Data(path) => Some(path.clone()),
            RegionKind::Private => None,
        };
        (region.start, region.end(), region.protection, path)
    });
    rows.collect()
}

#[test]
fn what_the_builder_wrote_is_read_while_resident() -> prober::Result<()> {
    let guest = guest();
    let (rows, runs) = run(&guest, 500, |vmi, _| plain::processes(vmi))?;
    assert_eq!((rows, runs), (processes(&guest), 1));
    let (rows, runs) = run(&guest, 500, |vmi, _| plain::drivers(vmi))?;
    assert_eq!((rows, runs), (drivers(&guest), 1));
    for pid in PIDS {
        let (rows, _) = run(&guest, pid, |vmi, _| plain::modules(vmi))?;
        assert_eq!(rows, modules(&guest, pid));
        let (rows, _) = run(&guest, pid, |vmi, _| plain::threads(vmi))?;
        assert_eq!(rows, threads(&guest, pid));
        let (rows, _) = run(&guest, pid, |vmi, _| plain::handles(vmi))?;
        assert_eq!(rows, handles(&guest, pid));
        let (rows, _) = run(&guest, pid, |vmi, _| plain::regions(vmi))?;
        assert_eq!(rows, regions(&guest, pid));
    }
    Ok(())
}

/// The same rows, plain and annotated, in no more runs. Each list has a guest of its own.
macro_rules! compare {
    ($test:ident, $tool:ident, $pid:expr, $expected:expr) => {
        #[test]
        fn $test() -> prober::Result<()> {
            for pid in $pid {
                let (cold, other) = (guest(), guest());
                cold.page_out();
                other.page_out();
                let (plain, plain_runs) = run(&cold, pid, |vmi, _| plain::$tool(vmi))?;
                let (probed, runs) = run(&other, pid, annotated::$tool)?;
                let expected: fn(&WindowsGuest, u32) -> _ = $expected;
                assert_eq!(plain, expected(&cold, pid));
                assert_eq!(probed, expected(&cold, pid));
                assert!(runs <= plain_runs, "{runs} runs, plain {plain_runs}");
                println!(
                    "{} of {pid}: plain {plain_runs} runs, probed {runs}",
                    stringify!($tool)
                );
            }
            Ok(())
        }
    };
}

compare!(process_list_when_paged_out, processes, [500], |guest, _| {
    processes(guest)
});
compare!(driver_list_when_paged_out, drivers, [500], |guest, _| {
    drivers(guest)
});
compare!(thread_list_when_paged_out, threads, PIDS, threads);
compare!(module_list_when_paged_out, modules, PIDS, modules);
compare!(handle_table_when_paged_out, handles, PIDS, handles);
compare!(region_list_when_paged_out, regions, PIDS, regions);

/// A link of the module list is gone for good.
#[test]
fn a_list_that_a_fault_cuts_short_is_no_complete_list() {
    let mut cut = 0;
    // Each page of the process's own memory in turn.
    for index in 0..guest().user_pages(500).len() {
        let guest = guest();
        guest.page_out();
        let page = guest.user_pages(500)[index];
        guest.space(500).unbacked(page);
        let all = modules(&guest, 500);
        for result in [
            run(&guest, 500, |vmi, _| plain::modules(vmi)),
            run(&guest, 500, annotated::modules),
        ] {
            match result {
                Ok((rows, _)) => assert_eq!(rows, all, "without {page}"),
                Err(_) => cut += 1,
            }
        }
    }
    assert!(cut > 0, "some pages are needed");
}
