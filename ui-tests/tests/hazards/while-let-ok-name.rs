use prober::probed;
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed(options)]
fn last(vmi: &Vmi, list: Va) -> prober::Result<Option<u64>> {
    let mut last = None;
    let mut offset = 0;
    while let Ok(next) = vmi.read_u64(list + offset) {
        last = next;
        offset += 8;
    }
    Ok(last)
}

fn main() {}
