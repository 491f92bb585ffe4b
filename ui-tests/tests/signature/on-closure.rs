use prober::probed;
use prober_ui_tests::Vmi;
use vmi_core::Va;

fn caller(vmi: &Vmi) {
    #[probed(options)]
    let pid = |process| vmi.read_u32(process);
    let _ = pid(Va(0x1000));
}

fn main() {}
