use prober::{SuppressedPages, probed};
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed]
fn print_pid(vmi: &Vmi, process: Va) {
    if let Ok(Some(pid)) = vmi.read_u32(process) {
        println!("{pid}");
    }
}

fn caller(vmi: &Vmi, suppressed: &SuppressedPages) {
    print_pid(vmi, Va(0x1000), suppressed);
}

fn main() {}
