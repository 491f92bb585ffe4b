use prober::probed;
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed(options)]
fn print_pid(vmi: &Vmi, process: Va) -> prober::Result<()> {
    println!("{}", vmi.read_u32(process)?.unwrap());
    Ok(())
}

fn main() {}
