use prober::probed;
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed]
fn pid(vmi: &Vmi, process: Va) -> prober::Result<Option<u32>> {
    vmi.read_u32(process)
}

fn main() {}
