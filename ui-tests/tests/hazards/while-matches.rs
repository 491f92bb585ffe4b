use prober::probed;
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed(options)]
fn length(vmi: &Vmi, text: Va) -> prober::Result<u64> {
    let mut length = 0;
    while !matches!(vmi.read_u8(text + length)?, Some(0)) {
        length += 1;
    }
    Ok(length)
}

fn main() {}
