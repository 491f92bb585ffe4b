//! On a guest of which everything is resident an annotated function does what
//! the plain one does: the same value, reads, side effects and drops, each in
//! the same order. The functions are written by the build script.

use prober::testing::Guest;
use prober_equivalence::{Log, Recorder, at};
use vmi_core::Gfn;

/// What the generated functions have around them.
macro_rules! shapes {
    ($module:ident, $vmi:ty, $file:literal) => {
        #[allow(warnings, clippy::all, clippy::pedantic, reason = "generated")]
        mod $module {
            use prober::{ProbeError, SuppressedPages, probe, probed, settle};
            use prober_equivalence::*;
            use vmi_core::{Va, VmiError};

            pub type Vmi<'a> = $vmi;
            pub type Call = fn(&Vmi<'_>, &Log, u64) -> Result<u64, String>;

            macro_rules! ensure {
                ($condition:expr, $error:expr) => {
                    if !$condition {
                        return Err($error.into());
                    }
                };
            }

            macro_rules! id {
                ($expr:expr) => {
                    $expr
                };
            }

            fn helper(vmi: &Vmi<'_>, x: u64) -> Result<u64, VmiError> {
                vmi.read_u64(at(x))
            }

            fn callee_plain(vmi: &Vmi<'_>, x: u64) -> Result<u64, VmiError> {
                let first = vmi.read_u64(at(x))?;
                Ok(first ^ u64::from(vmi.read_u8(at(first))?))
            }

            #[probed(options)]
            fn callee(vmi: &Vmi<'_>, x: u64) -> Result<u64, VmiError> {
                let first = vmi.read_u64(at(x))?;
                Ok(first? ^ u64::from(vmi.read_u8(at(first?))??))
            }

            include!(concat!(env!("OUT_DIR"), "/", $file));
        }
    };
}

shapes!(recorded, Recorder<'a>, "all.rs");
shapes!(
    resident,
    vmi_core::VmiState<'a, vmi_core::os::NoOS<prober::testing::GuestDriver>>,
    "some.rs"
);

/// The numbers that each shape is called with.
fn inputs() -> impl Iterator<Item = u64> {
    (0..8).chain([40, 1000, u64::from(u32::MAX)])
}

#[test]
fn all_that_happens_is_the_same() {
    let (mut values, mut errors) = (0, 0);
    for (name, plain, probed) in recorded::SHAPES {
        for x in inputs() {
            let run = |function: &recorded::Call| {
                let log = Log::default();
                let result = function(&Recorder::new(&log), &log, x);
                (result, log.take())
            };
            let (expected, actual) = (run(plain), run(probed));
            assert_eq!(actual, expected, "{name}({x})");
            assert!(!actual.1.is_empty(), "{name}({x}) reads nothing");
            match actual.0 {
                Ok(_) => values += 1,
                Err(_) => errors += 1,
            }
        }
    }
    // Shapes that always fail would prove little.
    assert!(
        values > errors && errors > 0,
        "{values} values, {errors} errors"
    );
}

#[test]
fn a_guest_is_read_alike() {
    for (name, plain, probed) in resident::SHAPES {
        for x in inputs() {
            let run = |function: &resident::Call| {
                let (guest, log) = (Guest::new(), Log::default());
                let bytes = (0..0x5000_u64).map(|index| (index * index / 7).to_le_bytes()[0]);
                guest.write(at(0), &bytes.collect::<Vec<u8>>());
                // Reads of this page fail, but not by a page fault.
                guest.map_frame(at(0x2000), Gfn(0xf_ffff));
                let result = guest.vm().with(|vmi| function(vmi, &log, x));
                let content = guest.content(at(0), 0x2000);
                (result, log.take(), guest.counts(), content)
            };
            let (mut expected, mut actual) = (run(plain), run(probed));
            assert_eq!(actual.0, expected.0, "{name}({x})");
            assert_eq!(actual.1, expected.1, "{name}({x})");
            // A small read over two pages looks at each before it reads.
            let (reads, plain) = (actual.2.reads, expected.2.reads);
            assert!(
                reads <= 2 * plain,
                "{name}({x}): {reads} reads, plain {plain}"
            );
            (actual.2.reads, expected.2.reads) = (0, 0);
            assert_eq!(actual.2, expected.2, "{name}({x})");
            assert!(actual.3 == expected.3, "{name}({x}) writes otherwise");
        }
    }
}
