use prober::probed;
use prober_ui_tests::Vmi;
use vmi_core::Va;

struct Scan {
    tried: Vec<Va>,
}

impl Scan {
    #[probed(suppressed = self.tried)]
    fn pid(&self, vmi: &Vmi, process: Va) -> prober::Result<u32> {
        Ok(vmi.read_u32(process)?)
    }
}

fn main() {}
