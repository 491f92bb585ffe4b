use prober::{SuppressedPages, probed};
use prober_ui_tests::Vmi;
use vmi_core::Va;

struct Scan;

impl Scan {
    #[probed(options)]
    async fn pid(&self, vmi: &Vmi, process: Va) -> prober::Result<u32> {
        let pid = ;
        Ok(pid?)
    }
}

async fn caller(vmi: &Vmi, suppressed: &SuppressedPages) {
    let _: u32 = Scan.pid(vmi, Va(0x1000), suppressed).await.unwrap_or(0);
}

fn main() {}
