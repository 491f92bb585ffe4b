use prober::probed;
use prober_ui_tests::Vmi;
use vmi_core::Va;

trait Object {
    fn pid(&self, vmi: &Vmi) -> prober::Result<u32>;
}

struct Process(Va);

impl Object for Process {
    #[probed]
    fn pid(&self, vmi: &Vmi) -> prober::Result<u32> {
        Ok(vmi.read_u32(self.0)?)
    }
}

fn main() {}
