use prober::probed;
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed(vmi = ctxt)]
fn pid(ctx: &Vmi, process: Va) -> prober::Result<u32> {
    Ok(ctx.read_u32(process)?)
}

fn main() {}
