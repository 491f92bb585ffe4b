use prober::probed;
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed(options, vmi = (ctx, ctx))]
fn pid(ctx: &Vmi, process: Va) -> prober::Result<Option<u32>> {
    Ok(ctx.read_u32(process)?)
}

fn main() {}
