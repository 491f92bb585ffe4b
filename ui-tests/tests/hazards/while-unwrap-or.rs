use prober::probed;
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed(options)]
fn image_base(vmi: &Vmi, inside: Va) -> prober::Result<Va> {
    let mut base = inside & !0xfff;
    while vmi.read_u16(base)?.unwrap_or(0) != 0x5a4d {
        base -= 0x1000;
    }
    Ok(base)
}

fn main() {}
