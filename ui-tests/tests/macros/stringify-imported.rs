use own::stringify;
use prober::probed;
use prober_ui_tests::Vmi;
use vmi_core::Va;

mod own {
    macro_rules! value {
        ($value:expr) => {
            $value
        };
    }
    pub(crate) use value as stringify;
}

#[probed]
fn pid(vmi: &Vmi, process: Va) -> prober::Result<u32> {
    Ok(stringify!(vmi.read_u32(process)?))
}

fn main() {}
