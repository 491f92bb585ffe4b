use prober::{SuppressedPages, probed};
use prober_ui_tests::Vmi;
use vmi_core::Va;

struct Scan {
    guest: Vmi,
}

impl Scan {
    #[probed(options)]
    fn pid(&self, process: Va) -> prober::Result<u32> {
        let pid = self.guest.read_u32(process)?;
        Ok(pid?)
    }
}

fn caller(scan: &Scan, suppressed: &SuppressedPages) {
    let _ = scan.pid(Va(0x1000), suppressed);
}

fn main() {}
