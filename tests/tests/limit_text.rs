//! That the limit of probes was reached is said also by the callers of the
//! function that reached it.

use prober::{ProbeError, SuppressedPages, probed, testing::Guest};
use vmi_core::{Va, VmiOs, VmiRead, VmiState};

#[probed(limit = 2)]
fn runaway<Os>(vmi: &VmiState<'_, Os>) -> prober::Result<()>
where
    Os: VmiOs,
    Os::Driver: VmiRead,
{
    loop {
        // Never there, and suppressed from the start.
        let _ = vmi.read_u8(Va(0))?;
    }
}

#[probed]
fn caller<Os>(vmi: &VmiState<'_, Os>) -> prober::Result<u8>
where
    Os: VmiOs,
    Os::Driver: VmiRead,
{
    runaway(vmi, suppressed)?;
    let value = vmi.read_u8(Va(0))??;
    Ok(value)
}

#[test]
fn the_limit_is_named_by_a_caller() {
    let suppressed = SuppressedPages::new();
    let result = Guest::new().vm().with(|vmi| caller(vmi, &suppressed));
    let Err(ProbeError::Unavailable(unavailable)) = result else {
        panic!("expected `Unavailable`, found {result:?}");
    };
    let text = unavailable.to_string();
    assert!(text.starts_with("more than 2 probes missed"), "{text}");
    assert_eq!(unavailable.pages().len(), 1);
}
