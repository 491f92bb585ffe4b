use prober::{probed, settle};
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed]
async fn pid(vmi: &Vmi, process: Va) -> prober::Result<u32> {
    let pid = vmi.read_u32(process)?;
    async {
        settle!();
        println!("{pid:?}");
    }
    .await;
    Ok(pid)
}

fn main() {}
