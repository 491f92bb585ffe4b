//! Writes functions of random shape, each twice: plain, and with `#[probed]`.

mod code;
mod expressions;
mod functions;
mod statements;

use std::{env, fmt::Write as _, fs, path::Path};

use functions::Generator;

/// How many shapes there are for a recorder of reads.
const ALL: usize = 300;

/// How many there are for a guest in memory.
const SOME: usize = 90;

fn main() {
    println!("cargo::rerun-if-changed=build");
    // Other functions than the usual ones.
    println!("cargo::rerun-if-env-changed=EQUIVALENCE_SEED");
    let seed = env::var("EQUIVALENCE_SEED").unwrap_or_default();
    let seed = seed.parse().unwrap_or(0x5eed_0001);
    write("all.rs", seed, ALL);
    write("some.rs", !seed, SOME);
}

fn write(file: &str, seed: u64, shapes: usize) {
    let mut generator = Generator::new(seed);
    let (mut text, mut table) = (String::new(), String::new());
    for number in 0..shapes {
        text.push_str(&generator.shape(number));
        let _ = writeln!(
            table,
            "    (\"shape_{number}\", call_plain_{number}, call_probed_{number}),"
        );
    }
    let _ = writeln!(
        text,
        "/// Each shape: its name, and both functions.\n\
         pub const SHAPES: &[(&str, Call, Call)] = &[\n{table}];"
    );
    let folder = env::var_os("OUT_DIR").expect("cargo sets it");
    fs::write(Path::new(&folder).join(file), text).expect("writable");
}
