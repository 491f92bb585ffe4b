use prober::{SuppressedPages, probed};
use prober_ui_tests::Vmi;
use vmi_core::Va;

struct Process {
    address: Va,
}

impl Process {
    #[probed]
    fn name(self, vmi: std::rc::Rc<Vmi>) -> prober::Result<&str> {
        vmi.read_u32(self.address)?;
        Ok("name")
    }
}

fn caller(vmi: std::rc::Rc<Vmi>, process: Process, suppressed: &SuppressedPages) {
    let _ = process.name(vmi, suppressed);
}

fn main() {}
