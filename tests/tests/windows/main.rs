//! A tool's lists through the unmodified `WindowsOs`, on a guest that is paged out as Windows is.

mod queue;

use prober::{
    FaultError, SuppressedPages, probed, retry,
    testing::{
        GuestDriver,
        windows::{Object, RegionKind, WindowsGuest},
    },
};
use vmi_core::{
    MemoryAccess, Va, VmiError, VmiState,
    os::{
        VmiOsMapped as _, VmiOsProcess as _, VmiOsRegion as _, VmiOsRegionKind,
        VmiOsUserModule as _,
    },
};
use vmi_os_windows::WindowsOs;

type State<'a> = VmiState<'a, WindowsOs<GuestDriver>>;
type ModuleRow = (String, String, Va, u64);
type HandleRow = (u64, String, Option<String>, u32);
type RegionRow = (Va, Va, MemoryAccess, Option<String>);

/// What [`plain::processes`] gives of a process.
#[derive(Debug, PartialEq, Eq)]
struct ProcessRow {
    id: u32,
    parent: u32,
    name: String,
    line: Option<String>,
}

mod plain {
    use super::*;

    macro_rules! tool {
        ($($item:tt)*) => {
            $($item)*
        };
    }
    include!("tools.rs");
}

mod annotated {
    use super::*;

    macro_rules! tool {
        ($($item:tt)*) => {
            #[probed]
            $($item)*
        };
    }
    include!("tools.rs");
}

fn guest() -> WindowsGuest {
    prober_tests::windows::builder().build()
}

/// Runs a tool with the process as the current one, and counts its runs.
fn run<T, E: FaultError>(
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

fn processes(guest: &WindowsGuest) -> Vec<ProcessRow> {
    let rows = guest.processes().iter().map(|process| ProcessRow {
        id: process.id,
        parent: process.parent,
        name: process.name.clone(),
        line: (process.id != 4).then(|| process.command_line.clone()),
    });
    rows.collect()
}

fn modules(guest: &WindowsGuest, pid: u32) -> Vec<ModuleRow> {
    let mut processes = guest.processes().iter();
    let process = processes.find(|process| process.id == pid).unwrap();
    let row = |module: &prober::testing::windows::Module| {
        let (name, path) = (module.name.clone(), module.path.clone());
        (name, path, module.base, module.size.into())
    };
    process.modules.iter().map(row).collect()
}

fn handles(guest: &WindowsGuest, pid: u32) -> Vec<HandleRow> {
    let mut processes = guest.processes().iter();
    let process = processes.find(|process| process.id == pid).unwrap();
    let rows = (4..)
        .step_by(4)
        .zip(&process.handles)
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

fn regions(guest: &WindowsGuest, pid: u32) -> Vec<RegionRow> {
    let mut processes = guest.processes().iter();
    let process = processes.find(|process| process.id == pid).unwrap();
    let rows = process.regions.iter().map(|region| {
        let path = match &region.kind {
            RegionKind::Image(path) | RegionKind::Data(path) => Some(path.clone()),
            RegionKind::Private => None,
        };
        (region.start, region.end(), region.protection, path)
    });
    rows.collect()
}

const PIDS: [u32; 4] = [388, 500, 724, 1204];

#[test]
fn what_the_builder_wrote_is_read_while_resident() -> prober::Result<()> {
    let guest = guest();
    let (rows, runs) = run(&guest, 500, |vmi, _| plain::processes(vmi))?;
    assert_eq!((rows, runs), (processes(&guest), 1));
    for pid in PIDS {
        let (rows, _) = run(&guest, pid, |vmi, _| plain::modules(vmi))?;
        assert_eq!(rows, modules(&guest, pid));
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

#[test]
fn under_kva_shadow_the_two_roots_differ() -> Result<(), VmiError> {
    let guest = prober_tests::windows::builder().kva_shadow().build();
    guest.vm(724).with(|vmi| {
        let process = vmi.os().current_process()?;
        let user = guest.user_space(724).map(prober::testing::Guest::root);
        assert_eq!(process.translation_root()?, guest.space(724).root());
        assert_eq!(Some(process.user_translation_root()?), user);
        assert_ne!(Some(process.translation_root()?), user);
        let rows = plain::regions(vmi).map_err(VmiError::from)?;
        assert_eq!(rows, regions(&guest, 724));
        Ok::<(), VmiError>(())
    })?;
    let user = guest.user_space(724).unwrap();
    assert!(!user.is_resident(guest.eprocess(724)));
    assert!(user.is_resident(guest.user_pages(724)[0]));
    Ok(())
}

#[test]
fn kernel_objects_stay_resident() {
    let guest = guest();
    guest.page_out();
    for pid in PIDS {
        assert!(guest.guest().is_resident(guest.eprocess(pid)));
        for page in guest.user_pages(pid) {
            assert!(!guest.space(pid).is_resident(*page));
        }
    }
    assert!(!guest.paged_pool().is_empty());
    for page in guest.paged_pool() {
        assert!(!guest.guest().is_resident(*page));
    }
}

/// The kernel objects of a dump are resident: the list needs no page-in.
#[test]
fn a_dump_gives_the_process_list() -> Result<(), Box<dyn std::error::Error>> {
    let guest = guest();
    let dump = prober_tests::dump::DumpFile::of(guest.guest(), &[])?;
    let read = |guest: &WindowsGuest, path: &std::path::Path| {
        let driver = vmi_driver_kdmp::VmiKdmpDriver::<vmi_arch_amd64::Amd64>::new(path)?;
        let core = vmi_core::VmiCore::new(driver)?;
        let os = guest.os();
        let registers = guest.registers(4, &guest.vm(4).registers());
        let session = vmi_core::VmiSession::new(&core, &os);
        let vmi = session.with_registers(&registers);
        let mut names = Vec::new();
        for process in vmi.os().processes()? {
            names.push(process?.name()?);
        }
        Ok::<_, VmiError>(names)
    };
    let names: Vec<_> = guest
        .processes()
        .iter()
        .map(|process| process.name.clone())
        .collect();
    assert_eq!(read(&guest, dump.path())?, names);
    Ok(())
}
