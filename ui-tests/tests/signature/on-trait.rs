use prober::probed;
use prober_ui_tests::Vmi;
use vmi_core::VmiError;

#[probed(options)]
trait Object {
    fn pid(&self, vmi: &Vmi) -> Result<u32, VmiError>;
}

fn caller(object: &dyn Object, vmi: &Vmi) {
    let _ = object.pid(vmi);
}

fn main() {}
