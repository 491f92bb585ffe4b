use prober::probed;
use prober_ui_tests::Vmi;
use vmi_core::{Va, VmiError};

struct Process(Va);

#[probed]
impl Process {
    fn pid(&self, vmi: &Vmi) -> Result<u32, VmiError> {
        vmi.read_u32(self.0)
    }
}

fn caller(vmi: &Vmi) {
    let _ = Process(Va(0x1000)).pid(vmi);
}

fn main() {}
