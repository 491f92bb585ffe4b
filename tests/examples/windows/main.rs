//! Lists a Windows guest whose user memory and paged pool are paged out, through the unmodified vmi-os-windows:
//! processes, command lines, modules, handles, regions. Compares what that takes with plain `?`, with
//! `vmi_core::VmiProber` by hand, and with both forms of `#[probed]`.
//!
//! The listing itself is in `ordinary.rs`, and the same by other means in `plain.rs`, `by_hand.rs` and `options.rs`.

mod by_hand;
mod options;
mod ordinary;
mod plain;
mod table;

use prober_tests::windows::{self, ProcessRow};
use table::Row;

/// Of which process everything is shown.
const IN_FULL: u32 = 724;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let table = table::table()?;
    for Row { name, measured } in &table {
        let expected = windows::expected(&windows::lossy(), &windows::LOST);
        assert_eq!(measured.result, expected, "{name}");
    }
    if let [Row { measured, .. }, ..] = &table[..] {
        print_processes(&measured.result);
    }

    println!(
        "\n{:21}{:>6}{:>10}{:>8}{:>9}",
        "", "runs", "page-ins", "reads", "in vain"
    );
    for Row { name, measured } in &table {
        println!(
            "{name:21}{:>6}{:>10}{:>8}{:>9}",
            measured.runs, measured.paged_in, measured.reads, measured.in_vain
        );
    }
    Ok(())
}

fn print_processes(processes: &[ProcessRow]) {
    let shown = |text: &Option<String>| text.clone().unwrap_or_else(|| "<missing>".to_owned());
    for process in processes {
        let ProcessRow { id, name, line, .. } = process;
        let (handles, regions) = (process.handles.len(), process.regions.len());
        println!("{id:>5}  {name:14}{}", shown(line));
        let modules: Vec<_> = process.modules.iter().map(shown).collect();
        println!("{:9}modules: {}", "", modules.join(", "));
        println!("{:9}{handles} handles, {regions} regions", "");
        if *id != IN_FULL {
            continue;
        }
        for handle in &process.handles {
            let name = handle.name.as_deref().unwrap_or("");
            println!("{:11}{:>4} {:8}{name}", "", handle.value, handle.kind);
        }
        for region in &process.regions {
            let path = region.path.as_deref().unwrap_or("private");
            println!(
                "{:11}{}-{} {path}",
                "", region.range.start, region.range.end
            );
        }
    }
}
