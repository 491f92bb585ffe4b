// As `#[async_trait]` leaves it when it stands above an impl.
use std::pin::Pin;

use prober::{SuppressedPages, probed};
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed(options)]
fn pid<'a>(vmi: &'a Vmi, process: Va) -> Pin<Box<dyn Future<Output = prober::Result<Option<u32>>> + 'a>> {
    Box::pin(async move { Ok(vmi.read_u32(process)?) })
}

async fn caller(vmi: &Vmi, suppressed: &SuppressedPages) {
    let _ = pid(vmi, Va(0x1000), suppressed).await;
}

fn main() {}
