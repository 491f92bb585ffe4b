//! Chains of reads, each at the address that the one before gave, all paged
//! out.

use indexmap::IndexSet;
use prober::{SuppressedPages, probed, testing::Guest};
use prober_tests::measured::State;
use vmi_core::{AddressContext, Va, VmiError, VmiProber, vmi_probe};

use super::{Row, Ways, of_one_space};

const LONGEST: u64 = 16;

/// Where a link of a chain is.
fn link(chain: u64, index: u64) -> Va {
    Va(0x40_0000 + (chain * (LONGEST + 1) + index) * 0x1000)
}

fn guest(chains: u64, length: u64) -> Guest {
    let guest = Guest::new();
    for chain in 0..chains {
        for index in 0..length {
            guest.write_va(link(chain, index), link(chain, index + 1));
        }
    }
    guest.page_out_all();
    guest
}

fn plain(vmi: &State<'_>, chains: u64, length: u64) -> Result<Vec<Va>, VmiError> {
    let mut ends = Vec::new();
    for chain in 0..chains {
        let mut at = link(chain, 0);
        for _ in 0..length {
            at = vmi.read_va(at)?;
        }
        ends.push(at);
    }
    Ok(ends)
}

fn by_hand(
    vmi: &State<'_>,
    suppressed: &IndexSet<AddressContext>,
    chains: u64,
    length: u64,
) -> Result<Vec<Va>, VmiError> {
    let prober = VmiProber::new(suppressed);
    let mut ends = Vec::new();
    for chain in 0..chains {
        let mut at = Some(link(chain, 0));
        for _ in 0..length {
            let Some(here) = at else { break };
            at = vmi_probe!(prober, vmi.read_va(here))?;
        }
        ends.extend(at);
    }
    prober.error_for_page_faults()?;
    Ok(ends)
}

#[probed(options)]
fn probed(vmi: &State<'_>, chains: u64, length: u64) -> prober::Result<Vec<Va>> {
    let mut ends = Vec::new();
    for chain in 0..chains {
        let mut at = Some(link(chain, 0));
        for _ in 0..length {
            at = vmi.read_va(at?)?;
        }
        ends.extend(at);
    }
    Ok(ends)
}

/// So many chains of so many reads.
pub(crate) fn row(chains: u64, length: u64) -> Row {
    Ways {
        plain: |vmi: &State<'_>, _: &SuppressedPages| plain(vmi, chains, length),
        by_hand: |vmi: &State<'_>, suppressed: &_| by_hand(vmi, suppressed, chains, length),
        probed: |vmi: &State<'_>, suppressed: &_| probed(vmi, chains, length, suppressed),
    }
    .row(
        format!("{chains} × a chain of {length}"),
        usize::try_from(length).expect("a short chain"),
        || of_one_space(guest(chains, length)),
    )
}
