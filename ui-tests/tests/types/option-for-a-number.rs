use prober::{probe, probed};
use prober_ui_tests::Vmi;
use vmi_core::{Va, VmiError};

#[probed(options)]
fn numbers(vmi: &Vmi, process: Va) -> prober::Result<u64> {
    let pid = vmi.read_u32(process)? as u64;
    for _ in 0..vmi.read_u64(process + 8)? {}
    if !vmi.read_u8(process)? == 0 || vmi.read_u8(process)? > 4 {
        return Ok(pid);
    }
    while vmi.read_u8(process)? != 0 {}
    Ok(1 + (probe!(next(vmi, process))?))
}

fn next(vmi: &Vmi, process: Va) -> Result<u64, VmiError> {
    vmi.read_u64(process)
}

fn main() {}
