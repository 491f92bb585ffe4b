use prober::probed;
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed]
fn name(vmi: &Vmi, process: Va, name: [u8; 15]) -> prober::Result<[u8; 15]> {
    vmi.read(process, &mut name)?;
    Ok(name)
}

fn main() {}
