use prober_ui_tests::Vmi;
use vmi_core::{Va, VmiError};

fn pid(vmi: &Vmi, process: Va) -> Result<u32, VmiError> {
    prober::unprobed!(vmi.read_u32(process))
}

fn main() {}
