use prober::{ProbeError, probed};
use prober_ui_tests::Vmi;
use vmi_core::Va;

enum ScanError {
    Probe(ProbeError),
}

impl From<ProbeError> for ScanError {
    fn from(error: ProbeError) -> Self {
        Self::Probe(error)
    }
}

#[probed(options)]
fn pid(vmi: &Vmi, process: Va) -> Result<Option<u32>, ScanError> {
    let pid = vmi.read_u32(process)?;
    Ok(pid)
}

fn main() {}
