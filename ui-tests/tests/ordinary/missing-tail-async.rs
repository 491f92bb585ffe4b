use prober::probed;
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed]
async fn print_pid(vmi: &Vmi, process: Va) -> prober::Result<()> {
    let pid = vmi.read_u32(process)?;
    println!("{pid:?}");
}

fn main() {}
