//! Lists that a page fault cuts short: whatever page is missing, and whatever becomes of it, `Ok` is the whole list.
//!
//! After the error of an item the iterators of vmi-os-windows end (lists), repeat it for ever (regions, upper levels of
//! a handle table), or skip an entry (handles).

use std::fmt::Debug;

use prober::{
    ProbeError, SuppressedPages, probe, probed,
    testing::windows::{WindowsGuest, WindowsProfile},
};
use prober_tests::windows::State;
use vmi_core::{
    AddressContext, Va, VmiError, VmiVa as _,
    os::{VmiOsProcess as _, VmiOsRegion as _, VmiOsThread as _, VmiOsUserModule as _},
};

use super::lists::{
    PIDS, annotated, drivers, guest, handles, modules, processes, regions, run, threads,
};

const PID: u32 = 724;

/// The lists under `#[probed(options)]`: a missing item ends its list, a missing value of an item does not.
mod options {
    use super::*;

    macro_rules! list {
        ($name:ident($vmi:ident) -> $value:ty: $items:expr, $item:ident => $read:expr) => {
            #[probed(options)]
            pub(crate) fn $name($vmi: &State<'_>) -> prober::Result<Vec<$value>> {
                let mut values = Vec::new();
                for $item in probe!($items)?? {
                    let $item = probe!($item)??;
                    let value = probe!($read)?;
                    values.push(value);
                }
                let values: Option<Vec<_>> = values.into_iter().collect();
                Ok(values?)
            }
        };
    }

    list!(processes(vmi) -> String: vmi.os().processes(), process => process.name());
    list!(drivers(vmi) -> String: vmi.os().modules(), module => module.full_name());
    list!(modules(vmi) -> String: vmi.os().current_process()?.user_modules(), module => module.name());
    list!(threads(vmi) -> u32: vmi.os().current_process()?.threads(), thread => thread.id().map(|id| id.0));
    list!(regions(vmi) -> Va: vmi.os().current_process()?.regions(), region => region.start());
    list!(handles(vmi) -> u64: handles_of(*vmi), handle => Ok::<_, VmiError>(handle.0));
}

/// The handles of the current process.
fn handles_of(
    vmi: State<'_>,
) -> Result<
    impl Iterator<
        Item = Result<
            (
                u64,
                vmi_os_windows::WindowsHandleTableEntry<'_, prober::testing::GuestDriver>,
            ),
            VmiError,
        >,
    >,
    VmiError,
> {
    let table = vmi.os().current_process()?.handle_table()?;
    table.expect("the process has a handle table").iter()
}

/// All pages that a list of the process may touch: its own, those of the paged pool, and the kernel's others.
fn touched(guest: &WindowsGuest) -> Vec<Va> {
    let is_there = |va: &Va| guest.guest().is_resident(*va);
    let pages = |start: Va| (0..).map(move |page| start + page * 0x1000);
    let symbols = pages(guest.kernel_base()).take(0x200).filter(is_there);
    // The nonpaged pool has no gaps.
    let some = Va(guest.eprocess(4).0 & !0xfff);
    let before = (1..).map(|page| some - page * 0x1000).take_while(is_there);
    let nonpaged = before.chain(pages(some).take_while(is_there));
    let pageable = guest.user_pages(PID).iter().chain(guest.paged_pool());
    symbols.chain(nonpaged).chain(pageable.copied()).collect()
}

/// Suppresses a page of the process from the start.
fn suppress(guest: &WindowsGuest, page: Va) -> SuppressedPages {
    let mut suppressed = SuppressedPages::new();
    suppressed.insert(AddressContext::new(page, guest.space(PID).root()));
    suppressed
}

