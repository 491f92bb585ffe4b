//! That the limit of probes was reached is said also by the callers of the
//! function that reached it.

use prober::{ProbeError, SuppressedPages, probed, testing::Guest};
use vmi_core::{Va, VmiError, VmiOs, VmiRead, VmiState};

#[probed(options, limit = 2)]
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

#[probed(options)]
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

#[probed(options, limit = 2)]
fn runaway_without_pages<Os>(vmi: &VmiState<'_, Os>) -> prober::Result<()>
where
    Os: VmiOs,
    Os::Driver: VmiRead,
{
    let nowhere = None::<Va>;
    loop {
        let _ = vmi.read_u8(nowhere?)?;
    }
}

#[test]
fn the_limit_is_named_where_no_page_was_missing() {
    let suppressed = SuppressedPages::new();
    let vm = Guest::new().vm();
    let error = vm.with(|vmi| runaway_without_pages(vmi, &suppressed));
    let text = error.unwrap_err().to_string();
    assert!(text.starts_with("more than 2 probes missed"), "{text}");
    assert!(text.ends_with("; no page was missing"), "{text}");
}

/// An error that nothing can be found in.
#[derive(Debug, PartialEq)]
enum Opaque {
    Unavailable(String),
    Faults,
    Own,
}

impl From<ProbeError> for Opaque {
    fn from(error: ProbeError) -> Self {
        match error {
            ProbeError::Unavailable(unavailable) => Self::Unavailable(unavailable.to_string()),
            _ => Self::Faults,
        }
    }
}

impl From<VmiError> for Opaque {
    fn from(_: VmiError) -> Self {
        Self::Own
    }
}

/// Misses so often that the data is not to be had, and then ends in a way of
/// its own.
#[probed(options, limit = 2)]
fn misses<Os>(vmi: &VmiState<'_, Os>, times: u32, end: Result<u32, Opaque>) -> Result<u32, Opaque>
where
    Os: VmiOs,
    Os::Driver: VmiRead,
{
    for _ in 0..times {
        let probe = vmi.read_u8(Va(0));
        if probe.is_err() {
            return end;
        }
    }
    end
}

#[test]
fn only_more_probes_than_are_allowed_are_a_reason_for_an_error() {
    let suppressed = SuppressedPages::new();
    let vm = Guest::new().vm();
    let run = |times, end| vm.with(|vmi| misses(vmi, times, end, &suppressed));

    assert_eq!(run(1, Err(Opaque::Own)), Err(Opaque::Own));
    assert_eq!(run(2, Err(Opaque::Own)), Err(Opaque::Own));
    let Err(Opaque::Unavailable(text)) = run(3, Err(Opaque::Own)) else {
        panic!("the limit was reached");
    };
    assert!(text.starts_with("more than 2 probes missed"), "{text}");
    // A probe was cut off: no `Ok` leaves, also where the body swallows that.
    assert!(matches!(run(3, Ok(7)), Err(Opaque::Unavailable(_))));
    assert_eq!(run(2, Ok(7)), Ok(7));
}
