//! Writes functions of random shape, each twice: plain, and with `#[probed]`.

mod random;
mod writer;

use std::{env, fmt::Write as _, fs, path::Path};

use random::Random;
use writer::Writer;

/// How many programs there are.
const PROGRAMS: usize = 320;

fn main() {
    println!("cargo::rerun-if-changed=build");
    // Other functions than the usual ones.
    println!("cargo::rerun-if-env-changed=UNCHANGED_SEED");
    let seed = env::var("UNCHANGED_SEED").unwrap_or_default();
    let mut random = Random::new(seed.parse().unwrap_or(0x5eed_0013));
    let (mut text, mut table) = (String::new(), String::new());
    for number in 0..PROGRAMS {
        // Small ones first: they are easier to read when they fail.
        let size = 2 + number / 24;
        let program = Writer::new(&mut random).program(size);
        let head = "(w: &World, vmi: &Object<'_>, out: &mut Vec<u64>";
        let result = "-> prober::Result<u64> {\n";
        let body = |of: &str| program.body.replace("NESTED", &format!("nested_{of}"));
        let _ = write!(
            text,
            "fn plain_{number}{head}, suppressed: &SuppressedPages) {result}let _ = (vmi, &*out, suppressed);\n{}}}\n\
             #[probed]\nfn probed_{number}{head}) {result}{}}}\n",
            body("plain"),
            body("probed")
        );
        let _ = writeln!(
            table,
            "    ({number}, {}, plain_{number}, probed_{number}, {:?}),",
            program.strict, program.body
        );
    }
    let _ = writeln!(
        text,
        "/// Each program: its number, whether it has no exit that depends on data, both functions, and its text.\n\
         pub const PROGRAMS: &[(usize, bool, Program, Program, &str)] = &[\n{table}];"
    );
    let folder = env::var_os("OUT_DIR").expect("cargo sets it");
    fs::write(Path::new(&folder).join("programs.rs"), text).expect("writable");
}
