use prober::{probe, probed};
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed]
fn name(vmi: &Vmi, process: Va) -> prober::Result<String> {
    let name = probe!(vmi.read_string(process))?;
    let length = name?.len();
    println!("{length} bytes");
    Ok(name?)
}

fn main() {}
