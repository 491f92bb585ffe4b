//! Lists the processes of a Windows guest whose user memory and paged pool are paged out, through the unmodified
//! vmi-os-windows, and compares what that takes with plain `?` and with `#[probed]`.

use prober::{
    FaultError, SuppressedPages, probed, retry,
    testing::{Counts, GuestDriver, windows::WindowsGuest},
};
use vmi_core::{
    VmiState,
    os::{VmiOsProcess as _, VmiOsUserModule as _},
};
use vmi_os_windows::WindowsOs;

type State<'a> = VmiState<'a, WindowsOs<GuestDriver>>;

/// A process: its ID, its name, its command line where the guest has it, and the names of its modules.
type Row = (u32, String, Option<String>, Vec<String>);

/// The process that is current.
const CURRENT: u32 = 500;

/// The listing, as it is and annotated: the body is the same.
macro_rules! listing {
    ($(#[$attribute:meta])? $name:ident, $peb:ident => $line:expr) => {
        $(#[$attribute])?
        fn $name(vmi: &State<'_>) -> prober::Result<Vec<Row>> {
            let mut rows = Vec::new();
            for process in vmi.os().processes()? {
                let process = process?;
                let id = process.id()?.0;
                let name = process.name()?;
                let mut line = None;
                if let Some($peb) = process.peb()? {
                    let text = $line;
                    line = text;
                }
                let mut modules = Vec::new();
                for module in process.user_modules()? {
                    let module = module?;
                    let name = module.name()?;
                    modules.push(name);
                }
                rows.push((id, name, line, modules));
            }
            Ok(rows)
        }
    };
}

listing!(plain, peb => Some(peb.command_line()?));
listing!(#[probed] annotated, peb => Some(peb.command_line()?));
listing!(#[probed] marked, peb => prober::probe!(peb.command_line())?);

fn main() -> prober::Result<()> {
    let guest = cold();
    let (rows, plain_runs, plain_counts) = measure(&guest, |vmi, _| plain(vmi))?;
    let guest = cold();
    let (same, runs, counts) = measure(&guest, annotated)?;
    assert_eq!(rows, same);

    // A page that the guest has lost: that of a command line.
    let guest = cold();
    guest.space(724).unbacked(guest.user_pages(724)[3]);
    let (rows, ..) = measure(&guest, marked)?;
    for (id, name, line, modules) in rows {
        // System has no user memory, so it has no command line.
        let unknown = if id == 4 { "" } else { "<missing>" };
        let line = line.as_deref().unwrap_or(unknown);
        println!("{id:>5}  {name:14}{line}\n{:21}{}", "", modules.join(", "));
    }

    println!(
        "\n{:12}{:>6}{:>10}{:>8}{:>9}",
        "", "runs", "page-ins", "reads", "in vain"
    );
    for (name, runs, counts) in [
        ("plain `?`", plain_runs, plain_counts),
        ("`#[probed]`", runs, counts),
    ] {
        let Counts {
            paged_in,
            reads,
            refused,
            ..
        } = counts;
        println!("{name:12}{runs:>6}{paged_in:>10}{reads:>8}{refused:>9}");
    }
    Ok(())
}

/// The guest with everything paged out that Windows may page out.
fn cold() -> WindowsGuest {
    let guest = prober_tests::windows::builder().build();
    guest.page_out();
    guest
}

fn measure<T, E: FaultError>(
    guest: &WindowsGuest,
    mut operation: impl FnMut(&State<'_>, &SuppressedPages) -> Result<T, E>,
) -> Result<(T, usize, Counts), E> {
    let vm = guest.vm(CURRENT);
    let mut runs = 0;
    guest.guest().reset_counts();
    let result = retry(
        &mut guest.guest(),
        &mut SuppressedPages::new(),
        |suppressed| {
            runs += 1;
            vm.with(|vmi| operation(vmi, suppressed))
        },
    )?;
    Ok((result, runs, guest.guest().counts()))
}
