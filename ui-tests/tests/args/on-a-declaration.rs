use prober::{SuppressedPages, probed};
use prober_ui_tests::Vmi;
use vmi_core::Va;

trait Object {
    #[probed(options, limit = 3, vmi = ctx)]
    fn pid(&self, ctx: &Vmi, process: Va) -> prober::Result<Option<u32>>;

    #[probed(suppressed = SuppressedPages::new())]
    fn name(&self, vmi: &Vmi, process: Va) -> prober::Result<Option<u32>>;
}

fn main() {}
