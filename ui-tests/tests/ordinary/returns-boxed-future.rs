use std::pin::Pin;

use prober::{SuppressedPages, probed};
use prober_ui_tests::Vmi;
use vmi_core::{Va, VmiError};

async fn read(vmi: &Vmi, process: Va) -> Result<u32, VmiError> {
    vmi.read_u32(process)
}

#[probed]
fn pid<'a>(vmi: &'a Vmi, process: Va) -> Pin<Box<dyn Future<Output = Result<u32, VmiError>> + 'a>> {
    Box::pin(read(vmi, process + 8))
}

async fn caller(vmi: &Vmi, suppressed: &SuppressedPages) {
    let _ = pid(vmi, Va(0x1000), suppressed).await;
}

fn main() {}
