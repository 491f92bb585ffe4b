use prober::probed;
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed(options)]
async fn pid(vmi: &Vmi, process: Va) -> prober::Result<u32> {
    let pid: u32 = vmi.read_u64(process)??;
    Ok(pid)
}

fn main() {}
