use prober::probed;
use prober_ui_tests::Vmi;
use vmi_core::Va;

struct Names;

impl Names {
    #[probed]
    fn first(&self, vmi: &Vmi, names: &[String], process: Va) -> prober::Result<&str> {
        vmi.read_u8(process)?;
        Ok(&names[0])
    }
}

fn main() {}
