use prober::probed;
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[allow(unused_macros)]
macro_rules! quote {
    ($value:expr) => {
        $value
    };
}

#[probed]
fn pid(vmi: &Vmi, process: Va) -> prober::Result<u32> {
    Ok(quote!(vmi.read_u32(process)?))
}

fn main() {}
