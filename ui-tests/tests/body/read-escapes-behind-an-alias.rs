use prober::{SuppressedPages, probed};
use prober_ui_tests::Vmi;
use vmi_core::{Va, VmiError};

type Pids<'v> = Box<dyn Iterator<Item = Result<Option<u32>, VmiError>> + 'v>;

#[probed(options)]
fn pids<'v>(vmi: &'v Vmi, process: Va) -> prober::Result<Pids<'v>> {
    Ok(Box::new((0..3).map(move |index| vmi.read_u32(process + index * 8))))
}

fn caller(vmi: &Vmi, suppressed: &SuppressedPages) {
    let _ = pids(vmi, Va(0x1000), suppressed);
}

fn main() {}
