//! Writes random functions, each twice: as they are, and with `#[probed]`.
//!
//! `THEOREM_SEED` and `THEOREM_PROGRAMS` give other ones and more of them.
//! `THEOREM_WITHOUT` leaves out shapes, so that what fails elsewhere is seen:
//! `block` and `loop` with a value, `init` of a `let` later on, names that are
//! bound in operands (`bind`), an `exit` or a `message` of `assert!` in them,
//! `else` of a `let Ok(..)`, `.ok()` in a `filter_map`, nested functions that
//! are taken apart (`try`).

mod called;
mod changing;
mod expressions;
mod programs;
mod random;
mod scope;
mod statements;
mod views;
mod works;

use std::{env, fmt::Write as _, fs, path::Path};

use called::CALLED;
use programs::Writer;

/// How many programs each of the two test binaries has.
const PROGRAMS: usize = 160;

fn main() {
    println!("cargo::rerun-if-changed=build");
    // Other programs than the usual ones.
    println!("cargo::rerun-if-env-changed=THEOREM_SEED");
    println!("cargo::rerun-if-env-changed=THEOREM_PROGRAMS");
    println!("cargo::rerun-if-env-changed=THEOREM_WITHOUT");
    let number = |name| env::var(name).ok().and_then(|value| value.parse().ok());
    let seed = number("THEOREM_SEED").unwrap_or(0x5eed_0001_usize) as u64;
    let programs = number("THEOREM_PROGRAMS").unwrap_or(PROGRAMS);
    write("short.rs", seed, programs, 0);
    write("long.rs", !seed, programs, 3);
}

/// Writes a file of programs that grow.
fn write(file: &str, seed: u64, programs: usize, least: usize) {
    let mut writer = Writer::new(seed);
    let [mut plain, mut probed, mut table] = [(); 3].map(|()| String::new());
    for number in 0..programs {
        let size = least + 1 + number * 5 / programs;
        let written = writer.program(number, size);
        plain += &written.plain;
        probed += &written.probed;
        let _ = writeln!(
            table,
            "Program {{ name: {:?}, source: {:?}, plain: plain::call_{number}, probed: probed::call_{number} }},",
            written.name, written.plain
        );
    }
    let called = |attribute, set| CALLED.replace("ATTRIBUTE", attribute).replace(" SET", set);
    let called = [
        called("", ", suppressed: &SuppressedPages"),
        called("#[probed]", ""),
    ];
    let text = format!(
        "mod plain {{\nuse super::*;\nmacro_rules! settle {{ () => {{}} }}\n{}{plain}}}\n\
         mod probed {{\nuse super::*;\nuse prober::settle;\n{}{probed}}}\n\
         /// Each program.\n\
         pub const PROGRAMS: &[Program] = &[\n{table}];\n",
        called[0], called[1],
    );
    let folder = env::var_os("OUT_DIR").expect("cargo sets it");
    fs::write(Path::new(&folder).join(file), text).expect("writable");
}
