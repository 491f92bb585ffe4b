use prober::probed;
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[allow(unused_macros)]
macro_rules! cfg_if {
    (if #[cfg($cfg:meta)] { $($then:tt)* } else { $($or:tt)* }) => {
        #[cfg($cfg)] { $($then)* }
        #[cfg(not($cfg))] { $($or)* }
    };
}

#[probed(options)]
fn pid(vmi: &Vmi, process: Va) -> prober::Result<Option<u32>> {
    cfg_if! {
        if #[cfg(target_pointer_width = "64")] {
            Ok(vmi.read_u32(process)?)
        } else {
            Ok(None)
        }
    }
}

fn main() {}
