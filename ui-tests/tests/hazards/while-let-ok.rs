use prober::probed;
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed(options)]
fn length(vmi: &Vmi, list: Va) -> prober::Result<u64> {
    let mut length = 0;
    while let Ok(_) = vmi.read_u64(list + length) {
        length += 8;
    }
    Ok(length)
}

fn main() {}
