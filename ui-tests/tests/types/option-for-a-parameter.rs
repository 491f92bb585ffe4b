use prober::probed;
use prober_ui_tests::Vmi;
use vmi_core::Va;

fn is_user(address: Va) -> bool {
    address.0 >> 47 == 0
}

#[probed(options)]
fn has_peb(vmi: &Vmi, process: Va) -> prober::Result<bool> {
    let peb = vmi.read_va(process)?;
    Ok(is_user(peb))
}

fn main() {}
