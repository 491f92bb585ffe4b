use prober::probed;
use prober_ui_tests::Vmi;
use vmi_core::Va;

trait Limit {
    const FIRST: u32;
}

impl Limit for Vmi {
    const FIRST: u32 = 1;
}

#[probed]
fn pid(vmi: &Vmi, process: Va) -> prober::Result<u32> {
    let _ = <Vmi as Limit>::FIRST?;
    let _ = ::core::f32::consts::PI?;
    Ok(vmi.read_u32(process)?)
}

fn main() {}
