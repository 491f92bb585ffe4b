use prober::probed;
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed]
fn pids(vmi: &Vmi, process: Va, pids: &mut Vec<u32>) -> prober::Result<()> {
    let first = &pids[0];
    pids.push(vmi.read_u32(process)?);
    println!("{first}");
    Ok(())
}

fn main() {}
