use prober::{SuppressedPages, probed};
use prober_ui_tests::Vmi;
use vmi_core::{Va, VmiError};

#[probed(options)]
fn reader<'v>(
    vmi: &'v Vmi,
    process: Va,
) -> prober::Result<impl Fn(u64) -> Result<Option<u32>, VmiError> + use<'v>> {
    Ok(move |offset| vmi.read_u32(process + offset))
}

fn caller(vmi: &Vmi, suppressed: &SuppressedPages) {
    let _ = reader(vmi, Va(0x1000), suppressed);
}

fn main() {}
