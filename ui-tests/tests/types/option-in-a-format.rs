use prober::probed;
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed(options)]
fn print(vmi: &Vmi, process: Va) -> prober::Result<()> {
    let pid = vmi.read_u32(process)?;
    println!("{pid}");
    Ok(())
}

fn main() {}
