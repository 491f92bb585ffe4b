// Bare, by path, and renamed modules: an import of a marker is used.
#![deny(warnings)]

use prober::{probe, probed, settle, unprobed};
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed(options)]
fn bare(vmi: &Vmi, process: Va) -> prober::Result<Option<u32>> {
    let pid = probe!(vmi.read_u32(process))?;
    settle!();
    if unprobed!(vmi.read_u8(process)).is_err() {
        return Ok(None);
    }
    Ok(pid)
}

mod by_path {
    use prober_ui_tests::Vmi;
    use vmi_core::Va;

    #[prober::probed(options)]
    pub(crate) fn by_path(vmi: &Vmi, process: Va) -> prober::Result<Option<u32>> {
        let pid = prober::probe!(vmi.read_u32(process))?;
        prober::settle!();
        let _ = ::prober::unprobed!(vmi.read_u8(process));
        Ok(pid)
    }
}

fn main() {
    let _ = (bare, by_path::by_path);
}
