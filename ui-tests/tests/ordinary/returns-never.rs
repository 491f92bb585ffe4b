use prober::{SuppressedPages, probed};
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed]
fn watch(vmi: &Vmi, flag: Va) -> ! {
    loop {
        if vmi.read_u8(flag).is_ok() {}
    }
}

fn caller(vmi: &Vmi, suppressed: &SuppressedPages) {
    watch(vmi, Va(0x1000), suppressed);
}

fn main() {}
