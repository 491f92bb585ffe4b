use prober::probed;
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed(options)]
fn name(vmi: &Vmi, process: Va) -> prober::Result<String> {
    let name = vmi.read_string(process)?;
    println!("{} bytes", name?.len());
    Ok(name?)
}

#[probed(options)]
fn name_in_a_probe(vmi: &Vmi, process: Va) -> prober::Result<Option<String>> {
    let name = vmi.read_string(process)?;
    vmi.read_u8(process + name?.len() as u64)??;
    Ok(name)
}

fn main() {}