/// Takes each page away that a list may touch, in all ways, and expects the whole list or an error. Gives the pages
/// that the list needs.
#[track_caller]
fn whole_or_error<T: PartialEq + Debug>(
    guest: &WindowsGuest,
    pages: &[Va],
    expected: &[T],
    list: impl Fn(&State<'_>, &SuppressedPages) -> prober::Result<Vec<T>>,
) -> Vec<Va> {
    let (space, vm) = (guest.space(PID), guest.vm(PID));
    let mut needed = Vec::new();
    for page in pages {
        space.page_out(*page);
        match vm.with(|vmi| list(vmi, &SuppressedPages::new())) {
            Ok(rows) => {
                assert_eq!(rows, expected, "{page}");
                space.page_in(*page);
                continue;
            }
            Err(ProbeError::PageFaults(faults)) => {
                assert!(faults.iter().all(|fault| fault.va.0 & !0xfff == page.0));
            }
            Err(other) => panic!("{page}: {other}"),
        }
        needed.push(*page);
        let error = vm.with(|vmi| list(vmi, &suppress(guest, *page)));
        assert!(error.unwrap_err().is_unavailable(), "{page}");

        let (rows, runs) = run(guest, PID, &list).unwrap();
        assert_eq!((&rows[..], runs), (expected, 2), "{page}");

        space.unbacked(*page);
        let error = run(guest, PID, &list).unwrap_err();
        assert!(error.is_unavailable(), "{page}");
        // Also where much else is missing.
        guest.page_out();
        space.unbacked(*page);
        let error = run(guest, PID, &list).unwrap_err();
        assert!(error.is_unavailable(), "{page}");
        page_in_all(guest);
        space.page_in(*page);
    }
    needed
}

/// Brings in what [`WindowsGuest::page_out`] takes away.
fn page_in_all(guest: &WindowsGuest) {
    for page in guest.paged_pool() {
        guest.guest().page_in(*page);
    }
    for pid in PIDS {
        for page in guest.user_pages(pid) {
            guest.space(pid).page_in(*page);
        }
    }
}

macro_rules! whole {
    ($list:ident, $expected:expr, $value:expr) => {
        #[test]
        fn $list() {
            let guest = guest();
            let pages = touched(&guest);
            let expected = $expected(&guest);
            let needed = whole_or_error(&guest, &pages, &expected, annotated::$list);
            assert!(!needed.is_empty());
            let values: Vec<_> = expected.into_iter().map($value).collect();
            let needed = whole_or_error(&guest, &pages, &values, options::$list);
            assert!(!needed.is_empty());
        }
    };
}

mod whole {
    use super::*;

    // Command lines of other processes are in other address spaces, so those pages are not tried here.
    whole!(drivers, super::drivers, |row| row.1);
    whole!(modules, |guest| super::modules(guest, PID), |row| row.0);
    whole!(threads, |guest| super::threads(guest, PID), |row| row.0);
    whole!(regions, |guest| super::regions(guest, PID), |row| row.0);
    whole!(handles, |guest| super::handles(guest, PID), |row| row.0);

    #[test]
    fn processes() {
        let guest = guest();
        let pages = touched(&guest);
        let expected = super::processes(&guest);
        let names: Vec<_> = guest.processes().iter().map(|it| it.name.clone()).collect();
        // The command lines are resident.
        let kernel: Vec<_> = pages.into_iter().filter(|page| page.0 >> 63 == 1).collect();
        let pool = guest.paged_pool();
        let kernel: Vec<_> = kernel
            .into_iter()
            .filter(|page| !pool.contains(page))
            .collect();
        assert!(!whole_or_error(&guest, &kernel, &names, options::processes).is_empty());
        let needed = whole_or_error(&guest, &kernel, &expected, |vmi, suppressed| {
            annotated::processes(vmi, suppressed)
        });
        assert!(!needed.is_empty());
    }

    /// The page of a table that leads to others: the iterator repeats its error for ever.
    #[test]
    fn handles_of_two_levels() {
        let guest = guest();
        let upper = two_levels(&guest);
        let mut pages = touched(&guest);
        pages.push(upper);
        let expected = super::handles(&guest, PID);
        let needed = whole_or_error(&guest, &pages, &expected, annotated::handles);
        assert!(needed.contains(&upper));
        let values: Vec<_> = expected.into_iter().map(|row| row.0).collect();
        let needed = whole_or_error(&guest, &pages, &values, options::handles);
        assert!(needed.contains(&upper));
    }
}

/// Puts a level over the handle table, on a page of its own.
fn two_levels(guest: &WindowsGuest) -> Va {
    let upper = Va(0xffff_c000_0000_0000);
    let (table, code) = guest
        .vm(PID)
        .with(|vmi| {
            let table = vmi.os().current_process()?.handle_table()?;
            let table = table.expect("the process has a handle table");
            Ok::<_, VmiError>((table.va(), table.table_code()?))
        })
        .unwrap();
    let profile = WindowsProfile::new();
    let layout = profile.view().find_struct("_HANDLE_TABLE").unwrap();
    let field = layout.field("TableCode").unwrap().offset();
    guest.guest().write_u64(upper, code);
    guest.guest().write_u64(table + field, upper.0 | 1);
    upper
}

/// Counts the items of a list in ways that go on after an error.
macro_rules! going_on {
    ($name:ident($vmi:ident): $items:expr) => {
        pub(crate) mod $name {
            use super::*;

            #[probed]
            pub(crate) fn let_else($vmi: &State<'_>) -> prober::Result<usize> {
                let mut count = 0;
                for item in $items {
                    let Ok(_item) = item else {
                        continue;
                    };
                    count += 1;
                }
                Ok(count)
            }

            #[probed]
            pub(crate) fn matched($vmi: &State<'_>) -> prober::Result<usize> {
                let mut count = 0;
                for item in $items {
                    match item {
                        Ok(_) => count += 1,
                        Err(_) => continue,
                    }
                }
                Ok(count)
            }

            #[probed]
            pub(crate) fn by_method($vmi: &State<'_>) -> prober::Result<usize> {
                let mut count = 0;
                for item in $items {
                    if item.is_err() {
                        continue;
                    }
                    count += 1;
                }
                Ok(count)
            }

            #[probed]
            pub(crate) fn in_a_while($vmi: &State<'_>) -> prober::Result<usize> {
                let mut count = 0;
                let mut items = $items;
                while let Some(Ok(_)) = items.next() {
                    count += 1;
                }
                Ok(count)
            }

            #[probed]
            pub(crate) fn by_probe($vmi: &State<'_>) -> prober::Result<usize> {
                let mut count = 0;
                for item in $items {
                    let Some(_item) = probe!(item)? else {
                        continue;
                    };
                    count += 1;
                }
                Ok(count)
            }

            #[probed(options)]
            pub(crate) fn in_options($vmi: &State<'_>) -> prober::Result<usize> {
                let mut count = 0;
                for item in $items {
                    let Some(_item) = probe!(item)? else {
                        continue;
                    };
                    count += 1;
                }
                Ok(count)
            }

            #[probed]
            pub(crate) fn flattened($vmi: &State<'_>) -> prober::Result<usize> {
                let mut count = 0;
                for _item in $items.flatten() {
                    count += 1;
                }
                Ok(count)
            }

            #[probed]
            pub(crate) fn by_path($vmi: &State<'_>) -> prober::Result<usize> {
                let mut count = 0;
                for (_index, _item) in $items.filter_map(Result::ok).enumerate() {
                    count += 1;
                }
                Ok(count)
            }

            pub(crate) const ALL: [Count; 8] = [
                let_else, matched, by_method, in_a_while, by_probe, in_options, flattened, by_path,
            ];
        }
    };
}

type Count = fn(&State<'_>, &SuppressedPages) -> prober::Result<usize>;

mod goes_on {
    use super::*;

    going_on!(processes(vmi): vmi.os().processes()?);
    going_on!(drivers(vmi): vmi.os().modules()?);
    going_on!(modules(vmi): vmi.os().current_process()?.user_modules()?);
    going_on!(threads(vmi): vmi.os().current_process()?.threads()?);
    going_on!(regions(vmi): vmi.os().current_process()?.regions()?);
    going_on!(handles(vmi): handles_of(*vmi)?);
}

/// Whatever page is out, and however the function goes on after the error of an item: the page is asked for.
#[test]
fn a_page_that_can_come_in_is_asked_for() {
    let guest = guest();
    let mut pages = touched(&guest);
    pages.push(two_levels(&guest));
    let (space, vm) = (guest.space(PID), guest.vm(PID));
    let lists = [
        (
            "processes",
            guest.processes().len(),
            goes_on::processes::ALL,
        ),
        ("drivers", drivers(&guest).len(), goes_on::drivers::ALL),
        ("modules", modules(&guest, PID).len(), goes_on::modules::ALL),
        ("threads", threads(&guest, PID).len(), goes_on::threads::ALL),
        ("regions", regions(&guest, PID).len(), goes_on::regions::ALL),
        ("handles", handles(&guest, PID).len(), goes_on::handles::ALL),
    ];
    for (list, expected, forms) in lists {
        let mut needed = pages.clone();
        needed.retain(|page| {
            space.page_out(*page);
            let result = vm.with(|vmi| forms[0](vmi, &SuppressedPages::new()));
            space.page_in(*page);
            result.is_err()
        });
        assert!(!needed.is_empty(), "{list}");
        for (form, count) in forms.into_iter().enumerate() {
            for page in &needed {
                space.page_out(*page);
                let result = vm.with(|vmi| count(vmi, &SuppressedPages::new()));
                let error = result.unwrap_err();
                assert!(
                    error.is_page_faults(),
                    "{list}, form {form}, {page}: {error}"
                );
                let (counted, _) = run(&guest, PID, count).unwrap();
                assert_eq!(counted, expected, "{list}, form {form}, {page}");
            }
        }
    }
}

/// An iterator that repeats its error for ever does not hold the function, also where the page is not to be had.
#[test]
fn an_error_that_is_repeated_for_ever_ends() {
    let guest = guest();
    let upper = two_levels(&guest);
    let first = guest.vm(PID).with(|vmi| {
        let process = vmi.os().current_process()?;
        let root = process.vad_root()?.expect("the process has regions");
        Ok::<_, VmiError>(Va(root.va().0 & !0xfff))
    });
    for (page, forms) in [
        (upper, goes_on::handles::ALL),
        (first.unwrap(), goes_on::regions::ALL),
    ] {
        guest.space(PID).unbacked(page);
        for (form, count) in forms.into_iter().enumerate() {
            let result = guest
                .vm(PID)
                .with(|vmi| count(vmi, &suppress(&guest, page)));
            // As it is written, `while let Some(Ok(..))` takes an error that cannot be helped for the end.
            match form {
                3 => assert_eq!(result.unwrap(), 0),
                _ => assert!(result.unwrap_err().is_unavailable(), "form {form}, {page}"),
            }
        }
        guest.space(PID).page_in(page);
    }
}
