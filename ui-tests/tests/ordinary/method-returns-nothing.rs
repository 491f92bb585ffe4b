use prober::{SuppressedPages, probed};
use prober_ui_tests::Vmi;
use vmi_core::Va;

struct Scan {
    vmi: Vmi,
    pids: Vec<u32>,
}

impl Scan {
    #[probed(vmi = self.vmi)]
    fn push(&mut self, process: Va) {
        self.pids.extend(self.vmi.read_u32(process).ok());
    }
}

fn caller(scan: &mut Scan, suppressed: &SuppressedPages) {
    scan.push(Va(0x1000), suppressed);
}

fn main() {}
