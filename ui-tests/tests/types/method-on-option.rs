use prober::{probe, probed};
use prober_ui_tests::Vmi;
use vmi_core::{Va, VmiError};

struct Process {
    pid: u32,
}

impl Process {
    fn at(vmi: &Vmi, process: Va) -> Result<Self, VmiError> {
        vmi.read_u32(process).map(|pid| Self { pid })
    }

    fn pid(&self) -> u32 {
        self.pid
    }
}

#[probed(options)]
fn pid(vmi: &Vmi, process: Va) -> prober::Result<u32> {
    let pid = probe!(Process::at(vmi, process))?.pid();
    Ok(pid)
}

fn main() {}
