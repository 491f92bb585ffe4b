use prober::{SuppressedPages, probed};
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed]
async fn pid(vmi: &Vmi, process: Va) -> Result<u32, String> {
    let Ok(pid) = vmi.read_u32(process) else {
        return Err("no process".to_owned());
    };
    Ok(pid)
}

async fn caller(vmi: &Vmi, suppressed: &SuppressedPages) {
    let _ = pid(vmi, Va(0x1000), suppressed).await;
}

fn main() {}
