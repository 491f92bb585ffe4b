// Nothing that the expansion names can be shadowed by the user.
#![deny(warnings)]

use ::prober::probed;
use prober_ui_tests::Vmi;
use vmi_core::{Va, VmiError};

mod core {}
mod std {}
#[allow(unused_macros)]
macro_rules! compile_error { ($($tokens:tt)*) => {}; }

#[allow(dead_code)]
enum Outcome { Ok, Err, Some, None }
#[allow(unused_imports)]
use Outcome::*;

#[probed(options)]
fn pid(vmi: &Vmi, process: Option<Va>) -> Result<Option<u32>, VmiError> {
    let (__probed_run, __probed_value) = (1, 2);
    let prober = __probed_run + __probed_value;
    let (suppressed, read, value) = (prober, prober, prober);
    let pid = '__probed: {
        if suppressed + read + value == 0 {
            break '__probed Result::Ok(Option::None);
        }
        vmi.read_u32(process? + 8)
    };
    pid
}

fn main() {
    let _ = pid;
}
